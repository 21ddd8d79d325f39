import CKernels

/// How a network learns from its gradients.
public struct AdamConfiguration: Equatable, Sendable {
    /// Step size.
    public var learningRate: Float
    /// Decay of the mean of gradients.
    public var beta1: Float
    /// Decay of the mean of squared gradients.
    public var beta2: Float
    /// Added to the root of the mean square, so that parameters without gradients stand still.
    public var epsilon: Float
    /// Largest norm of the whole gradient; a longer one is shortened to it.
    public var clipNorm: Float

    /// Creates a configuration.
    public init(
        learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.99, epsilon: Float = 1e-6, clipNorm: Float = 1
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.clipNorm = clipNorm
    }
}

/// What a training step came to.
public enum TrainingOutcome: Equatable, Sendable {
    /// The parameters moved; the mean loss before the step.
    case stepped(loss: Float)
    /// Loss or gradient was not finite: nothing moved.
    case skipped
}

/// Everything that training remembers, for the checkpoint.
public struct TrainingCheckpoint: Equatable, Sendable {
    /// The parameters, in the network's packed order.
    public var parameters: [Float]
    /// Adam's mean of gradients.
    public var firstMoments: [Float]
    /// Adam's mean of squared gradients.
    public var secondMoments: [Float]
    /// beta1^t, kept as a product: no power function stands between a sample and a score.
    public var beta1Product: Double
    /// beta2^t.
    public var beta2Product: Double
    /// Steps taken.
    public var steps: UInt64
    /// Steps skipped.
    public var skippedSteps: UInt64

    /// Creates a checkpoint.
    public init(
        parameters: [Float], firstMoments: [Float], secondMoments: [Float], beta1Product: Double, beta2Product: Double,
        steps: UInt64, skippedSteps: UInt64
    ) {
        self.parameters = parameters
        self.firstMoments = firstMoments
        self.secondMoments = secondMoments
        self.beta1Product = beta1Product
        self.beta2Product = beta2Product
        self.steps = steps
        self.skippedSteps = skippedSteps
    }

    /// Whether all its arrays have so many numbers.
    func isOf(parameterCount: Int) -> Bool {
        parameters.count == parameterCount && firstMoments.count == parameterCount
            && secondMoments.count == parameterCount
    }
}

/// The optimiser over one flat buffer of parameters: Adam with the gradient clipped by its norm.
///
/// Kingma and Ba 2015, https://arxiv.org/abs/1412.6980. We differ in beta2 = 0.99 by default: a network that follows a
/// stream should forget the size of old gradients sooner.
struct Adam: ~Copyable {
    let configuration: AdamConfiguration
    let parameters: AlignedBuffer
    let gradient: AlignedBuffer
    private let first: AlignedBuffer
    private let second: AlignedBuffer
    private var beta1Product = 1.0
    private var beta2Product = 1.0
    private(set) var steps: UInt64 = 0
    private(set) var skippedSteps: UInt64 = 0
    /// Counts what changes the parameters.
    private(set) var revision: UInt64 = 0

    init(parameterCount: Int, configuration: AdamConfiguration) {
        self.configuration = configuration
        parameters = AlignedBuffer(count: parameterCount)
        gradient = AlignedBuffer(count: parameterCount)
        first = AlignedBuffer(count: parameterCount)
        second = AlignedBuffer(count: parameterCount)
    }

    /// Moves the parameters against the gradient.
    ///
    /// - Returns: false, with nothing moved, when the gradient or `loss` is not finite.
    mutating func step(kernels: Kernels, loss: Float) -> Bool {
        // All buffers have the same length, a multiple of 16.
        let squared = unsafe kernels.table.pointee.square_sum(gradient.count, gradient.base)
        guard loss.isFinite, squared.isFinite else {
            skippedSteps += 1
            return false
        }
        let norm = squared.squareRoot()
        let scale = norm > configuration.clipNorm ? configuration.clipNorm / norm : 1
        beta1Product *= Double(configuration.beta1)
        beta2Product *= Double(configuration.beta2)
        let rate = Float(Double(configuration.learningRate) / (1 - beta1Product))
        let correction = Float(1 / (1 - beta2Product))
        unsafe kernels.table.pointee.adam(
            parameters.count, parameters.base, gradient.base, first.base, second.base, scale, configuration.beta1,
            configuration.beta2, rate, correction, configuration.epsilon)
        steps += 1
        revision += 1
        return true
    }

    func checkpoint(parameterCount: Int) -> TrainingCheckpoint {
        TrainingCheckpoint(
            parameters: parameters.array(count: parameterCount), firstMoments: first.array(count: parameterCount),
            secondMoments: second.array(count: parameterCount), beta1Product: beta1Product, beta2Product: beta2Product,
            steps: steps, skippedSteps: skippedSteps)
    }

    /// - Returns: false, with nothing changed, when the checkpoint is of another size.
    mutating func restore(_ checkpoint: TrainingCheckpoint, parameterCount: Int) -> Bool {
        guard checkpoint.isOf(parameterCount: parameterCount) else { return false }
        parameters.assign(checkpoint.parameters)
        first.assign(checkpoint.firstMoments)
        second.assign(checkpoint.secondMoments)
        beta1Product = checkpoint.beta1Product
        beta2Product = checkpoint.beta2Product
        steps = checkpoint.steps
        skippedSteps = checkpoint.skippedSteps
        revision += 1
        return true
    }
}
