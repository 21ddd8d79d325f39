/// What came of the datagrams of flow exporters.
public struct ExportCounters: Equatable, Sendable {
    /// Datagrams with a header of one of the three versions.
    public var datagrams: UInt64 = 0
    /// Flow records.
    public var flows: UInt64 = 0
    /// Records of something else: of the exporter itself, of frames, of beginnings.
    public var otherRecords: UInt64 = 0
    /// Flow records that did not come, by the numbers of exporters that number records.
    public var lostFlows: UInt64 = 0
    /// Datagrams that did not come, by the numbers of exporters that number datagrams.
    public var lostDatagrams: UInt64 = 0
    /// Datagrams that came after a later one.
    public var late: UInt64 = 0
    /// Times that an exporter's numbers began anew.
    public var restarts: UInt64 = 0
    /// Senders that are known: an address with what it calls itself.
    public var exporters: UInt64 = 0
    /// Senders that were forgotten because there were too many.
    public var exportersEvicted: UInt64 = 0
    /// Templates that came for the first time.
    public var templates: UInt64 = 0
    /// Templates that took the place of another one.
    public var templatesChanged: UInt64 = 0
    /// Templates that their exporter took back.
    public var templatesWithdrawn: UInt64 = 0
    /// Templates that were forgotten because there were too many.
    public var templatesEvicted: UInt64 = 0
    /// Sets of records that came before their template.
    public var setsHeld: UInt64 = 0
    /// Those of them that were read when it came.
    public var setsRead: UInt64 = 0
    /// Those of them that were given up: there were too many, or it came a minute later or not at all.
    public var setsDropped: UInt64 = 0

    /// Creates counters at 0.
    public init() {}
}

/// Records that an exporter sent and that did not come: told when there are some, and each time they are ten times more.
public struct ExportLossNotice: Equatable, Sendable {
    /// The exporter's address, and what it calls itself.
    public var exporter: String
    /// How much did not come so far.
    public var lost: UInt64
    /// Whether that is datagrams, of an exporter that numbers those; else it is flow records.
    public var areDatagrams: Bool
}
