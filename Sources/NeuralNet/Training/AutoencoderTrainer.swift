import CKernels

/// Trains a dense autoencoder on windows, with Adam.
///
/// The loss is Huber's with its corner at 2 (Huber 1964, doi 10.1214/aoms/1177703732), so that a faulty sample that slips
/// in moves the network no further than a large one: the gradient of an output is clamp(y − x, −2, 2) · 4 / D, averaged
/// over the batch.
public final class AutoencoderTrainer {
    /// The sizes.
    public let shape: AutoencoderShape
    /// `B`: windows of a minibatch.
    public let batch: Int

    private static let corner: Float = 2
    private static let gain: Float = 4

    private let kernels: Kernels
    private var adam: Adam
    private let input: AlignedBuffer  // [B][D]
    private let first: AlignedBuffer  // [B][hidden]
    private let latent: AlignedBuffer  // [B][latent, padded]
    private let third: AlignedBuffer  // [B][hidden]
    private let output: AlignedBuffer  // [B][D, padded]
    private let dFirst: AlignedBuffer
    private let dLatent: AlignedBuffer
    private let dThird: AlignedBuffer
    private let dOutput: AlignedBuffer
    // Transposed weights of layers 2 to 4: [outputs, padded][inputs, padded].
    private let secondTransposed: AlignedBuffer
    private let thirdTransposed: AlignedBuffer
    private let fourthTransposed: AlignedBuffer
    private var snapshots = SnapshotPool<AutoencoderShape>()

    /// Creates a trainer at the given weights.
    ///
    /// - Precondition: `batch > 0`.
    public init(
        kernels: Kernels, weights: AutoencoderWeights, batch: Int,
        configuration: AdamConfiguration = AdamConfiguration(learningRate: 0.003)
    ) {
        precondition(batch > 0, "a minibatch of \(batch)")
        let shape = weights.shape
        precondition(shape.architecture == .dense, "a dense trainer of an \(shape.architecture.rawValue) shape")
        let layers = shape.layers
        self.kernels = kernels
        self.shape = shape
        self.batch = batch
        adam = Adam(parameterCount: shape.parameterCount, configuration: configuration)
        unsafe adam.parameters.copy(from: weights.buffer)
        input = AlignedBuffer(count: batch * shape.inputSize)
        first = AlignedBuffer(count: batch * layers.0.width)
        latent = AlignedBuffer(count: batch * layers.1.width)
        third = AlignedBuffer(count: batch * layers.2.width)
        output = AlignedBuffer(count: batch * layers.3.width)
        dFirst = AlignedBuffer(count: batch * layers.0.width)
        dLatent = AlignedBuffer(count: batch * layers.1.width)
        dThird = AlignedBuffer(count: batch * layers.2.width)
        dOutput = AlignedBuffer(count: batch * layers.3.width)
        secondTransposed = AlignedBuffer(count: layers.1.width * layers.0.width)
        thirdTransposed = AlignedBuffer(count: layers.2.width * layers.1.width)
        fourthTransposed = AlignedBuffer(count: layers.3.width * layers.2.width)
        transpose()
    }

    /// Learns from one minibatch.
    ///
    /// - Parameters:
    ///   - windows: `[B, D]`, finite.
    ///   - used: windows that the minibatch really holds, from the first. Default: all.
    /// - Returns: the mean Huber loss, or that the step was skipped.
    /// - Complexity: about three forward passes; allocates nothing.
    public func step(windows: Span<Float>, used: Int? = nil) -> TrainingOutcome {
        let used = used ?? batch
        precondition((1...batch).contains(used), "\(used) windows in a minibatch of \(batch)")
        precondition(windows.count == batch * shape.inputSize, "\(windows.count) numbers in the windows")
        // Both hold B · D floats.
        unsafe windows.withUnsafeBufferPointer { windows in
            guard let base = windows.baseAddress else { return }
            unsafe input.base.update(from: base, count: used * shape.inputSize)
        }
        let layers = shape.layers
        apply(layers.0, input, shape.inputSize, first, used)
        apply(layers.1, first, layers.0.width, latent, used)
        apply(layers.2, latent, layers.1.width, third, used)
        apply(layers.3, third, layers.2.width, output, used)
        let loss = differentiate(used: used)
        backward(layers.3, third, layers.2.width, dOutput, used, into: dThird, through: fourthTransposed)
        unsquash(third, dThird, used * layers.2.width)
        backward(layers.2, latent, layers.1.width, dThird, used, into: dLatent, through: thirdTransposed)
        backward(layers.1, first, layers.0.width, dLatent, used, into: dFirst, through: secondTransposed)
        unsquash(first, dFirst, used * layers.0.width)
        accumulate(layers.0, input, shape.inputSize, dFirst, used)
        guard adam.step(kernels: kernels, loss: loss) else { return .skipped }
        transpose()
        return .stepped(loss: loss)
    }

    /// The gradient that the last minibatch gave, before clipping, in packed order; for tests.
    var lastGradient: [Float] { adam.gradient.array(count: shape.parameterCount) }

