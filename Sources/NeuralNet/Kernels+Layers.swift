import CKernels

/// Where rows of numbers lie in a network's memory: the first at `start`, each `stride` after the one before.
///
/// Rows may overlap: the patches that a convolution looks at are rows of a window, half a patch apart.
struct Rows: Equatable, Sendable {
    var start: Int
    var stride: Int

    /// The rows from number `row` on.
    func from(_ row: Int) -> Rows { Rows(start: start + row * stride, stride: stride) }

    /// Where number `column` of a row lies.
    func at(_ row: Int, _ column: Int = 0) -> Int { start + row * stride + column }
}

/// The kernels over one flat memory of a network: everything is checked here once a call, so that the passes themselves
/// are safe code.
///
/// A memory holds inputs, layer outputs, gradients and transposed weights side by side; the runs that a call names
/// differ, which is the caller's to see to (`Memory` hands them out).
extension Kernels {
    /// y = f(x W + b) for `count` rows.
    func apply(
        _ layer: DenseLayer, of parameters: Span<Float>, to x: Rows, into y: Rows, count: Int, in memory: inout [Float]
    ) {
        precondition(layer.weights >= 0 && layer.end <= parameters.count, "\(layer) of \(parameters.count) parameters")
        check(x, count, layer.inputs, memory)
        check(y, count, layer.width, memory)
        unsafe parameters.withUnsafeBufferPointer { parameters in
            unsafe memory.withUnsafeMutableBufferPointer { memory in
                guard let weights = parameters.baseAddress, let base = memory.baseAddress else { return }
                // Both ends were checked above.
                unsafe table.pointee.dense(
                    count, layer.inputs, layer.width, base + x.start, x.stride, weights + layer.weights,
                    weights + layer.biases, layer.isSquashed ? 1 : 0, base + y.start, y.stride)
            }
        }
    }

    /// y = x W, without biases.
    func multiply(
        _ layer: DenseLayer, of parameters: Span<Float>, to x: Rows, into y: Rows, count: Int, in memory: inout [Float]
    ) {
        precondition(layer.weights >= 0 && layer.end <= parameters.count, "\(layer) of \(parameters.count) parameters")
        check(x, count, layer.inputs, memory)
        check(y, count, layer.width, memory)
        unsafe parameters.withUnsafeBufferPointer { parameters in
            unsafe memory.withUnsafeMutableBufferPointer { memory in
                guard let weights = parameters.baseAddress, let base = memory.baseAddress else { return }
                // As above.
                unsafe table.pointee.matmul(
                    count, layer.width, layer.inputs, 0, base + x.start, x.stride, 1, weights + layer.weights,
                    layer.width, base + y.start, y.stride)
            }
        }
    }

    /// Adds xᵀ dY to the gradient of a layer's weights, and the sum of dY to that of its biases.
    func differentiate(
        _ layer: DenseLayer, at x: Rows, by dY: Rows, count: Int, in memory: borrowing [Float],
        into gradient: inout MutableSpan<Float>, biases: Bool = true
    ) {
        precondition(layer.weights >= 0 && layer.end <= gradient.count, "\(layer) of \(gradient.count) parameters")
        check(x, count, layer.inputs, memory)
        check(dY, count, layer.width, memory)
        unsafe gradient.withUnsafeMutableBufferPointer { gradient in
            unsafe memory.withUnsafeBufferPointer { memory in
                guard let result = gradient.baseAddress, let base = memory.baseAddress else { return }
                // As above.
                unsafe table.pointee.matmul(
                    layer.inputs, layer.width, count, 1, base + x.start, 1, x.stride, base + dY.start, dY.stride,
                    result + layer.weights, layer.width)
                guard biases else { return }
                unsafe table.pointee.add_rows(
                    count, layer.width, base + dY.start, dY.stride, result + layer.biases)
            }
        }
    }

