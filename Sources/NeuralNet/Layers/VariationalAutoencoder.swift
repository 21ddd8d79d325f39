/// A variational autoencoder: D → 32 tanh → mean and log variance of 6 numbers → 32 tanh → mean and log sigma of D numbers.
///
/// Kingma and Welling 2014, https://arxiv.org/abs/1312.6114. In training the latent is drawn, z = µ + σ ε, with ε from a
/// hash of the step's number, and the loss is the negative evidence bound: minus the log density of the window under the
/// decoder's Gaussian, plus the divergence of (µ, σ) from a standard normal. The anomaly score of a number is its
/// reconstruction probability (An and Cho 2015, "Variational Autoencoder based Anomaly Detection using Reconstruction
/// Probability"): error² = e² + 2 (log s − log s₀) with e = (x − m) / s, which is −2 log density but for a constant, s₀
/// being the smallest scale that the decoder can state.
///
/// We differ from both: at scoring the latent is its mean, so that there is nothing to draw; the divergence counts a tenth
/// (Higgins et al. 2017, "beta-VAE"), or a stream's first hours end with a latent that says nothing; log sigma stays
/// within −2 … 2 and the log variance within −8 … 4, with only the way back open beyond.
///
/// Parameters: encoder, statistics `[32][12]` (means, then log variances), decoder, output `[32][2 D]` (means, then log
/// sigmas), each with its biases and padded to whole vectors.
struct VariationalAutoencoder: AutoencoderNetwork {
    static let phaseCount = 1
    static let logSigmaRange: ClosedRange<Float> = -2...2
    static let logVarianceRange: ClosedRange<Float> = -8...4
    /// Weight of the divergence.
    static let divergenceWeight: Float = 0.1

    /// The four layers.
    struct Layout: Sendable {
        let encoder: DenseLayer
        let statistics: DenseLayer
        let decoder: DenseLayer
        let output: DenseLayer
        var parameterCount: Int { output.end }

        init(_ shape: AutoencoderShape) {
            let (size, hidden, latent) = (shape.inputSize, shape.hiddenSize, shape.latentSize)
            encoder = DenseLayer(inputs: size, outputs: hidden, weights: 0, isSquashed: true)
            statistics = DenseLayer(inputs: hidden, outputs: 2 * latent, weights: encoder.end, isSquashed: false)
            decoder = DenseLayer(inputs: latent, outputs: hidden, weights: statistics.end, isSquashed: true)
            output = DenseLayer(inputs: hidden, outputs: 2 * size, weights: decoder.end, isSquashed: false)
        }

        func initialise(_ values: inout [Float], random: inout InitialWeights) {
            encoder.initialise(&values, random: &random)
            statistics.initialise(&values, random: &random, scale: 0.5)
            decoder.initialise(&values, random: &random)
            output.initialise(&values, random: &random, scale: 0.5)
        }
    }

    private let kernels: Kernels
    private let shape: AutoencoderShape
    private let layout: Layout
    private var memory: [Float]
    private let input: Rows  // [B][D]
    private let first: Rows  // [B][32]
    private let statistics: Rows  // [B][12, padded]
    private let spread: Rows  // [B][latent, padded]: σ
    private let noise: Rows  // the same: ε
    private let latent: Rows  // the same: z
    private let third: Rows  // [B][32]
    private let output: Rows  // [B][2 D, padded]
    private let inverse: Rows  // [B][D, padded]: 1 / s
    private let dFirst: Rows
    private let dStatistics: Rows
    private let dLatent: Rows
    private let dThird: Rows
    private let dOutput: Rows
    // Transposed weights.
    private let statisticsBack: Int
    private let decoderBack: Int
    private let outputBack: Int

