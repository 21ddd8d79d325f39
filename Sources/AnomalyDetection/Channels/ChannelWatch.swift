public import TimeSeries

/// Notices that a channel of a series repeats one value, or is missing while the others go on, for longer than it is
/// used to.
///
/// A sensor that hangs repeats its last value to the bit. How long a value usually stays the same is learned for each
/// channel, as the lengths of its runs (``SpanHabit`` with a power tail): a thermometer with noise has runs of one sample,
/// a coarse one longer ones, a counter stands still all night, and what never changes has none and is never stuck. A run is
/// stuck when it is longer than what the alarm budget allows to be exceeded, and at least ten samples. Missing values do
/// not split a run, up to a window of them, nor does a single other value in the middle of a long one.
///
/// A missing channel is judged in the same way by the rows of samples that lack it (exponential tail), and at once under
/// `missing = "alarm"`. A source that holds or counts leaves out values as a matter of course: nothing is judged there.
///
/// Each kind is one incident of the series: it begins with its first channel and ends when all are well again. Onset is
/// where the run began: that is what a person wants to know of it, and it does not depend on how long it took to be sure.
///
/// - *Budget*: besides the learned limit, stuck values draw on a bucket of openings that fills at the alarm budget's rate
///   and holds one: what is not paid for is not told. A run that an incident of another kind has told of is not told again.
/// - *Cost*: constant for each channel; nothing is allocated unless something begins or ends. State 480 bytes a channel.
public struct ChannelWatch: Equatable, Sendable {
    /// What was found.
    public enum Kind: Equatable, Sendable {
        /// A value that does not change.
        case stuck
        /// A channel without values.
        case missing
    }

    /// Channels that are not well.
    public struct Finding: Equatable, Sendable {
        /// What it is.
        public var kind: Kind
        /// The channels, in their order.
        public var channels: [Int]
        /// Event time of the first sample of the run.
        public var since: Timestamp
        /// Its number within the series.
        public var sampleNumber: UInt64
        /// Samples so far.
        public var length: Double
        /// The longest run that is remembered, in samples; 0 when there was none.
        public var longest: Double
        /// The value that does not change; `nil` for a missing one.
        public var value: Double?
    }

    /// What a sample has changed.
    public enum Change: Equatable, Sendable {
        /// A channel is not well.
        case begins(Finding)
        /// All are well again; with the channels that were not.
        case ends(Kind, channels: [Int], at: Timestamp)
    }

    /// Days after which old runs are forgotten, at most twice that.
    private static let generationDays = 30.0

    private let falseAlarmsPerSecond: Double
    private let missing: SampleConditions.Missing
    private var runs: [ChannelRuns]
    private var openings = 1.0
    private var refilled: Timestamp?
    /// Channels of the incidents that are open.
    private var stuckChannels: [Int] = []
    private var missingChannels: [Int] = []

    /// Creates the watch over a new series.
    ///
    /// - Parameters:
    ///   - falseAlarmsPerSecond: the alarm budget of the series, in 1/s.
    ///   - missing: what a missing value means.
    public init(channelCount: Int, falseAlarmsPerSecond: Double, missing: SampleConditions.Missing = .gap) {
        self.falseAlarmsPerSecond = falseAlarmsPerSecond
        self.missing = missing
        runs = Array(repeating: ChannelRuns(), count: channelCount)
    }

    /// Whether a stuck value is told of now.
    public var isStuck: Bool { !stuckChannels.isEmpty }
    /// Whether a channel is one of those that are told of as stuck.
    public func isStuck(channel: Int) -> Bool { stuckChannels.contains(channel) }

    /// Takes the next sample.
    ///
    /// - Parameters:
    ///   - values: `[channelCount]` as measured; NaN is missing.
    ///   - time: event time.
    ///   - number: number of the sample within the series.
    ///   - interval: seconds between two samples, as far as is known.
    ///   - restarts: whether the clock stepped or the windows restart.
    ///   - isTold: whether an incident of the series is open that may be about the same.
    ///   - changes: takes what the sample has changed; not emptied.
    public mutating func observe(
        _ values: Span<Double>, at time: Timestamp, number: UInt64, interval: Double?, restarts: Bool = false,
        isTold: Bool = false, into changes: inout [Change]
    ) {
        precondition(values.count == runs.count, "\(values.count) values for \(runs.count) channels")
        let seconds = max(1e-3, interval ?? 1)
        let rate = falseAlarmsPerSecond * seconds
        let generation = Self.generationDays * 86_400 / seconds
        refill(to: time)
        var hasStuck = false
        var hasMissing = false
        for index in runs.indices {
            let value = values[index]
            if value == value {
                if runs[index].goOn(
                    value, at: time, number: number, generation: generation, restarts: restarts, rate: rate)
                {
                    judgeStuck(index, isTold: isTold)
                }
            } else {
                if restarts { runs[index].forget() }
                runs[index].miss(at: time, number: number)
                if !runs[index].isMissing { runs[index].isMissing = isMissing(index, rate: rate) }
            }
            hasStuck = hasStuck || runs[index].isStuck
            hasMissing = hasMissing || runs[index].isMissing
        }
        if hasStuck != isStuck || hasMissing == missingChannels.isEmpty {
            tell(at: time, hasStuck: hasStuck, hasMissing: hasMissing, into: &changes)
        }
    }

