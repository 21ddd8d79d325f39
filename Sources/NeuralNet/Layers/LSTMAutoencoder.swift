/// An LSTM autoencoder: an encoder reads the window row by row, a decoder rebuilds it from the encoder's last hidden state,
/// the last row first.
///
/// Malhotra, Ramakrishnan, Anand, Vig, Agarwal, Shroff 2016, "LSTM-based Encoder-Decoder for Multi-sensor Anomaly
/// Detection", https://arxiv.org/abs/1607.00148; Srivastava, Mansimov, Salakhutdinov 2015, "Unsupervised Learning of Video
/// Representations using LSTMs", https://arxiv.org/abs/1502.04681. Backwards, because what was read last is remembered best.
/// We differ from the first in that the decoder is shown no rows (the second paper's unconditioned decoder): it must read the
/// state, and computes the same in training as in scoring. Its cell state starts at zero, so that 16 numbers carry the
/// window. The loss is Huber's, as the dense autoencoder's.
///
/// Parameters: the encoder's panels `[H/16][d + H][4][16]` (inputs before state; gates input, forget, cell, output) and
/// biases `[H/16][4][16]`, the decoder's `[H/16][H][4][16]` and biases, then the output layer `[H][d]` with its biases.
struct LSTMAutoencoder: AutoencoderNetwork {
    static let phaseCount = 1

    /// A recurrent layer's place in the flat buffer.
    struct Recurrent: Sendable {
        let inputs: Int
        let size: Int
        let panels: Int
        var width: Int { inputs + size }
        var biases: Int { panels + size / 16 * width * 64 }
        var end: Int { biases + 4 * size }

        /// Initial weights: normal, inputs scaled by 1/√I, state by 0.7/√H; the forget gate's bias 1.
        func initialise(_ values: inout [Float], random: inout InitialWeights) {
            let ofInputs = inputs > 0 ? 1 / Float(inputs).squareRoot() : 0
            let ofState = 0.7 / Float(size).squareRoot()
            for panel in 0..<(size / 16) {
                for input in 0..<width {
                    for column in 0..<64 {
                        values[panels + (panel * width + input) * 64 + column] =
                            random.normal() * (input < inputs ? ofInputs : ofState)
                    }
                }
                for unit in 0..<16 { values[biases + panel * 64 + 16 + unit] = 1 }
            }
        }
    }

    /// The three layers.
    struct Layout: Sendable {
        let encoder: Recurrent
        let decoder: Recurrent
        let output: DenseLayer
        var parameterCount: Int { output.end }

        init(_ shape: AutoencoderShape) {
            encoder = Recurrent(inputs: shape.channels, size: shape.hiddenSize, panels: 0)
            decoder = Recurrent(inputs: 0, size: shape.hiddenSize, panels: encoder.end)
            output = DenseLayer(
                inputs: shape.hiddenSize, outputs: shape.channels, weights: decoder.end, isSquashed: false)
        }

        func initialise(_ values: inout [Float], random: inout InitialWeights) {
            encoder.initialise(&values, random: &random)
            decoder.initialise(&values, random: &random)
            output.initialise(&values, random: &random, scale: 0.5)
        }
    }

    /// What one of the two layers computed at each step, `B` sequences side by side.
    private struct Trace: Sendable {
        let steps: Rows  // [W + 1 times B][I + H]: inputs, and the state before the step
        let cells: Rows  // [W + 1 times B][H]
        let gates: Rows  // [W times B][4 H]
        let squashed: Rows  // [W times B][H]
        let dStates: Rows  // [W + 1 times B][H]
        let dCell: Rows  // [B][H]
        let dGates: Rows  // [W times B][4 H]
        let stateBack: Int  // [4 H][H]

