import Testing

@testable import NeuralNet

/// Broken callers are stopped at the door, before a kernel reads past an array.
@Suite struct PreconditionTests {
    @Test func `a wrong number of inputs stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let shape = ForecasterShape(inputSize: 3, hiddenSize: 16, channels: 1)
            var forecaster = StreamingForecaster(kernels: .best, shape: shape)
            var state = ForecasterState(shape: shape)
            var output: [Float] = [0, 0]
            var span = output.mutableSpan
            let input: [Float] = [1, 2]
            forecaster.step(
                weights: ForecasterWeights(shape: shape, seed: 1), input: input.span, state: &state, output: &span)
        }
    }

    @Test func `hidden units that are no multiple of 16 stop the process`() async {
        await #expect(processExitsWith: .failure) { _ = ForecasterShape(inputSize: 1, hiddenSize: 20, channels: 1) }
        await #expect(processExitsWith: .failure) { _ = AutoencoderShape(inputSize: 8, hiddenSize: 24) }
    }

    @Test func `a minibatch of the wrong size stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let windows = [Float](repeating: 0, count: 20)
            _ = AutoencoderCase().trainer(.best).step(windows: windows.span)
        }
        await #expect(processExitsWith: .failure) {
            let windows = [Float](repeating: 0, count: 60)
            _ = AutoencoderCase().trainer(.best).step(windows: windows.span, used: 4)
        }
    }

    @Test func `what is right does not stop the process`() async {
        await #expect(processExitsWith: .success) {
            let windows = [Float](repeating: 0, count: 60)
            _ = AutoencoderCase().trainer(.best).step(windows: windows.span)
        }
    }
}
