import Testing
import TimeSeries

@testable import NeuralNet

@Suite struct CausalConvolutionTests {
    /// The convolution over whole sequences, and the same sequences sample by sample, at every length up to where all rings have
    /// gone round.
    @Test(arguments: Levels.names, [1, 3, 5])
    func `sample by sample it gives the bits of the whole window`(name: String, batch: Int) throws {
        let kernels = try #require(Kernels.named(name))
        let shape = ForecasterShape(cell: .cnn, inputSize: 5, hiddenSize: 32, channels: 1)
        let weights = ForecasterWeights(shape: shape, seed: 8)
        let length = 2 * ConvolutionStack.period + 3
        var random = SeededGenerator(seed: 60)
        let inputs = random.floats(length * batch * shape.inputSize, scale: 2)
        let sequences = ForecasterSequences(shape: shape, length: length, batch: batch)
        let pass = ConvolutionPass(kernels: kernels, sequences: sequences)
        sequences.load(inputs.span, used: batch)
        unsafe pass.forward(parameters: weights.buffer, used: batch)
        let rows = sequences.steps.array(count: (length + 1) * batch * shape.stepWidth)
        for sequence in 0..<batch {
            var convolution = CausalConvolution(kernels: kernels, stack: shape.stack)
            var state = ForecasterState(shape: shape)
            for step in 0..<length {
                let first = (step * batch + sequence) * shape.inputSize
                let input = Array(inputs[first..<first + shape.inputSize])
                unsafe convolution.step(parameters: weights.buffer, input: input.span, state: &state)
                let place = ((step + 1) * batch + sequence) * shape.stepWidth + shape.inputSize
                let whole = Array(rows[place..<place + shape.hiddenSize])
                let difference = firstDifference(convolution.top, whole)
                #expect(difference == nil, "\(name), sequence \(sequence) of \(batch), step \(step)")
            }
        }
    }

    @Test func `what lies fifteen samples back is forgotten, what lies fourteen back is not`() {
        let shape = ForecasterShape(cell: .cnn, inputSize: 1, hiddenSize: 16, channels: 1)
        let weights = ForecasterWeights(shape: shape, seed: 8)
        var random = SeededGenerator(seed: 61)
        let inputs = random.floats(30)
        func outputs(changing changed: Int?) -> [[Float]] {
            var forecaster = StreamingForecaster(kernels: .best, shape: shape)
            var state = ForecasterState(shape: shape)
            return inputs.indices.map { step in
                var output: [Float] = [0, 0]
                var span = output.mutableSpan
                let input = [step == changed ? inputs[step] + 3 : inputs[step]]
                forecaster.step(weights: weights, input: input.span, state: &state, output: &span)
                return output
            }
        }
        let (plain, changed) = (outputs(changing: nil), outputs(changing: 10))
        for step in inputs.indices {
            let isSeen = (10...24).contains(step)
            #expect((firstDifference(plain[step], changed[step]) != nil) == isSeen, "step \(step)")
        }
    }

    @Test func `a stored state is one of the shape, or none`() {
        let shape = ForecasterShape(cell: .cnn, inputSize: 4, hiddenSize: 32, channels: 1)
        #expect(shape.stateCount == 2 * 4 + 4 * 32 + 8 * 32)
        let values = [Float](repeating: 1, count: shape.stateCount)
        #expect(ForecasterState(shape: shape, values: values, position: 7)?.position == 7)
        #expect(ForecasterState(shape: shape, values: values, position: 8) == nil)
        #expect(ForecasterState(shape: shape, values: values, position: -1) == nil)
        #expect(ForecasterState(shape: shape, values: Array(values.dropLast()), position: 0) == nil)
        let recurrent = ForecasterShape(cell: .rnn, inputSize: 4, hiddenSize: 32, channels: 1)
        #expect(ForecasterState(shape: recurrent, values: Array(values.prefix(32)), position: 1) == nil)
    }
}
