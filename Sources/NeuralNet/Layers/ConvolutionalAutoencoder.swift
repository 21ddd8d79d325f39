/// A convolutional autoencoder: two strided convolutions along the window, a narrow layer, and the same mirrored.
///
///     window            [W][d]
///     convolution       [⌈W/2⌉][16] tanh      kernel of 4 rows, step of 2, a row of zeros before the first
///     convolution       [⌈W/4⌉][16] tanh
///     narrow layer      [6]                   without it the 16 filters would copy the window
///     expansion         [⌈W/4⌉][16] tanh
///     transposed conv.  [⌈W/2⌉][16] tanh
///     transposed conv.  [W][d]
///
/// Masci, Meier, Cireşan, Schmidhuber 2011, "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction",
/// doi 10.1007/978-3-642-21735-7_7. We differ: strides in place of pooling, and a dense narrow layer. The loss is Huber's, as
/// the dense autoencoder's.
///
/// A patch of 4 rows lies in one piece, so that a convolution is a dense layer on rows that overlap, `[4 · channels][16]`;
/// a transposed one is a dense layer `[16][4 · channels]` whose outputs are added up where they overlap (`fold`), with a
/// bias for each channel behind it.
struct ConvolutionalAutoencoder: AutoencoderNetwork {
    static let phaseCount = 1
    /// Rows of a patch.
    static let kernel = 4
    /// Rows from one patch to the next.
    static let step = 2

    /// The six layers, and the two biases of the transposed convolutions.
    struct Layout: Sendable {
        /// Rows of the window, behind the first convolution, behind the second.
        let rows: (Int, Int, Int)
        let first: DenseLayer
        let second: DenseLayer
        let narrow: DenseLayer
        let expansion: DenseLayer
        let third: DenseLayer
        let thirdBias: Int
        let fourth: DenseLayer
        let fourthBias: Int
        let parameterCount: Int

        init(_ shape: AutoencoderShape) {
            let (filters, channels) = (shape.hiddenSize, shape.channels)
            let half = (shape.rows + 1) / 2
            rows = (shape.rows, half, (half + 1) / 2)
            first = DenseLayer(inputs: kernel * channels, outputs: filters, weights: 0, isSquashed: true)
            second = DenseLayer(inputs: kernel * filters, outputs: filters, weights: first.end, isSquashed: true)
            narrow = DenseLayer(
                inputs: rows.2 * filters, outputs: shape.latentSize, weights: second.end, isSquashed: false)
            expansion = DenseLayer(
                inputs: shape.latentSize, outputs: rows.2 * filters, weights: narrow.end, isSquashed: true)
            third = DenseLayer(
                inputs: filters, outputs: kernel * filters, weights: expansion.end, isSquashed: false)
            // The transposed layers' own biases are not used: behind the fold there is one for each channel, in their place.
            thirdBias = third.biases
            fourth = DenseLayer(
                inputs: filters, outputs: kernel * channels, weights: third.end, isSquashed: false)
            fourthBias = fourth.biases
            parameterCount = fourth.end
        }

        func initialise(_ values: inout [Float], random: inout InitialWeights) {
            for layer in [first, second, narrow, expansion] { layer.initialise(&values, random: &random) }
            // Two patches overlap everywhere: their sum keeps its size.
            third.initialise(&values, random: &random, scale: 0.7)
            fourth.initialise(&values, random: &random, scale: 0.35)
        }
    }

    private let kernels: Kernels
    private let shape: AutoencoderShape
    private let layout: Layout
    private let batch: Int
    private var memory: [Float]
    // Of each window in turn: [B][rows · channels], the first two with rows of zeros around.
    private let input: Rows
    private let first: Rows
    private let second: Rows
    private let latent: Rows
    private let expansion: Rows
    private let third: Rows
    private let output: Rows
    private let dExpansion: Rows
    private let dLatent: Rows
    private let dSecond: Rows
    private let dThird: Rows
    private let dFirst: Rows
    private let dOutput: Rows
    /// Patches of one window, `[⌈W/2⌉][4 · channels, padded]`, at most.
    private let patches: Int
    private let secondBack: Int
    private let narrowBack: Int
    private let expansionBack: Int
    private let thirdBack: Int
    private let fourthBack: Int

