/// A partition is not this worker's any more, or may be another's already: nothing of it is told or stored.
struct PartitionLost: Error, Equatable, CustomStringConvertible {
    /// The partition's stream.
    var stream: String

    var description: String { "\(stream) is another worker's, or may be" }
}