    // MARK: The passes

    private func apply(
        _ layer: DenseLayer, _ x: borrowing AlignedBuffer, _ stride: Int, _ y: borrowing AlignedBuffer,
        _ used: Int
    ) {
        // Each buffer was made for B rows of its layer.
        unsafe kernels.table.pointee.dense(
            used, layer.inputs, layer.width, x.base, stride, adam.parameters.base + layer.weights,
            adam.parameters.base + layer.biases, layer.isSquashed ? 1 : 0, y.base, layer.width)
    }

    /// Fills `dOutput` and returns the mean loss, summed in 16 lanes: one chain of additions would take longer than the
    /// products of a layer.
    private func differentiate(used: Int) -> Float {
        let size = shape.inputSize
        let width = shape.layers.3.width
        let share = Self.gain / Float(size * used)
        var losses = SIMD16<Float>()
        for row in 0..<used {
            // Rows lie within B rows of D and of the padded D; a vector that D does not fill is read lane by lane.
            let y = unsafe output.base + row * width
            let x = unsafe input.base + row * size
            let dY = unsafe UnsafeMutableRawPointer(dOutput.base + row * width)
            for start in stride(from: 0, to: size, by: 16) {
                var error = SIMD16<Float>()
                if start + 16 <= size {
                    error = unsafe UnsafeRawPointer(y + start).loadUnaligned(as: SIMD16<Float>.self)
                    unsafe error -= UnsafeRawPointer(x + start).loadUnaligned(as: SIMD16<Float>.self)
                } else {
                    for index in start..<size { error[index - start] = unsafe y[index] - x[index] }
                }
                // Comparisons let a NaN through.
                let clamped = error.replacing(with: Self.corner, where: error .> Self.corner)
                    .replacing(with: -Self.corner, where: error .< -Self.corner)
                unsafe dY.storeBytes(of: clamped * share, toByteOffset: start * 4, as: SIMD16<Float>.self)
                losses += clamped * (error - clamped * 0.5)
            }
        }
        // Joined pairwise: `sum()` leaves its order open.
        let eight = losses.lowHalf + losses.highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return (two[0] + two[1]) * share
    }

    /// Gradient of a layer's parameters, and of its inputs through its transposed weights.
    private func backward(
        _ layer: DenseLayer, _ x: borrowing AlignedBuffer, _ stride: Int, _ dY: borrowing AlignedBuffer,
        _ used: Int, into dX: borrowing AlignedBuffer, through transposed: borrowing AlignedBuffer
    ) {
        accumulate(layer, x, stride, dY, used)
        // Transposed weights are [outputs, padded][stride]; padded outputs have zero gradient.
        unsafe kernels.table.pointee.matmul(
            used, stride, layer.outputs, 0, dY.base, layer.width, 1, transposed.base, stride, dX.base, stride)
    }

    private func accumulate(
        _ layer: DenseLayer, _ x: borrowing AlignedBuffer, _ stride: Int, _ dY: borrowing AlignedBuffer,
        _ used: Int
    ) {
        let gradient = unsafe adam.gradient.base
        unsafe kernels.table.pointee.matmul(
            layer.inputs, layer.width, used, 0, x.base, 1, stride, dY.base, layer.width, gradient + layer.weights,
            layer.width)
        adam.gradient.clear(from: layer.biases, count: layer.width)
        unsafe kernels.table.pointee.add_rows(used, layer.width, dY.base, layer.width, gradient + layer.biases)
    }

    private func unsquash(_ y: borrowing AlignedBuffer, _ dY: borrowing AlignedBuffer, _ count: Int) {
        unsafe kernels.table.pointee.tanh_backward(count, y.base, dY.base)
    }

    private func transpose() {
        let layers = shape.layers
        transpose(layers.1, layers.0.width, into: secondTransposed)
        transpose(layers.2, layers.1.width, into: thirdTransposed)
        transpose(layers.3, layers.2.width, into: fourthTransposed)
    }

    private func transpose(_ layer: DenseLayer, _ stride: Int, into target: borrowing AlignedBuffer) {
        // [inputs][width] becomes [outputs][stride]; the padding of `target` stays zero.
        unsafe kernels.table.pointee.transpose(
            layer.inputs, layer.outputs, adam.parameters.base + layer.weights, layer.width, target.base, stride)
    }

    // MARK: Snapshots and checkpoints

    /// The parameters as they stand, for scoring; see ``ForecasterTrainer/snapshot()``.
    public func snapshot() -> AutoencoderWeights {
        snapshots.snapshot(of: adam.parameters, shape: shape, revision: adam.revision)
    }

    /// What is to be stored.
    public var checkpoint: TrainingCheckpoint { adam.checkpoint(parameterCount: shape.parameterCount) }

    /// Goes on from a checkpoint.
    ///
    /// - Returns: false, with nothing changed, when it is of another shape.
    public func restore(_ checkpoint: TrainingCheckpoint) -> Bool {
        guard adam.restore(checkpoint, parameterCount: shape.parameterCount) else { return false }
        transpose()
        return true
    }
}