    /// Lets the stuck detector begin an incident: its evidence alone would have opened one at this sample.
    ///
    /// - Returns: `false` when no value repeats; then it is not about that.
    public mutating func beginStuck(at time: Timestamp, into changes: inout [Change]) -> Bool {
        guard !isStuck, let longest = runs.indices.max(by: { runs[$0].run < runs[$1].run }), runs[longest].run > 3
        else {
            return false
        }
        openings = max(-1, openings - 1)
        for index in runs.indices where runs[index].run == runs[longest].run {
            runs[index].isStuck = true
            runs[index].isTold = true
        }
        tell(at: time, hasStuck: true, hasMissing: !missingChannels.isEmpty, into: &changes)
        return true
    }

    private mutating func refill(to time: Timestamp) {
        if let refilled {
            // Behind a longer gap, or a clock that was set, nothing was watched for that time.
            let elapsed = min(86_400, time.seconds(since: refilled))
            if elapsed > 0 { openings = min(1, openings + elapsed * falseAlarmsPerSecond) }
        }
        refilled = time
    }

    private mutating func judgeStuck(_ index: Int, isTold: Bool) {
        guard !runs[index].isTold else { return }
        runs[index].isTold = true
        if isTold { return }
        // One that joins others belongs to their incident; the first one needs an opening.
        let joins = isStuck || runs.contains { $0.isStuck }
        guard joins || openings >= 1 else { return }
        if !joins { openings -= 1 }
        runs[index].isStuck = true
    }

    private func isMissing(_ index: Int, rate: Double) -> Bool {
        switch missing {
        case .hold, .zero: return false
        case .alarm: return runs[index].hasSpoken
        case .gap:
            guard runs[index].missing > 4, let limit = runs[index].missingLimit(rate: rate) else { return false }
            return Double(runs[index].missing) + 1 > limit
        }
    }

    private mutating func tell(
        at time: Timestamp, hasStuck: Bool, hasMissing: Bool, into changes: inout [Change]
    ) {
        if hasStuck, !isStuck {
            stuckChannels = runs.indices.filter { runs[$0].isStuck }
            let first = runs[stuckChannels[0]]
            changes.append(
                .begins(
                    Finding(
                        kind: .stuck, channels: stuckChannels, since: first.runBegan, sampleNumber: first.runNumber,
                        length: first.run, longest: first.longestRun, value: first.value)))
        } else if !hasStuck, isStuck {
            changes.append(.ends(.stuck, channels: stuckChannels, at: time))
            stuckChannels = []
        }
        if hasMissing, missingChannels.isEmpty {
            missingChannels = runs.indices.filter { runs[$0].isMissing }
            let first = runs[missingChannels[0]]
            changes.append(
                .begins(
                    Finding(
                        kind: .missing, channels: missingChannels, since: first.missingSince,
                        sampleNumber: first.missingNumber, length: Double(first.missing),
                        longest: first.longestMissing, value: nil)))
        } else if !hasMissing, !missingChannels.isEmpty {
            changes.append(.ends(.missing, channels: missingChannels, at: time))
            missingChannels = []
        }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { runs.count * MemoryLayout<ChannelRuns>.stride }

    // MARK: State

    /// Writes the watch; budget and meaning of missing values are configuration.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(UInt32(runs.count))
        for run in runs { run.encode(to: &writer) }
        writer.write(openings)
        writer.write(refilled != nil)
        writer.write(refilled?.nanoseconds ?? 0)
        writer.write(stuckChannels.map(UInt32.init))
        writer.write(missingChannels.map(UInt32.init))
    }

    /// Reads what ``encode(to:)`` wrote; what is told of goes on.
    public init(
        channelCount: Int, falseAlarmsPerSecond: Double, missing: SampleConditions.Missing,
        from reader: inout StateReader
    ) throws(StateCodingError) {
        self.init(channelCount: channelCount, falseAlarmsPerSecond: falseAlarmsPerSecond, missing: missing)
        guard try reader.read(UInt8.self) == 1, try reader.read(UInt32.self) == UInt32(channelCount) else {
            throw .invalid("a watch over other channels")
        }
        for index in runs.indices { runs[index] = try ChannelRuns(from: &reader) }
        openings = try reader.readDouble()
        let hasTime = try reader.readBool()
        let time = Timestamp(nanoseconds: try reader.read())
        refilled = hasTime ? time : nil
        stuckChannels = try reader.readIntegers(UInt32.self).map(Int.init)
        missingChannels = try reader.readIntegers(UInt32.self).map(Int.init)
        guard (-1...1).contains(openings), (stuckChannels + missingChannels).allSatisfy({ $0 < channelCount }) else {
            throw .invalid("a watch over channels that are not there")
        }
    }
}
