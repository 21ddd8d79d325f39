/// USAD: one encoder, two decoders, D → 32 tanh → 6 → 32 tanh → D each, the second of which competes with the first.
///
/// Audibert, Michiardi, Guyard, Marti, Zuluaga 2020, "USAD: UnSupervised Anomaly Detection on Multivariate Time Series",
/// doi 10.1145/3394486.3403392. With AE₁ = D₁(E(x)), AE₂ = D₂(E(x)) and w₃ = D₂(E(AE₁(x))), a step has two phases:
///
///     loss 1 (moves E, D₁) = 1/n |x − AE₁| + (1 − 1/n) |x − w₃|     AE₁ wants to look real to AE₂
///     loss 2 (moves E, D₂) = 1/n |x − AE₂| − (1 − 1/n) |x − w₃|     AE₂ wants to tell it from the real
///
/// and the score is α (x − AE₁)² + β (x − w₃)², α = β = ½: error = √ of that, with the sign of x − AE₁.
///
/// We differ: n is the epoch in the paper, which a stream has not; it grows from 1 to 1.25 over 2,000 steps and stays. AE₁
/// comes so near to x that D₂ cannot tell them apart: at n = 2 the two halves of its loss cancel, and on noisy tones the
/// error of AE₁ rose from .21 of the mean's to .50 within 10,000 steps; at 1.25 it stays. The size |·| is Huber's loss, as in
/// the other architectures. Outputs are kept within ±6, the range of a window, by 6 tanh(y / 6), where the paper has a
/// sigmoid over [0, 1].
///
/// Parameters: encoder, latent; then of each decoder its hidden layer and its output.
struct AdversarialAutoencoder: AutoencoderNetwork {
    static let phaseCount = 2
    /// Steps until the adversarial part has its last weight.
    static let rampSteps: Float = 2_000
    /// Largest n.
    static let largestEpoch: Float = 1.25
    /// Outputs stay within ± this.
    static let range: Float = 6

    /// n of a step.
    static func epoch(steps: UInt64) -> Float {
        1 + (largestEpoch - 1) * min(1, Float(min(steps, 1 << 20)) / rampSteps)
    }

    /// The six layers.
    struct Layout: Sendable {
        let encoder: DenseLayer
        let narrow: DenseLayer
        let decoders: (Decoder, Decoder)
        struct Decoder: Sendable {
            let hidden: DenseLayer
            let output: DenseLayer
        }
        var parameterCount: Int { decoders.1.output.end }

        init(_ shape: AutoencoderShape) {
            let (size, hidden, latent) = (shape.inputSize, shape.hiddenSize, shape.latentSize)
            encoder = DenseLayer(inputs: size, outputs: hidden, weights: 0, isSquashed: true)
            narrow = DenseLayer(inputs: hidden, outputs: latent, weights: encoder.end, isSquashed: false)
            func decoder(at start: Int) -> Decoder {
                let first = DenseLayer(inputs: latent, outputs: hidden, weights: start, isSquashed: true)
                let second = DenseLayer(inputs: hidden, outputs: size, weights: first.end, isSquashed: false)
                return Decoder(hidden: first, output: second)
            }
            let first = decoder(at: narrow.end)
            decoders = (first, decoder(at: first.output.end))
        }

        func initialise(_ values: inout [Float], random: inout InitialWeights) {
            encoder.initialise(&values, random: &random)
            narrow.initialise(&values, random: &random)
            for decoder in [decoders.0, decoders.1] {
                decoder.hidden.initialise(&values, random: &random)
                decoder.output.initialise(&values, random: &random, scale: 0.5)
            }
        }
    }

    /// One way through encoder and decoder: what each layer gave, and the gradients of it.
    private struct Pass: Sendable {
        let first: Rows
        let latent: Rows
        let third: Rows
        let output: Rows
        let dFirst: Rows
        let dLatent: Rows
        let dThird: Rows
        let dOutput: Rows

        init(_ plan: inout MemoryPlan, shape: AutoencoderShape, batch: Int, trains: Bool) {
            let narrow = roundedUp(shape.latentSize)
            let wide = roundedUp(shape.inputSize)
            let rows = trains ? batch : 0
            first = plan.rows(batch, shape.hiddenSize)
            latent = plan.rows(batch, narrow)
            third = plan.rows(batch, shape.hiddenSize)
            output = plan.rows(batch, wide)
            dFirst = plan.rows(rows, shape.hiddenSize)
            dLatent = plan.rows(rows, narrow)
            dThird = plan.rows(rows, shape.hiddenSize)
            dOutput = plan.rows(rows, wide)
        }
    }

