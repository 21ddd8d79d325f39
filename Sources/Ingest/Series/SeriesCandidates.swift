public import TimeSeries

/// Keys that lines name and that are no series yet, counted in bounded memory by two rules at once.
///
/// ``SpaceSaving`` keeps what comes often among very many others, however irregularly: the machine within a scan.
/// ``RecentKeys`` keeps what comes in turn, as many keys as may become series. Whichever has seen a key often enough first
/// admits it; neither ever counts too much.
public struct SeriesCandidates: Sendable, Equatable {
    /// Those that come often.
    public private(set) var frequent = SpaceSaving()
    /// Those that came lately.
    public private(set) var recent = RecentKeys()

    /// Creates an empty count.
    public init() {}

    /// Counts a key once.
    ///
    /// - Parameter room: keys that may become series, asked for when a generation is full.
    /// - Returns: how often the key came, at least.
    mutating func count(_ key: Span<UInt8>, hash: UInt64, room: () -> Int) -> UInt64 {
        if recent.isFull { recent.widen(to: room()) }
        return max(UInt64(recent.count(hash: hash)), frequent.count(key, hash: hash).least)
    }

    /// Forgets a key.
    mutating func remove(hash: UInt64) {
        frequent.remove(hash: hash)
        recent.remove(hash: hash)
    }

    // MARK: State

    /// Writes both.
    public func encode(to writer: inout StateWriter) {
        frequent.encode(to: &writer)
        recent.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameter hasRecent: whether there is more than the sketch, as there was not at first.
    public init(from reader: inout StateReader, hasRecent: Bool = true) throws(StateCodingError) {
        frequent = try SpaceSaving(from: &reader)
        if hasRecent { recent = try RecentKeys(from: &reader) }
    }
}