        init(_ plan: inout MemoryPlan, _ layer: Recurrent, rows: Int, batch: Int, trains: Bool) {
            let kept = trains ? rows * batch : 0
            steps = plan.rows((rows + 1) * batch, layer.width)
            cells = plan.rows((rows + 1) * batch, layer.size)
            gates = plan.rows(max(batch, kept), 4 * layer.size)
            squashed = plan.rows(max(batch, kept), layer.size)
            dStates = plan.rows(kept > 0 ? kept + batch : 0, layer.size)
            dCell = plan.rows(trains ? batch : 0, layer.size)
            dGates = plan.rows(kept, 4 * layer.size)
            stateBack = plan.run(trains ? 4 * layer.size * layer.size : 0)
        }
    }

    private let kernels: Kernels
    private let shape: AutoencoderShape
    private let layout: Layout
    private let trains: Bool
    private var memory: [Float]
    private let encoder: Trace
    private let decoder: Trace
    private let output: Rows  // [W times B][d, padded], the last row first
    private let dOutput: Rows
    private let outputBack: Int

    init(kernels: Kernels, shape: AutoencoderShape, batch: Int, trains: Bool) {
        self.kernels = kernels
        self.shape = shape
        self.trains = trains
        layout = Layout(shape)
        var plan = MemoryPlan()
        encoder = Trace(&plan, layout.encoder, rows: shape.rows, batch: batch, trains: trains)
        decoder = Trace(&plan, layout.decoder, rows: shape.rows, batch: batch, trains: trains)
        output = plan.rows(shape.rows * batch, layout.output.width)
        dOutput = plan.rows(trains ? shape.rows * batch : 0, layout.output.width)
        outputBack = plan.run(trains ? shape.channels * shape.hiddenSize : 0)
        memory = [Float](repeating: 0, count: plan.count)
    }

    mutating func reconstruct(
        _ window: Span<Float>, with parameters: Span<Float>, into result: inout Reconstruction
    ) {
        forward(window, with: parameters, used: 1)
        for index in 0..<shape.latentSize { result.latent[index] = memory[decoder.steps.start + index] }
        for row in 0..<shape.rows {
            for channel in 0..<shape.channels {
                result.rebuilt[row * shape.channels + channel] = memory[output.at(shape.rows - 1 - row, channel)]
            }
        }
        result.subtract(from: window)
    }

    private mutating func forward(_ windows: Span<Float>, with parameters: Span<Float>, used: Int) {
        let size = shape.hiddenSize
        for row in 0..<shape.rows {
            for window in 0..<used {
                let step = encoder.steps.at(row * used + window)
                for channel in 0..<shape.channels {
                    memory[step + channel] = windows[(window * shape.rows + row) * shape.channels + channel]
                }
            }
        }
        for window in 0..<used {
            for unit in 0..<size {
                memory[encoder.steps.at(window, shape.channels + unit)] = 0
                memory[encoder.cells.at(window, unit)] = 0
                memory[decoder.cells.at(window, unit)] = 0
            }
        }
        run(layout.encoder, encoder, parameters, used: used)
        for window in 0..<used {
            let last = encoder.steps.at(shape.rows * used + window, shape.channels)
            for unit in 0..<size { memory[decoder.steps.at(window, unit)] = memory[last + unit] }
        }
        run(layout.decoder, decoder, parameters, used: used)
        kernels.apply(
            layout.output, of: parameters, to: decoder.steps.from(used), into: output, count: shape.rows * used,
            in: &memory)
    }

    private mutating func run(_ layer: Recurrent, _ trace: Trace, _ parameters: Span<Float>, used: Int) {
        for row in 0..<shape.rows {
            kernels.step(
                layer, of: parameters, used: used, rows: trace.steps.from(row * used),
                next: trace.steps.from((row + 1) * used), cells: trace.cells.from(row * used),
                gates: trains ? trace.gates.at(row * used) : nil,
                squashed: trace.squashed.at(row * (trains ? used : 0)),
                in: &memory)
        }
    }

