public import TimeSeries

/// What became of the messages of a broker.
public struct BrokerCounters: Equatable, Sendable {
    /// Whether the broker can be reached now and what is wanted is subscribed to.
    public var isConnected = false
    /// Since when the broker is away, by the wall clock; `nil` while it is connected to.
    public var awaySince: Timestamp?
    /// Why; `nil` while it is connected to, and before the first try has failed.
    public var awayReason: String?
    /// Since when it is connected to, when nothing has come for a minute since then; `nil` otherwise.
    public var silentSince: Timestamp?
    /// Messages received.
    public var messages: UInt64 = 0
    /// Times that the connection was lost.
    public var losses: UInt64 = 0
    /// Messages that the broker sent again after a loss and that had come before it: left out.
    public var duplicates: UInt64 = 0
    /// Messages that the broker had kept for whoever subscribes, and that were left out as old.
    public var retainedSkipped: UInt64 = 0
    /// Messages that could not be used as a whole: too large, or under a topic that makes no name.
    public var unusable: UInt64 = 0
    /// What came of Sparkplug B; `nil` before there was any.
    public var sparkplug: SparkplugCounters?

    /// Creates counters at 0.
    public init() {}
}

/// What became of Sparkplug B messages.
public struct SparkplugCounters: Equatable, Sendable {
    /// Births of edge nodes and devices.
    public var births: UInt64 = 0
    /// Deaths of edge nodes and devices that were taken as such.
    public var deaths: UInt64 = 0
    /// Deaths of a session before the one in progress.
    public var staleDeaths: UInt64 = 0
    /// Messages that did not come, by the gaps in `seq`.
    public var lost: UInt64 = 0
    /// Messages or values of nodes, devices and aliases whose birth is not known.
    public var unknown: UInt64 = 0
    /// Births that were asked for.
    public var rebirthsAsked: UInt64 = 0
    /// Values older than what the series had shown, out of a buffer.
    public var tooOld: UInt64 = 0
    /// Nodes that were forgotten because there are more than there is room for.
    public var nodesEvicted: UInt64 = 0

    /// Creates counters at 0.
    public init() {}
}
