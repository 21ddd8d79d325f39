public import TimeSeries

/// How a stored series is scaled, read without making a monitor of it.
public struct StoredScaling: Equatable, Sendable {
    /// A channel's scaling: a value is (value − location) / scale for the networks.
    public struct Channel: Equatable, Sendable {
        /// Where the channel usually is, in its unit.
        public var location: Double
        /// Its scale in force, in its unit; above 0.
        public var scale: Double
    }

    /// Whether the networks take part in the series.
    public var usesNetworks: Bool
    /// Of each channel in order.
    public var channels: [Channel]

    /// Reads the beginning of what `SeriesMonitor.encode(to:)` wrote.
    ///
    /// - Throws: ``StateCodingError`` when the bytes are cut short or of another version.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard version == SeriesMonitor.version || version == SeriesMonitor.unframedVersion else {
            throw .unknownVersion(of: "a series")
        }
        let count = Int(try reader.read(UInt32.self))
        // Each channel takes well over 8 bytes: a damaged count is found out before memory is asked for.
        guard count > 0, count * 8 <= reader.remaining else { throw .invalid("a series of \(count) channels") }
        _ = try reader.read(UInt64.self)
        usesNetworks = try reader.read(UInt8.self) & 1 == 1
        var parts = version == SeriesMonitor.version ? try StateParts(from: &reader) : StateParts(unframed: reader)
        let stored = try parts.read("the scaling") { (part) throws(StateCodingError) in
            var channels: [Channel] = []
            for _ in 0..<count {
                let scaler = try ChannelScaler(from: &part)
                channels.append(Channel(location: scaler.location, scale: scaler.scale))
            }
            return channels
        }
        guard let stored else { throw .unknownVersion(of: "how a series is scaled") }
        channels = stored
    }
}