    init(kernels: Kernels, shape: AutoencoderShape, batch: Int, trains: Bool) {
        self.kernels = kernels
        self.shape = shape
        self.batch = batch
        layout = Layout(shape)
        let (filters, channels) = (shape.hiddenSize, shape.channels)
        let (whole, half, quarter) = layout.rows
        var plan = MemoryPlan()
        /// Rows that the last patch reaches, the row before the first included.
        func reach(_ patches: Int) -> Int { Self.step * (patches - 1) + Self.kernel }
        input = plan.rows(batch, reach(half) * channels)
        first = plan.rows(batch, reach(quarter) * filters)
        second = plan.rows(batch, quarter * filters)
        latent = plan.rows(batch, roundedUp(shape.latentSize))
        expansion = plan.rows(batch, quarter * filters)
        third = plan.rows(batch, half * filters)
        output = plan.rows(batch, roundedUp(whole * channels))
        patches = plan.run(max(half * layout.fourth.width, quarter * layout.third.width))
        let rows = trains ? batch : 0
        dExpansion = plan.rows(rows, quarter * filters)
        dLatent = plan.rows(rows, roundedUp(shape.latentSize))
        dSecond = plan.rows(rows, quarter * filters)
        dThird = plan.rows(rows, half * filters)
        dFirst = plan.rows(rows, half * filters)
        dOutput = plan.rows(rows, roundedUp(whole * channels))
        func back(_ layer: DenseLayer) -> Int { plan.run(trains ? layer.outputs * roundedUp(layer.inputs) : 0) }
        secondBack = back(layout.second)
        narrowBack = back(layout.narrow)
        expansionBack = back(layout.expansion)
        thirdBack = back(layout.third)
        fourthBack = back(layout.fourth)
        memory = [Float](repeating: 0, count: plan.count)
    }

    mutating func reconstruct(
        _ window: Span<Float>, with parameters: Span<Float>, into result: inout Reconstruction
    ) {
        forward(window, with: parameters, used: 1)
        for index in 0..<shape.latentSize { result.latent[index] = memory[latent.start + index] }
        for index in 0..<shape.inputSize { result.rebuilt[index] = memory[output.start + index] }
        result.subtract(from: window)
    }

    private mutating func forward(_ windows: Span<Float>, with parameters: Span<Float>, used: Int) {
        let (filters, channels) = (shape.hiddenSize, shape.channels)
        let (whole, half, quarter) = layout.rows
        let size = shape.inputSize
        for window in 0..<used {
            let start = input.at(window, channels)
            for index in 0..<size { memory[start + index] = windows[window * size + index] }
            kernels.apply(
                layout.first, of: parameters, to: patch(input, window, channels),
                into: Rows(start: first.at(window, filters), stride: filters), count: half, in: &memory)
            kernels.apply(
                layout.second, of: parameters, to: patch(first, window, filters),
                into: Rows(start: second.at(window), stride: filters), count: quarter, in: &memory)
        }
        kernels.apply(layout.narrow, of: parameters, to: second, into: latent, count: used, in: &memory)
        kernels.apply(layout.expansion, of: parameters, to: latent, into: expansion, count: used, in: &memory)
        for window in 0..<used {
            kernels.multiply(
                layout.third, of: parameters, to: Rows(start: expansion.at(window), stride: filters),
                into: Rows(start: patches, stride: layout.third.width), count: quarter, in: &memory)
            fold(
                stride: layout.third.width, count: quarter, into: third.at(window), rows: half, channels: filters,
                bias: (parameters, layout.thirdBias))
        }
        kernels.activate(.tanh, third.start, count: used * third.stride, in: &memory)
        for window in 0..<used {
            kernels.multiply(
                layout.fourth, of: parameters, to: Rows(start: third.at(window), stride: filters),
                into: Rows(start: patches, stride: layout.fourth.width), count: half, in: &memory)
            fold(
                stride: layout.fourth.width, count: half, into: output.at(window), rows: whole, channels: channels,
                bias: (parameters, layout.fourthBias))
        }
    }

    mutating func differentiate(
        _ windows: Span<Float>, used: Int, phase: TrainingPhase, at parameters: Span<Float>,
        into gradient: inout MutableSpan<Float>
    ) -> Float {
        forward(windows, with: parameters, used: used)
        transpose(parameters)
        let (filters, channels) = (shape.hiddenSize, shape.channels)
        let (whole, half, quarter) = layout.rows
        let share = 4 / Float(shape.inputSize * used)
        var loss: Float = 0
        for window in 0..<used {
            loss += WindowLoss.row(
                &memory, x: input.at(window, channels), y: output.at(window), into: dOutput.at(window),
                count: shape.inputSize, weight: share)
            unfold(dOutput.at(window), rows: whole, channels: channels, stride: layout.fourth.width, count: half)
            backConvolve(
                layout.fourth, fourthBack, at: third.at(window), into: dThird.at(window), count: half, &gradient)
            addBiases(dOutput.at(window), rows: whole, channels: channels, to: layout.fourthBias, &gradient)
        }
        kernels.unsquash(third.start, by: dThird.start, count: used * third.stride, in: &memory)
        for window in 0..<used {
            unfold(dThird.at(window), rows: half, channels: filters, stride: layout.third.width, count: quarter)
            backConvolve(
                layout.third, thirdBack, at: expansion.at(window), into: dExpansion.at(window), count: quarter,
                &gradient)
            addBiases(dThird.at(window), rows: half, channels: filters, to: layout.thirdBias, &gradient)
        }
        kernels.unsquash(expansion.start, by: dExpansion.start, count: used * expansion.stride, in: &memory)
        kernels.differentiate(
            layout.expansion, at: latent, by: dExpansion, count: used, in: memory, into: &gradient)
        kernels.backPropagate(
            layout.expansion, through: expansionBack, from: dExpansion, into: dLatent, count: used, in: &memory)
        kernels.differentiate(layout.narrow, at: second, by: dLatent, count: used, in: memory, into: &gradient)
        kernels.backPropagate(
            layout.narrow, through: narrowBack, from: dLatent, into: dSecond, count: used, in: &memory)
        kernels.unsquash(second.start, by: dSecond.start, count: used * second.stride, in: &memory)
        for window in 0..<used { backEncode(window, &gradient) }
        return loss
    }

