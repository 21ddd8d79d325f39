import Testing

@testable import NeuralNet

@Suite struct AdamTests {
    /// Either alone is enough: a finite gradient with a wild loss, and the other way round.
    @Test(arguments: [(loss: Float.nan, gradient: Float(1)), (.infinity, 1), (1, .nan), (1, .infinity), (1, 1e30)])
    func `a loss or a gradient that is not finite moves nothing and is counted`(loss: Float, gradient: Float) {
        var adam = Adam(parameterCount: 16, configuration: AdamConfiguration(learningRate: 0.1))
        adam.parameters.assign([1, 2, 3])
        adam.gradient.assign([0.5, gradient])
        let before = adam.checkpoint(parameterCount: 16)
        let hasStepped = adam.step(kernels: .best, loss: loss)
        let after = adam.checkpoint(parameterCount: 16)
        #expect(!hasStepped)
        #expect(after.skippedSteps == 1 && after.steps == 0)
        #expect(after.floats == before.floats && after.beta1Product == 1 && after.beta2Product == 1)
    }
}
