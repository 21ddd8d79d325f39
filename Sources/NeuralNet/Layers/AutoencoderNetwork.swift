/// What an autoencoder makes of one window.
public struct Reconstruction: Sendable {
    /// The window rebuilt, `[D]`.
    public internal(set) var rebuilt: [Float]
    /// How wrong each number of the window is, `[D]`: x − x̂, or what stands for it, in the same sign (see
    /// ``AutoencoderArchitecture``). Its square is the architecture's own anomaly score of the number.
    public internal(set) var error: [Float]
    /// The narrow layer, `[latent]`.
    public internal(set) var latent: [Float]

    /// Creates the room for the reconstructions of a shape.
    public init(shape: AutoencoderShape) {
        rebuilt = [Float](repeating: 0, count: shape.inputSize)
        error = rebuilt
        latent = [Float](repeating: 0, count: shape.latentSize)
    }

    /// Sets the error to x − x̂.
    mutating func subtract(from window: Span<Float>) {
        for index in error.indices { error[index] = window[index] - rebuilt[index] }
    }
}

/// Which of its losses a network is asked for, and what that loss depends on besides windows and parameters.
struct TrainingPhase: Sendable {
    /// Losses that take turns within a step, from 0.
    var number = 0
    /// Steps taken before.
    var steps: UInt64 = 0
    /// Seeds the noise of this step: the same number gives the same noise.
    var noise: UInt64 = 0
}

/// The passes of an autoencoder over parameters that somebody else owns.
///
/// A value: its memory is scratch, made once for a batch, and nothing in it outlives a call.
protocol AutoencoderNetwork: Sendable {
    /// Losses that take turns in a step, each with an optimiser of its own.
    static var phaseCount: Int { get }

    /// Creates the memory for minibatches of up to `batch` windows; with the room that gradients need when `trains`.
    init(kernels: Kernels, shape: AutoencoderShape, batch: Int, trains: Bool)

    /// Rebuilds one window, `[D]`.
    mutating func reconstruct(_ window: Span<Float>, with parameters: Span<Float>, into result: inout Reconstruction)

    /// Adds the gradient of the mean loss of `used` windows, `[used, D]`, to `gradient`, which is zero at first.
    ///
    /// - Returns: the loss; NaN or infinite when a window is.
    mutating func differentiate(
        _ windows: Span<Float>, used: Int, phase: TrainingPhase, at parameters: Span<Float>,
        into gradient: inout MutableSpan<Float>
    ) -> Float
}

/// Huber's loss with its corner at 2, as the dense autoencoder has it.
enum WindowLoss {
    /// Loss and gradient of one row: dY = weight · clamp(y − x, ±2).
    ///
    /// - Parameter weight: of a number in the loss; 4 / (D · used), times whatever the architecture weighs.
    /// - Returns: the row's loss. A NaN passes through.
    static func row(
        _ memory: inout [Float], x: Int, y: Int, into dY: Int, count: Int, weight: Float
    ) -> Float {
        var loss: Float = 0
        for index in 0..<count {
            let error = memory[y + index] - memory[x + index]
            let clamped = error > 2 ? 2 : error < -2 ? -2 : error
            memory[dY + index] = clamped * weight
            loss += clamped * (error - clamped * 0.5)
        }
        return loss * weight
    }
}
