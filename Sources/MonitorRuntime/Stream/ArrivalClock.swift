import TimeSeries

/// Whether the machine's clock was set between two batches of a live stream.
///
/// Lines without a time are dated by their arrival, by the wall clock. When that is set, by NTP after a start in 1970 or by hand, the
/// lines have not been silent for as long as it jumps, nor are they late: the monotonic clock tells. Nothing of this is
/// stored.
struct ArrivalClock: Equatable, Sendable {
    /// Seconds by which the two clocks may differ between batches: a batch may have waited for the one before it since it was
    /// read.
    static let smallestStep = 10.0

    private var offset: Double?

    /// Takes note of a batch.
    ///
    /// - Parameters:
    ///   - arrival: the wall clock when it was read.
    ///   - seconds: the monotonic clock when it is taken.
    /// - Returns: by how many seconds the wall clock was set since the batch before; `nil` when it was not.
    mutating func step(to arrival: Timestamp, at seconds: Double) -> Double? {
        let now = arrival.seconds(since: Timestamp(nanoseconds: 0)) - seconds
        defer { offset = now }
        guard let offset, (now - offset).magnitude > Self.smallestStep else { return nil }
        return now - offset
    }
}