    init(kernels: Kernels, shape: AutoencoderShape, batch: Int, trains: Bool) {
        self.kernels = kernels
        self.shape = shape
        layout = Layout(shape)
        var plan = MemoryPlan()
        let hidden = shape.hiddenSize
        let narrow = roundedUp(shape.latentSize)
        input = plan.rows(batch, shape.inputSize)
        first = plan.rows(batch, hidden)
        statistics = plan.rows(batch, layout.statistics.width)
        spread = plan.rows(batch, narrow)
        noise = plan.rows(batch, narrow)
        latent = plan.rows(batch, narrow)
        third = plan.rows(batch, hidden)
        output = plan.rows(batch, layout.output.width)
        inverse = plan.rows(batch, roundedUp(shape.inputSize))
        let rows = trains ? batch : 0
        dFirst = plan.rows(rows, hidden)
        dStatistics = plan.rows(rows, layout.statistics.width)
        dLatent = plan.rows(rows, narrow)
        dThird = plan.rows(rows, hidden)
        dOutput = plan.rows(rows, layout.output.width)
        statisticsBack = plan.run(trains ? 2 * shape.latentSize * hidden : 0)
        decoderBack = plan.run(trains ? hidden * narrow : 0)
        outputBack = plan.run(trains ? 2 * shape.inputSize * hidden : 0)
        memory = [Float](repeating: 0, count: plan.count)
    }

    mutating func reconstruct(
        _ window: Span<Float>, with parameters: Span<Float>, into result: inout Reconstruction
    ) {
        for index in 0..<window.count { memory[input.start + index] = window[index] }
        encode(parameters, used: 1)
        for index in 0..<shape.latentSize {
            memory[latent.start + index] = memory[statistics.start + index]
            result.latent[index] = memory[statistics.start + index]
        }
        decode(parameters, used: 1)
        for index in 0..<shape.inputSize {
            let mean = memory[output.at(0, index)]
            let error = (window[index] - mean) * memory[inverse.at(0, index)]
            let logSigma = Self.clamp(memory[output.at(0, shape.inputSize + index)], Self.logSigmaRange)
            let size = (error * error + 2 * (logSigma - Self.logSigmaRange.lowerBound)).squareRoot()
            result.rebuilt[index] = mean
            result.error[index] = error < 0 ? -size : size
        }
    }

    mutating func differentiate(
        _ windows: Span<Float>, used: Int, phase: TrainingPhase, at parameters: Span<Float>,
        into gradient: inout MutableSpan<Float>
    ) -> Float {
        for index in 0..<(used * shape.inputSize) { memory[input.start + index] = windows[index] }
        encode(parameters, used: used)
        draw(used: used, seed: phase.noise)
        decode(parameters, used: used)
        let share = 1 / Float(shape.inputSize * used)
        let loss = differentiateOutput(used: used, share: share)
        let hidden = used * shape.hiddenSize
        kernels.transpose(layout.statistics, of: parameters, into: statisticsBack, in: &memory)
        kernels.transpose(layout.decoder, of: parameters, into: decoderBack, in: &memory)
        kernels.transpose(layout.output, of: parameters, into: outputBack, in: &memory)
        kernels.differentiate(layout.output, at: third, by: dOutput, count: used, in: memory, into: &gradient)
        kernels.backPropagate(layout.output, through: outputBack, from: dOutput, into: dThird, count: used, in: &memory)
        kernels.unsquash(third.start, by: dThird.start, count: hidden, in: &memory)
        kernels.differentiate(layout.decoder, at: latent, by: dThird, count: used, in: memory, into: &gradient)
        kernels.backPropagate(
            layout.decoder, through: decoderBack, from: dThird, into: dLatent, count: used, in: &memory)
        let divergence = differentiateStatistics(used: used, share: share)
        kernels.differentiate(layout.statistics, at: first, by: dStatistics, count: used, in: memory, into: &gradient)
        kernels.backPropagate(
            layout.statistics, through: statisticsBack, from: dStatistics, into: dFirst, count: used, in: &memory)
        kernels.unsquash(first.start, by: dFirst.start, count: hidden, in: &memory)
        kernels.differentiate(layout.encoder, at: input, by: dFirst, count: used, in: memory, into: &gradient)
        return loss + divergence
    }

    // MARK: The passes

