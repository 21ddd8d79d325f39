import Synchronization

/// When a key that lines name becomes a series.
///
/// A key is first only counted, in bounded memory (``SeriesCandidates``), and becomes a series at its third record: a misspelt name, a
/// scan over a network or a line of garbage costs nothing that lasts. Past the allowance newcomers stay counted. All of
/// it is decided in the order of arrival, while lines are decoded.
public struct SeriesAdmission: Sendable {
    /// Records after which a key is a series.
    public var records: UInt64
    /// What all streams together may hold.
    public var allowance: SeriesAllowance

    /// Creates a rule.
    ///
    /// - Parameters:
    ///   - records: from 1.
    ///   - allowance: shared by all decoders whose series count together.
    public init(records: UInt64 = 3, allowance: SeriesAllowance = SeriesAllowance()) {
        precondition(records >= 1, "a series after \(records) records")
        self.records = records
        self.allowance = allowance
    }

    /// Every key at once, without a bound but the decoder's own: for looking at a file, not for watching one.
    public static var atOnce: SeriesAdmission { SeriesAdmission(records: 1) }
}

/// How many series there may be, and how much memory they may take, over all streams of a process.
public final class SeriesAllowance: Sendable {
    /// What is taken.
    public struct Usage: Equatable, Sendable {
        /// Series.
        public var series = 0
        /// Bytes that they take once their rings are full, with what was reserved.
        public var bytes = 0
        /// Records of keys that could have become a series and were refused.
        public var refusedRecords: UInt64 = 0
    }

    private struct Limits {
        var mostSeries: Int
        var mostBytes: Int
    }

    /// Most series.
    public var mostSeries: Int { limits.withLock { $0.mostSeries } }
    /// Most bytes of all series.
    public var mostBytes: Int { limits.withLock { $0.mostBytes } }
    private let limits: Mutex<Limits>
    private let bytesPerSeries: @Sendable (_ channels: Int) -> Int
    private let state = Mutex(State())

    private struct State {
        var usage = Usage()
        /// Channels of the series whose bytes are not reckoned yet: measuring them takes time, and is put off until a newcomer
        /// asks.
        var unreckoned: [Int] = []
    }

    /// Creates an allowance of which nothing is taken.
    ///
    /// - Parameter bytesPerSeries: memory of a series with so many channels.
    public init(
        mostSeries: Int = 1 << 20, mostBytes: Int = .max, bytesPerSeries: @escaping @Sendable (Int) -> Int = { _ in 0 }
    ) {
        limits = Mutex(Limits(mostSeries: mostSeries, mostBytes: mostBytes))
        self.bytesPerSeries = bytesPerSeries
    }

    /// Applies other bounds to newcomers; who is there stays.
    public func reconfigure(mostSeries: Int, mostBytes: Int) {
        limits.withLock { $0 = Limits(mostSeries: mostSeries, mostBytes: mostBytes) }
    }

    /// What is taken now.
    public var usage: Usage {
        reckon()
        return state.withLock { $0.usage }
    }

    /// Takes room for a series that is there whatever the allowance says: one of a stored state, or a stream's own.
    public func take(channels: Int) {
        state.withLock { state in
            state.usage.series += 1
            state.unreckoned.append(channels)
        }
    }

    /// Takes room for what no series has to itself; gives it back when it is negative.
    public func reserve(bytes: Int) { state.withLock { $0.usage.bytes += bytes } }

    /// Whether there is room for a newcomer.
    public func hasRoom(channels: Int) -> Bool {
        reckon()
        let bytes = bytesPerSeries(channels)
        let (mostSeries, mostBytes) = limits.withLock { ($0.mostSeries, $0.mostBytes) }
        return state.withLock { $0.usage.series < mostSeries && $0.usage.bytes <= mostBytes - bytes }
    }

    /// Takes room for a newcomer.
    ///
    /// - Returns: whether there was room.
    public func takeIfFree(channels: Int) -> Bool {
        reckon()
        let bytes = bytesPerSeries(channels)
        let (mostSeries, mostBytes) = limits.withLock { ($0.mostSeries, $0.mostBytes) }
        return state.withLock { state in
            guard state.usage.series < mostSeries, state.usage.bytes <= mostBytes - bytes else {
                state.usage.refusedRecords += 1
                return false
            }
            state.usage.series += 1
            state.usage.bytes += bytes
            return true
        }
    }

    /// Gives the room of a series back: its stream goes on elsewhere.
    public func giveBack(channels: Int) {
        reckon()
        let bytes = bytesPerSeries(channels)
        state.withLock { state in
            state.usage.series -= 1
            state.usage.bytes -= bytes
        }
    }

    private func reckon() {
        let waiting = state.withLock { state in
            defer { state.unreckoned = [] }
            return state.unreckoned
        }
        guard !waiting.isEmpty else { return }
        let bytes = waiting.reduce(0) { $0 + bytesPerSeries($1) }
        state.withLock { $0.usage.bytes += bytes }
    }
}
