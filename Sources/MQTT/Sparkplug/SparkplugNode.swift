import TimeSeries

/// An edge node of Sparkplug B, from its birth on: what its aliases mean, and where its devices stand.
struct SparkplugNode: Sendable {
    /// What a metric is, by the device that it belongs to.
    struct Place: Equatable, Sendable {
        /// The device's name; empty for the node itself.
        var device: String
        /// The channel of the device's series; `nil` for what is not watched.
        var channel: Int?
        var type: UInt32
    }

    /// A node or a device of it as a series.
    struct Member: Sendable {
        /// Where each metric goes, by name.
        var metrics: [String: Place] = [:]
        /// The group of its series; `nil` when it has no channel.
        var group: Int?
        /// The last value of each channel: a message holds only what has changed.
        var values: [Double] = []
        /// The time of the last sample.
        var last: Timestamp?
        var isAlive = true
    }

    /// Aliases are the node's, whatever device they belong to.
    var aliases: [UInt64: Place] = [:]
    /// By name; the empty one is the node itself.
    var members: [String: Member] = [:]
    /// Whether its birth is known and no death since.
    var isAlive = false
    /// The session that its birth began, by which its death is known.
    var session: UInt64?
    /// The number that its next message has.
    var next: UInt8?
    /// When it was last asked for its births, and when it was last heard, in seconds of the monotonic clock.
    var asked: Double?
    var heard = 0.0
    /// The newest time that it showed, and the wall clock then.
    var shown: (time: Timestamp, arrival: Timestamp)?

    /// Metrics that are held for it.
    var size: Int { aliases.count + members.values.reduce(0) { $0 + $1.metrics.count } }

    /// Forgets what the births said: the next one says it anew.
    mutating func beginSession() {
        aliases = [:]
        members = members.mapValues { member in
            var member = member
            member.metrics = [:]
            member.isAlive = false
            return member
        }
        isAlive = true
    }

    /// The time by the node's own clock, as far as it is known.
    func now(_ arrival: Timestamp) -> Timestamp {
        guard let shown else { return arrival }
        return shown.time.advanced(bySeconds: max(0, arrival.seconds(since: shown.arrival)))
    }
}
