/// A series by the name of its stream and its own.
struct SeriesName: Hashable, Sendable {
    var stream: String
    var series: String
}

/// Which series somebody looks at: few, and each until nobody has asked for a while.
struct SeriesLooks: Sendable {
    /// Series at once.
    static let most = 16
    /// Seconds after which nobody looks any more.
    static let patience = 60.0

    private var lastLooks: [SeriesName: Double] = [:]

    /// Somebody looks.
    ///
    /// - Parameter seconds: the monotonic clock.
    /// - Returns: the series that has to go for it, when there are too many: the one that was looked at least lately.
    mutating func note(_ name: SeriesName, at seconds: Double) -> SeriesName? {
        lastLooks[name] = seconds
        guard lastLooks.count > Self.most,
            let oldest = lastLooks.filter({ $0.key != name }).min(by: { $0.value < $1.value })?.key
        else { return nil }
        lastLooks[oldest] = nil
        return oldest
    }

    /// Lets time pass.
    ///
    /// - Returns: the series that nobody looks at any more.
    mutating func expire(at seconds: Double) -> [SeriesName] {
        let over = lastLooks.filter { seconds - $0.value > Self.patience }.map(\.key)
        for name in over { lastLooks[name] = nil }
        return over
    }
}
