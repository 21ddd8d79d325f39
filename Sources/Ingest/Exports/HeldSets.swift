import TimeSeries

/// Sets of records whose template has not come yet: they are read when it does.
///
/// For a minute of their exporter's clock at most. Exporters repeat their templates every few minutes, and what is read so late
/// would count in a bin of time where it does not belong. At most ``mostSets`` sets of ``mostBytes`` bytes together;
/// past that the oldest go.
struct HeldSets: Sendable {
    /// One set.
    struct Held: Sendable {
        var key: ExportDomainKey
        var template: UInt16
        var clock: ExportClock
        /// Its records.
        var bytes: [UInt8]
    }

    static let mostSets = 256
    static let mostBytes = 1 << 18
    /// Seconds between the export of a set and that of its template.
    static let longest = 60.0

    private var sets: [Held] = []
    private(set) var bytes = 0

    /// The sets that are held.
    var count: Int { sets.count }

    /// Holds a set.
    ///
    /// - Returns: the sets that had to go for it.
    mutating func hold(_ set: Span<UInt8>, of template: UInt16, _ key: ExportDomainKey, _ clock: ExportClock) -> Int {
        var gone = 0
        while let first = sets.first,
            sets.count >= Self.mostSets || bytes + set.count > Self.mostBytes || Self.isOld(first, key, clock)
        {
            bytes -= first.bytes.count
            sets.removeFirst()
            gone += 1
        }
        var copy: [UInt8] = []
        copy.reserveCapacity(set.count)
        for index in 0..<set.count { copy.append(set[index]) }
        sets.append(Held(key: key, template: template, clock: clock, bytes: copy))
        bytes += copy.count
        return gone
    }

    /// Gives the sets of a template that has come, oldest first.
    ///
    /// - Returns: them, and how many more were too old.
    mutating func take(
        _ template: UInt16, of key: ExportDomainKey, _ clock: ExportClock
    ) -> (sets: [Held], expired: Int) {
        guard !sets.isEmpty else { return ([], 0) }
        let found = sets.filter { $0.template == template && $0.key == key }
        guard !found.isEmpty else { return ([], 0) }
        sets.removeAll { $0.template == template && $0.key == key }
        bytes -= found.reduce(0) { $0 + $1.bytes.count }
        let usable = found.filter { !Self.isOld($0, key, clock) }
        return (usable, found.count - usable.count)
    }

    /// Whether the clock of a set's own exporter has gone on by too much.
    private static func isOld(_ held: Held, _ key: ExportDomainKey, _ clock: ExportClock) -> Bool {
        held.key == key && clock.exported.seconds(since: held.clock.exported).magnitude > longest
    }
}
