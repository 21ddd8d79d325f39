/// One partition of a topic.
public struct KafkaPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The topic's name.
    public var topic: String
    /// The partition's number in it, from 0.
    public var number: Int32

    /// Names a partition.
    public init(topic: String, number: Int32) {
        self.topic = topic
        self.number = number
    }

    /// `topic/number`.
    public var description: String { "\(topic)/\(number)" }

    /// By topic, then by number.
    public static func < (left: Self, right: Self) -> Bool { (left.topic, left.number) < (right.topic, right.number) }
}