    mutating func differentiate(
        _ windows: Span<Float>, used: Int, phase: TrainingPhase, at parameters: Span<Float>,
        into gradient: inout MutableSpan<Float>
    ) -> Float {
        forward(windows, with: parameters, used: used)
        let (rows, channels, size) = (shape.rows, shape.channels, shape.hiddenSize)
        let loss = differentiateOutput(used: used)
        kernels.transpose(layout.output, of: parameters, into: outputBack, in: &memory)
        kernels.differentiate(
            layout.output, at: decoder.steps.from(used), by: dOutput, count: rows * used, in: memory, into: &gradient)
        kernels.backPropagate(
            layout.output, through: outputBack, from: dOutput, into: decoder.dStates.from(used), count: rows * used,
            in: &memory)
        clear(decoder.dStates.start, used * size)
        back(layout.decoder, decoder, parameters, used: used, &gradient)
        // What the decoder asks of the state that it began with is all that the encoder learns from.
        clear(encoder.dStates.start, rows * used * size)
        for index in 0..<(used * size) {
            memory[encoder.dStates.at(rows * used) + index] = memory[decoder.dStates.start + index]
        }
        back(layout.encoder, encoder, parameters, used: used, &gradient)
        precondition(channels == layout.encoder.inputs, "an encoder of other rows")
        return loss
    }

    private mutating func differentiateOutput(used: Int) -> Float {
        let (rows, channels) = (shape.rows, shape.channels)
        let share = 4 / Float(shape.inputSize * used)
        var loss: Float = 0
        for row in 0..<rows {
            for window in 0..<used {
                let place = (rows - 1 - row) * used + window
                loss += WindowLoss.row(
                    &memory, x: encoder.steps.at(row * used + window), y: output.at(place), into: dOutput.at(place),
                    count: channels, weight: share)
            }
        }
        return loss
    }

    /// Through time, from the gradients of all states to those of the weights and of the state before the first step.
    private mutating func back(
        _ layer: Recurrent, _ trace: Trace, _ parameters: Span<Float>, used: Int,
        _ gradient: inout MutableSpan<Float>
    ) {
        for panel in 0..<(layer.size / 16) {
            kernels.transpose(
                parameters, at: Rows(start: layer.panels + (panel * layer.width + layer.inputs) * 64, stride: 64),
                count: layer.size, width: 64,
                into: Rows(start: trace.stateBack + panel * 64 * layer.size, stride: layer.size), in: &memory)
        }
        clear(trace.dCell.start, used * layer.size)
        // As a layer of 4 H outputs, of which only the transposed weights are asked.
        let state = DenseLayer(inputs: layer.size, outputs: 4 * layer.size, weights: 0, isSquashed: false)
        for row in stride(from: shape.rows - 1, through: 0, by: -1) {
            let place = row * used
            kernels.backStep(
                layer, used: used, gates: trace.gates.at(place), squashed: trace.squashed.at(place),
                cells: trace.cells.at(place), dState: trace.dStates.at(place + used), dCell: trace.dCell.start,
                dGates: trace.dGates.at(place), in: &memory)
            kernels.backPropagate(
                state, through: trace.stateBack, from: trace.dGates.from(place), into: trace.dStates.from(place),
                count: used, adding: true, in: &memory)
        }
        for panel in 0..<(layer.size / 16) {
            let weights = DenseLayer(
                inputs: layer.width, outputs: 64, weights: layer.panels + panel * layer.width * 64, isSquashed: false)
            let dGates = Rows(start: trace.dGates.start + panel * 64, stride: trace.dGates.stride)
            kernels.differentiate(
                weights, at: trace.steps, by: dGates, count: shape.rows * used, in: memory, into: &gradient,
                biases: false)
            kernels.addRows(
                dGates, count: shape.rows * used, width: 64, in: memory, to: layer.biases + panel * 64, of: &gradient)
        }
    }

    private mutating func clear(_ start: Int, _ count: Int) {
        for index in start..<(start + count) { memory[index] = 0 }
    }
}