    /// Takes the gradient back through a layer: dX = dY Wᵀ, or is added to dX.
    ///
    /// - Parameter transposed: where ``transpose(_:of:into:in:)`` put the weights.
    func backPropagate(
        _ layer: DenseLayer, through transposed: Int, from dY: Rows, into dX: Rows, count: Int, adding: Bool = false,
        in memory: inout [Float]
    ) {
        let width = roundedUp(layer.inputs)
        check(Rows(start: transposed, stride: width), layer.outputs, width, memory)
        check(dY, count, layer.outputs, memory)
        check(dX, count, width, memory)
        unsafe memory.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            // As above.
            unsafe table.pointee.matmul(
                count, width, layer.outputs, adding ? 1 : 0, base + dY.start, dY.stride, 1, base + transposed, width,
                base + dX.start, dX.stride)
        }
    }

    /// Puts a layer's weights, transposed to `[outputs][inputs, padded]`, into the memory.
    func transpose(_ layer: DenseLayer, of parameters: Span<Float>, into target: Int, in memory: inout [Float]) {
        transpose(
            parameters, at: Rows(start: layer.weights, stride: layer.width), count: layer.inputs, width: layer.outputs,
            into: Rows(start: target, stride: roundedUp(layer.inputs)), in: &memory)
    }

    /// Puts `count` rows of `width` parameters, transposed, into the memory.
    func transpose(
        _ parameters: Span<Float>, at rows: Rows, count: Int, width: Int, into target: Rows, in memory: inout [Float]
    ) {
        precondition(rows.start >= 0 && rows.at(count - 1, width) <= parameters.count, "rows of the parameters")
        check(target, width, count, memory)
        unsafe parameters.withUnsafeBufferPointer { parameters in
            unsafe memory.withUnsafeMutableBufferPointer { memory in
                guard let weights = parameters.baseAddress, let base = memory.baseAddress else { return }
                // As above.
                unsafe table.pointee.transpose(
                    count, width, weights + rows.start, rows.stride, base + target.start, target.stride)
            }
        }
    }

    /// dY (1 − y²) for `count` numbers, a multiple of 16.
    func unsquash(_ y: Int, by dY: Int, count: Int, in memory: inout [Float]) {
        check(Rows(start: y, stride: count), 1, count, memory)
        check(Rows(start: dY, stride: count), 1, count, memory)
        precondition(count % 16 == 0, "\(count) numbers are no whole vectors")
        unsafe memory.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            // As above.
            unsafe table.pointee.tanh_backward(count, base + y, base + dY)
        }
    }

    /// What ``activate(_:_:count:in:)`` computes.
    enum Activation: Int32 {
        case exponential, sigmoid, tanh
    }

    /// Activates `count` numbers, a multiple of 16, in place.
    func activate(_ kind: Activation, _ place: Int, count: Int, in memory: inout [Float]) {
        check(Rows(start: place, stride: count), 1, count, memory)
        precondition(count % 16 == 0, "\(count) numbers are no whole vectors")
        unsafe memory.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            // As above.
            unsafe table.pointee.activate(kind.rawValue, count, base + place, base + place)
        }
    }

    private func check(_ rows: Rows, _ count: Int, _ width: Int, _ memory: borrowing [Float]) {
        let size = memory.count
        precondition(
            count > 0 && rows.start >= 0 && rows.stride >= 0 && rows.at(count - 1, width) <= size,
            "\(count) rows of \(width) at \(rows) of \(size)")
    }
}

/// Hands out runs of a network's memory, one after another, each on a whole vector.
struct MemoryPlan {
    private(set) var count = 0

    /// A run of `rows` rows of `width` numbers, which must be whole vectors where a kernel writes them.
    mutating func rows(_ rows: Int, _ width: Int) -> Rows { Rows(start: run(rows * width), stride: width) }

    /// A run of `length` numbers.
    mutating func run(_ length: Int) -> Int {
        defer { count += roundedUp(length) }
        return count
    }
}