    /// Both convolutions of one window, from `dSecond`.
    private mutating func backEncode(_ window: Int, _ gradient: inout MutableSpan<Float>) {
        let (filters, channels) = (shape.hiddenSize, shape.channels)
        let (_, half, quarter) = layout.rows
        let dY = Rows(start: dSecond.at(window), stride: filters)
        kernels.differentiate(
            layout.second, at: patch(first, window, filters), by: dY, count: quarter, in: memory, into: &gradient)
        let width = roundedUp(layout.second.inputs)
        kernels.backPropagate(
            layout.second, through: secondBack, from: dY, into: Rows(start: patches, stride: width), count: quarter,
            in: &memory)
        fold(stride: width, count: quarter, into: dFirst.at(window), rows: half, channels: filters, bias: nil)
        let squashed = first.at(window, filters)
        kernels.unsquash(squashed, by: dFirst.at(window), count: half * filters, in: &memory)
        kernels.differentiate(
            layout.first, at: patch(input, window, channels), by: Rows(start: dFirst.at(window), stride: filters),
            count: half, in: memory, into: &gradient)
    }

    // MARK: Patches

    /// The patches of a window whose rows have so many channels.
    private func patch(_ rows: Rows, _ window: Int, _ channels: Int) -> Rows {
        Rows(start: rows.at(window), stride: Self.step * channels)
    }

    /// Adds `patches` up where they overlap, from zero or a bias for each channel.
    private mutating func fold(
        stride: Int, count: Int, into target: Int, rows: Int, channels: Int, bias: (Span<Float>, Int)?
    ) {
        for row in 0..<rows {
            for channel in 0..<channels {
                var sum: Float = 0
                if let bias { sum = bias.0[bias.1 + channel] }
                // Patch p covers rows 2p − 1 … 2p + 2.
                for patch in max(0, (row - 1) / 2)...((row + 1) / 2) where patch < count {
                    let place = row + 1 - Self.step * patch
                    guard place < Self.kernel else { continue }
                    sum += memory[patches + patch * stride + place * channels + channel]
                }
                memory[target + row * channels + channel] = sum
            }
        }
    }

    /// Spreads rows out into `patches`: what `fold` does, backward.
    private mutating func unfold(_ source: Int, rows: Int, channels: Int, stride: Int, count: Int) {
        for patch in 0..<count {
            for place in 0..<Self.kernel {
                let row = Self.step * patch + place - 1
                for channel in 0..<channels {
                    memory[patches + patch * stride + place * channels + channel] =
                        row >= 0 && row < rows ? memory[source + row * channels + channel] : 0
                }
            }
            // The rest of a row may hold what another layer left, and its gradient is that of the weights' padding.
            for index in (Self.kernel * channels)..<stride { memory[patches + patch * stride + index] = 0 }
        }
    }

    /// Gradient of a transposed convolution's weights and inputs from `patches`.
    private mutating func backConvolve(
        _ layer: DenseLayer, _ transposed: Int, at x: Int, into dX: Int, count: Int,
        _ gradient: inout MutableSpan<Float>
    ) {
        let dY = Rows(start: patches, stride: layer.width)
        kernels.differentiate(
            layer, at: Rows(start: x, stride: layer.inputs), by: dY, count: count, in: memory, into: &gradient,
            biases: false)
        kernels.backPropagate(
            layer, through: transposed, from: dY, into: Rows(start: dX, stride: layer.inputs), count: count,
            in: &memory)
    }

    private func addBiases(
        _ dY: Int, rows: Int, channels: Int, to bias: Int, _ gradient: inout MutableSpan<Float>
    ) {
        for row in 0..<rows {
            for channel in 0..<channels { gradient[bias + channel] += memory[dY + row * channels + channel] }
        }
    }

    private mutating func transpose(_ parameters: Span<Float>) {
        kernels.transpose(layout.second, of: parameters, into: secondBack, in: &memory)
        kernels.transpose(layout.narrow, of: parameters, into: narrowBack, in: &memory)
        kernels.transpose(layout.expansion, of: parameters, into: expansionBack, in: &memory)
        kernels.transpose(layout.third, of: parameters, into: thirdBack, in: &memory)
        kernels.transpose(layout.fourth, of: parameters, into: fourthBack, in: &memory)
    }
}
