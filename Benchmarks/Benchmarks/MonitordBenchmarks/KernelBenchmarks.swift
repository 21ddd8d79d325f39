import CKernels
import TimeSeries

@testable import AnomalyDetection
@testable import NeuralNet

/// Scoring with the networks, through their faces: one step of one series, one window.
func registerKernels() {
    for channels in channelCounts {
        for cell in [ForecasterCell.lstm, .gru] { registerStep(of: cell, channels) }
        registerWindow(channels)
    }
    for cell in [ForecasterCell.lstm, .gru] {
        for batch in [1, 16, 256] { registerBatch(of: cell, batch) }
    }
}

/// The forecaster's shape at the sizes that monitord runs it at.
func forecasterShape(_ cell: ForecasterCell, _ channels: Int) -> ForecasterShape {
    NetworkShapes.forecaster(channelCount: channels, variant: ForecasterVariant(cell: cell))
}

/// The autoencoder's, likewise.
func autoencoderShape(_ channels: Int) -> AutoencoderShape {
    NetworkShapes.autoencoder(channelCount: channels, architecture: .dense)
}

private let steps = 20_000

private func registerStep(of cell: ForecasterCell, _ channels: Int) {
    struct State {
        let weights: ForecasterWeights
        var face: StreamingForecaster
        var state: ForecasterState
        let inputs: [Float]
        var output: [Float]

        mutating func step(_ number: Int) {
            Self.step(&face, weights, inputs, row: number & 63, &state, &output)
        }

        // Static, so that the face and its buffers are separate accesses and not two to `self`.
        private static func step(
            _ face: inout StreamingForecaster, _ weights: ForecasterWeights, _ inputs: [Float], row: Int,
            _ state: inout ForecasterState, _ output: inout [Float]
        ) {
            let width = face.shape.inputSize
            let input = inputs.span.extracting((row * width)..<((row + 1) * width))
            var output = output.mutableSpan
            face.step(weights: weights, input: input, state: &state, output: &output)
        }
    }
    measure("kernels: \(cell.rawValue) step with head, \(channelsText(channels)) [step]", .none) {
        let shape = forecasterShape(cell, channels)
        return State(
            weights: ForecasterWeights(shape: shape, seed: 1), face: StreamingForecaster(kernels: .best, shape: shape),
            state: ForecasterState(shape: shape), inputs: Signal.scaled(64 * shape.inputSize),
            output: Array(repeating: 0, count: shape.outputCount))
    } run: { state in
        for number in 0..<steps { state.step(number) }
        return Amount(units: steps)
    }
}

private func registerWindow(_ channels: Int) {
    struct State {
        let weights: AutoencoderWeights
        var face: DenseAutoencoder
        let window: [Float]
        var output: [Float]

        mutating func reconstruct() { Self.reconstruct(&face, weights, window, &output) }

        // Static for the same reason.
        private static func reconstruct(
            _ face: inout DenseAutoencoder, _ weights: AutoencoderWeights, _ window: [Float], _ output: inout [Float]
        ) {
            var output = output.mutableSpan
            face.reconstruct(weights: weights, window: window.span, output: &output)
        }
    }
    measure("kernels: dense autoencoder, \(channelsText(channels)) [window]", .none) {
        let shape = autoencoderShape(channels)
        return State(
            weights: AutoencoderWeights(shape: shape, seed: 1), face: DenseAutoencoder(kernels: .best, shape: shape),
            window: Signal.scaled(shape.inputSize), output: Array(repeating: 0, count: shape.inputSize))
    } run: { state in
        for _ in 0..<steps { state.reconstruct() }
        return Amount(units: steps)
    }
}

// MARK: Batches

/// Buffers of one step of a batch; freed with their owner.
private final class CellBuffers {
    let shape: ForecasterShape
    let batch: Int
    let weights: ForecasterWeights
    let inputs: AlignedBuffer  // [B][I]
    let hidden: AlignedBuffer  // [B][H]
    let next: AlignedBuffer  // [B][H]
    let cells: AlignedBuffer  // [B][H]

    init(_ cell: ForecasterCell, batch: Int) {
        shape = forecasterShape(cell, 8)
        self.batch = batch
        weights = ForecasterWeights(shape: shape, seed: 1)
        inputs = AlignedBuffer(count: batch * shape.inputSize)
        hidden = AlignedBuffer(count: batch * shape.hiddenSize)
        next = AlignedBuffer(count: batch * shape.hiddenSize)
        cells = AlignedBuffer(count: batch * shape.hiddenSize)
        inputs.assign(Signal.scaled(batch * shape.inputSize))
    }

    /// One step of all series of the batch.
    func step() {
        let (rows, width, size) = (batch, shape.inputSize, shape.hiddenSize)
        // All buffers hold the batch, and outlive the call.
        let (panel, table) = unsafe (weights.buffer.base, Kernels.best.table.pointee)
        if shape.cell == .lstm {
            unsafe table.lstm_step(
                rows, width, size, panel, panel + shape.biasOffset, inputs.base, width, hidden.base, size, cells.base,
                cells.base, next.base, size, nil, nil)
        } else {
            unsafe table.gru_step(
                rows, width, size, panel, panel + shape.biasOffset, inputs.base, width, hidden.base, size, next.base,
                size, nil)
        }
        hidden.copy(from: next)
    }
}

/// The kernel of the recurrent layer alone: what many series at once could gain, were they scored so.
private func registerBatch(of cell: ForecasterCell, _ batch: Int) {
    measure("kernels: \(cell.rawValue) kernel, batch of \(batch), 8 channels [step]", .none) {
        CellBuffers(cell, batch: batch)
    } run: { buffers in
        let runs = max(1, steps / batch)
        for _ in 0..<runs { buffers.step() }
        return Amount(units: runs * batch)
    }
}
