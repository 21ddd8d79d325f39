@testable import NeuralNet

/// Learning of the networks: a step of each on its minibatch, and the optimiser alone.
func registerTraining() {
    for channels in channelCounts {
        for cell in [ForecasterCell.lstm, .gru] { registerForecasterStep(cell, channels) }
        registerAutoencoderStep(channels)
    }
    registerAdam()
}

/// Sequences of a forecaster's step and windows of an autoencoder's, as a group's trainer takes them.
private let (sequences, sequenceLength, windows) = (4, 16, 8)
private let steps = 200

private func registerForecasterStep(_ cell: ForecasterCell, _ channels: Int) {
    struct State {
        let trainer: ForecasterTrainer
        let inputs: [Float]
        let targets: [Float]
    }
    measure("training: \(cell.rawValue), 4 sequences of 16, \(channelsText(channels)) [step]", .none) {
        let shape = forecasterShape(cell, channels)
        return State(
            trainer: ForecasterTrainer(
                kernels: .best, weights: ForecasterWeights(shape: shape, seed: 1), sequenceLength: sequenceLength,
                batch: sequences),
            inputs: Signal.scaled(sequenceLength * sequences * shape.inputSize),
            targets: Signal.scaled(sequenceLength * sequences * channels, seed: 2))
    } run: { state in
        for _ in 0..<steps { _ = state.trainer.step(inputs: state.inputs.span, targets: state.targets.span) }
        return Amount(units: steps)
    }
}

private func registerAutoencoderStep(_ channels: Int) {
    struct State {
        let trainer: AutoencoderTrainer
        let windows: [Float]
    }
    measure("training: dense autoencoder, 8 windows, \(channelsText(channels)) [step]", .none) {
        let shape = autoencoderShape(channels)
        return State(
            trainer: AutoencoderTrainer(
                kernels: .best, weights: AutoencoderWeights(shape: shape, seed: 1), batch: windows),
            windows: Signal.scaled(windows * shape.inputSize))
    } run: { state in
        for _ in 0..<steps { _ = state.trainer.step(windows: state.windows.span) }
        return Amount(units: steps)
    }
}

/// The optimiser cannot be copied: something must own it.
private final class Optimiser {
    var adam: Adam

    init(parameterCount: Int) {
        adam = Adam(parameterCount: parameterCount, configuration: AdamConfiguration(learningRate: 0.004))
        adam.gradient.assign(Signal.scaled(parameterCount))
    }

    func step() { _ = adam.step(kernels: .best, loss: 1) }
}

private func registerAdam() {
    let count = forecasterShape(.lstm, 8).parameterCount
    measure("training: adam, the \(count) parameters of an lstm at 8 channels [step]", .none) {
        Optimiser(parameterCount: count)
    } run: { optimiser in
        for _ in 0..<steps { optimiser.step() }
        return Amount(units: steps)
    }
}