    private let kernels: Kernels
    private let shape: AutoencoderShape
    private let layout: Layout
    private var memory: [Float]
    private let input: Rows  // [B][D]
    private let ofFirst: Pass  // x through E and D₁
    private let ofSecond: Pass  // x through E and D₂; its encoder's part is that of `ofFirst`
    private let ofBoth: Pass  // AE₁ through E and D₂
    private let dRebuilt: Rows  // [B][D, padded]: what w₃ asks of AE₁
    // Transposed weights: encoder, narrow layer, and the two layers of both decoders.
    private let encoderBack: Int
    private let narrowBack: Int
    private let hiddenBack: (Int, Int)
    private let outputBack: (Int, Int)

    init(kernels: Kernels, shape: AutoencoderShape, batch: Int, trains: Bool) {
        self.kernels = kernels
        self.shape = shape
        layout = Layout(shape)
        var plan = MemoryPlan()
        input = plan.rows(batch, shape.inputSize)
        ofFirst = Pass(&plan, shape: shape, batch: batch, trains: trains)
        ofSecond = Pass(&plan, shape: shape, batch: trains ? batch : 0, trains: trains)
        ofBoth = Pass(&plan, shape: shape, batch: batch, trains: trains)
        dRebuilt = plan.rows(trains ? batch : 0, roundedUp(shape.inputSize))
        func back(_ layer: DenseLayer) -> Int { plan.run(trains ? layer.outputs * roundedUp(layer.inputs) : 0) }
        encoderBack = back(layout.encoder)
        narrowBack = back(layout.narrow)
        hiddenBack = (back(layout.decoders.0.hidden), back(layout.decoders.1.hidden))
        outputBack = (back(layout.decoders.0.output), back(layout.decoders.1.output))
        memory = [Float](repeating: 0, count: plan.count)
    }

    mutating func reconstruct(
        _ window: Span<Float>, with parameters: Span<Float>, into result: inout Reconstruction
    ) {
        for index in 0..<window.count { memory[input.start + index] = window[index] }
        encode(input, parameters, ofFirst, used: 1)
        decode(layout.decoders.0, parameters, from: ofFirst, into: ofFirst, used: 1)
        encode(ofFirst.output, parameters, ofBoth, used: 1)
        decode(layout.decoders.1, parameters, from: ofBoth, into: ofBoth, used: 1)
        for index in 0..<shape.latentSize { result.latent[index] = memory[ofFirst.latent.at(0, index)] }
        for index in 0..<shape.inputSize {
            let rebuilt = memory[ofFirst.output.at(0, index)]
            let first = window[index] - rebuilt
            let both = window[index] - memory[ofBoth.output.at(0, index)]
            let size = (0.5 * first * first + 0.5 * both * both).squareRoot()
            result.rebuilt[index] = rebuilt
            result.error[index] = first < 0 ? -size : size
        }
    }

    mutating func differentiate(
        _ windows: Span<Float>, used: Int, phase: TrainingPhase, at parameters: Span<Float>,
        into gradient: inout MutableSpan<Float>
    ) -> Float {
        for index in 0..<(used * shape.inputSize) { memory[input.start + index] = windows[index] }
        transpose(parameters)
        let plain = 1 / Self.epoch(steps: phase.steps)
        let isFirst = phase.number == 0
        let (first, second) = layout.decoders
        encode(input, parameters, ofFirst, used: used)
        decode(first, parameters, from: ofFirst, into: ofFirst, used: used)
        encode(ofFirst.output, parameters, ofBoth, used: used)
        decode(second, parameters, from: ofBoth, into: ofBoth, used: used)

        // w₃ back through D₂ and E to AE₁; D₂ moves in its own phase only.
        var loss = lose(ofBoth, used: used, weight: isFirst ? 1 - plain : plain - 1)
        backDecode(second, hiddenBack.1, outputBack.1, from: ofBoth, into: ofBoth, used, moves: !isFirst, &gradient)
        backEncode(ofFirst.output, ofBoth, used, &gradient)
        kernels.backPropagate(
            layout.encoder, through: encoderBack, from: ofBoth.dFirst, into: dRebuilt, count: used, in: &memory)

        // AE₁ back through D₁, which moves in the first phase only.
        loss += lose(ofFirst, used: used, weight: isFirst ? plain : 0)
        for row in 0..<used {
            for index in 0..<shape.inputSize {
                memory[ofFirst.dOutput.at(row, index)] += memory[dRebuilt.at(row, index)]
            }
        }
        backDecode(first, hiddenBack.0, outputBack.0, from: ofFirst, into: ofFirst, used, moves: isFirst, &gradient)
        if !isFirst {
            decode(second, parameters, from: ofFirst, into: ofSecond, used: used)
            loss += lose(ofSecond, used: used, weight: plain)
            backDecode(second, hiddenBack.1, outputBack.1, from: ofFirst, into: ofSecond, used, moves: true, &gradient)
            for index in 0..<(used * ofFirst.dLatent.stride) {
                memory[ofFirst.dLatent.start + index] += memory[ofSecond.dLatent.start + index]
            }
        }
        backEncode(input, ofFirst, used, &gradient)
        return loss
    }