    private mutating func encode(_ parameters: Span<Float>, used: Int) {
        kernels.apply(layout.encoder, of: parameters, to: input, into: first, count: used, in: &memory)
        kernels.apply(layout.statistics, of: parameters, to: first, into: statistics, count: used, in: &memory)
    }

    /// z = µ + σ ε.
    private mutating func draw(used: Int, seed: UInt64) {
        for row in 0..<used {
            var random = InitialWeights(seed: seed &+ UInt64(row) &* 0xd1b5_4a32_d192_ed03)
            for index in 0..<shape.latentSize {
                memory[noise.at(row, index)] = random.normal()
                let raw = memory[statistics.at(row, shape.latentSize + index)]
                memory[spread.at(row, index)] = 0.5 * Self.clamp(raw, Self.logVarianceRange)
            }
        }
        kernels.activate(.exponential, spread.start, count: used * spread.stride, in: &memory)
        for row in 0..<used {
            for index in 0..<shape.latentSize {
                memory[latent.at(row, index)] =
                    memory[statistics.at(row, index)] + memory[spread.at(row, index)] * memory[noise.at(row, index)]
            }
        }
    }

    private mutating func decode(_ parameters: Span<Float>, used: Int) {
        kernels.apply(layout.decoder, of: parameters, to: latent, into: third, count: used, in: &memory)
        kernels.apply(layout.output, of: parameters, to: third, into: output, count: used, in: &memory)
        for row in 0..<used {
            for index in 0..<shape.inputSize {
                let raw = memory[output.at(row, shape.inputSize + index)]
                memory[inverse.at(row, index)] = -Self.clamp(raw, Self.logSigmaRange)
            }
        }
        kernels.activate(.exponential, inverse.start, count: used * inverse.stride, in: &memory)
    }

    /// Fills `dOutput`; returns the mean of ½ e² + log s.
    private mutating func differentiateOutput(used: Int, share: Float) -> Float {
        var loss: Float = 0
        for row in 0..<used {
            for index in 0..<shape.inputSize {
                let inverse = memory[inverse.at(row, index)]
                let error = (memory[input.at(row, index)] - memory[output.at(row, index)]) * inverse
                let raw = memory[output.at(row, shape.inputSize + index)]
                memory[dOutput.at(row, index)] = -error * inverse * share
                memory[dOutput.at(row, shape.inputSize + index)] =
                    Self.open((1 - error * error) * share, at: raw, Self.logSigmaRange)
                loss += 0.5 * error * error + Self.clamp(raw, Self.logSigmaRange)
            }
        }
        return loss * share
    }

    /// Fills `dStatistics` from the gradient of z and of the divergence; returns the weighted divergence.
    private mutating func differentiateStatistics(used: Int, share: Float) -> Float {
        var divergence: Float = 0
        let weight = Self.divergenceWeight * share
        for row in 0..<used {
            for index in 0..<shape.latentSize {
                let mean = memory[statistics.at(row, index)]
                let raw = memory[statistics.at(row, shape.latentSize + index)]
                let sigma = memory[spread.at(row, index)]
                let variance = sigma * sigma
                let dZ = memory[dLatent.at(row, index)]
                memory[dStatistics.at(row, index)] = dZ + weight * mean
                let slope = 0.5 * (dZ * memory[noise.at(row, index)] * sigma + weight * (variance - 1))
                memory[dStatistics.at(row, shape.latentSize + index)] =
                    Self.open(slope, at: raw, Self.logVarianceRange)
                divergence += 0.5 * (mean * mean + variance - Self.clamp(raw, Self.logVarianceRange) - 1)
            }
        }
        return divergence * weight
    }

    /// Written so that NaN passes through.
    private static func clamp(_ value: Float, _ range: ClosedRange<Float>) -> Float {
        value < range.lowerBound ? range.lowerBound : value > range.upperBound ? range.upperBound : value
    }

    /// A slope of a clamped number: beyond the clamp only the way back is open.
    private static func open(_ slope: Float, at raw: Float, _ range: ClosedRange<Float>) -> Float {
        (raw < range.lowerBound && slope > 0) || (raw > range.upperBound && slope < 0) ? 0 : slope
    }
}
