/// The sizes of a network: they say how many parameters it has and where it starts.
public protocol NetworkShape: Equatable, Sendable {
    /// Number of parameters in the flat buffer, padding included.
    var parameterCount: Int { get }
    /// The parameters of a network that has learned nothing, in packed order; the same seed gives the same numbers.
    func initialParameters(seed: UInt64) -> [Float]
}

/// Parameters of a network as scoring reads them: they do not change while anybody holds them.
public final class NetworkWeights<Shape: NetworkShape>: Sendable {
    /// The sizes.
    public let shape: Shape
    // Written while it is made and, by the pool that made it, again when nobody else holds it any more.
    nonisolated(unsafe) let buffer: AlignedBuffer

    /// Creates the weights of a network that has learned nothing.
    public convenience init(shape: Shape, seed: UInt64) {
        self.init(shape: shape, packed: shape.initialParameters(seed: seed))
    }

    /// Creates weights from stored parameters; `nil` when their number is not the shape's.
    public convenience init?(shape: Shape, parameters: [Float]) {
        guard parameters.count == shape.parameterCount else { return nil }
        self.init(shape: shape, packed: parameters)
    }

    private init(shape: Shape, packed: [Float]) {
        self.shape = shape
        unsafe buffer = AlignedBuffer(count: shape.parameterCount)
        unsafe buffer.assign(packed)
    }

    fileprivate init(copying parameters: borrowing AlignedBuffer, shape: Shape) {
        self.shape = shape
        unsafe buffer = AlignedBuffer(count: shape.parameterCount)
        unsafe buffer.copy(from: parameters)
    }

    /// The parameters in packed order.
    public var parameters: [Float] { unsafe buffer.array(count: shape.parameterCount) }

    /// Gives the parameters, padded to whole vectors, for the time of a call.
    func withSpan<Result>(_ body: (Span<Float>) -> Result) -> Result { unsafe buffer.withSpan(body) }
}

/// Snapshots of a network in training: those that nobody holds any more are used again, so that after the first few
/// nothing is allocated.
struct SnapshotPool<Shape: NetworkShape> {
    private var snapshots: [NetworkWeights<Shape>] = []
    /// The last one made, and what of.
    private var latest: (index: Int, revision: UInt64)?

    /// A snapshot of the parameters as they stand.
    ///
    /// - Parameter revision: counts their changes; without one since the last call it is the same snapshot.
    mutating func snapshot(
        of parameters: borrowing AlignedBuffer, shape: Shape, revision: UInt64
    ) -> NetworkWeights<Shape> {
        if let latest, latest.revision == revision { return snapshots[latest.index] }
        for index in snapshots.indices where isKnownUniquelyReferenced(&snapshots[index]) {
            unsafe snapshots[index].buffer.copy(from: parameters)
            latest = (index, revision)
            return snapshots[index]
        }
        latest = (snapshots.count, revision)
        snapshots.append(NetworkWeights(copying: parameters, shape: shape))
        return snapshots[snapshots.count - 1]
    }
}