    // MARK: The passes

    private mutating func encode(_ x: Rows, _ parameters: Span<Float>, _ pass: Pass, used: Int) {
        kernels.apply(layout.encoder, of: parameters, to: x, into: pass.first, count: used, in: &memory)
        kernels.apply(layout.narrow, of: parameters, to: pass.first, into: pass.latent, count: used, in: &memory)
    }

    /// Gradient of the encoder from that of the latent; leaves `dFirst` for whoever wants it of the input.
    private mutating func backEncode(_ x: Rows, _ pass: Pass, _ used: Int, _ gradient: inout MutableSpan<Float>) {
        kernels.differentiate(
            layout.narrow, at: pass.first, by: pass.dLatent, count: used, in: memory, into: &gradient)
        kernels.backPropagate(
            layout.narrow, through: narrowBack, from: pass.dLatent, into: pass.dFirst, count: used, in: &memory)
        kernels.unsquash(pass.first.start, by: pass.dFirst.start, count: used * pass.first.stride, in: &memory)
        kernels.differentiate(layout.encoder, at: x, by: pass.dFirst, count: used, in: memory, into: &gradient)
    }

    private mutating func decode(
        _ decoder: Layout.Decoder, _ parameters: Span<Float>, from source: Pass, into pass: Pass, used: Int
    ) {
        kernels.apply(decoder.hidden, of: parameters, to: source.latent, into: pass.third, count: used, in: &memory)
        kernels.apply(decoder.output, of: parameters, to: pass.third, into: pass.output, count: used, in: &memory)
        let outputs = pass.output.start..<(pass.output.start + used * pass.output.stride)
        for index in outputs { memory[index] *= 1 / Self.range }
        kernels.activate(.tanh, pass.output.start, count: outputs.count, in: &memory)
        for index in outputs { memory[index] *= Self.range }
    }

    /// Takes `dOutput` back to `dLatent`, and to the decoder when that `moves`.
    private mutating func backDecode(
        _ decoder: Layout.Decoder, _ hiddenBack: Int, _ outputBack: Int, from source: Pass, into pass: Pass,
        _ used: Int, moves: Bool, _ gradient: inout MutableSpan<Float>
    ) {
        // Not the padding: it stays zero, whatever a NaN makes of the rest.
        for row in 0..<used {
            for index in 0..<shape.inputSize {
                let squashed = memory[pass.output.at(row, index)] * (1 / Self.range)
                memory[pass.dOutput.at(row, index)] *= 1 - squashed * squashed
            }
        }
        if moves {
            kernels.differentiate(
                decoder.output, at: pass.third, by: pass.dOutput, count: used, in: memory, into: &gradient)
        }
        kernels.backPropagate(
            decoder.output, through: outputBack, from: pass.dOutput, into: pass.dThird, count: used, in: &memory)
        kernels.unsquash(pass.third.start, by: pass.dThird.start, count: used * pass.third.stride, in: &memory)
        if moves {
            kernels.differentiate(
                decoder.hidden, at: source.latent, by: pass.dThird, count: used, in: memory, into: &gradient)
        }
        kernels.backPropagate(
            decoder.hidden, through: hiddenBack, from: pass.dThird, into: pass.dLatent, count: used, in: &memory)
    }

    /// Fills a pass' `dOutput` with the weighted loss' gradient; returns the weighted loss.
    private mutating func lose(_ pass: Pass, used: Int, weight: Float) -> Float {
        let share = weight * 4 / Float(shape.inputSize * used)
        var loss: Float = 0
        for row in 0..<used {
            loss += WindowLoss.row(
                &memory, x: input.at(row), y: pass.output.at(row), into: pass.dOutput.at(row), count: shape.inputSize,
                weight: share)
        }
        return loss
    }

    private mutating func transpose(_ parameters: Span<Float>) {
        let (first, second) = layout.decoders
        kernels.transpose(layout.encoder, of: parameters, into: encoderBack, in: &memory)
        kernels.transpose(layout.narrow, of: parameters, into: narrowBack, in: &memory)
        kernels.transpose(first.hidden, of: parameters, into: hiddenBack.0, in: &memory)
        kernels.transpose(first.output, of: parameters, into: outputBack.0, in: &memory)
        kernels.transpose(second.hidden, of: parameters, into: hiddenBack.1, in: &memory)
        kernels.transpose(second.output, of: parameters, into: outputBack.1, in: &memory)
    }
}
