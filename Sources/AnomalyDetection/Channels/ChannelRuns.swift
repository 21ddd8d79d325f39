import TimeSeries

/// What one channel's runs have been like, and the ones in progress: of an unchanged value, and of samples without one.
struct ChannelRuns: Equatable, Sendable {
    /// Samples without a value that do not split a run of an unchanged one: as many as a window holds.
    static let longestBridge = UInt32(DetectionRecipe.longestHold)
    /// Runs before a value can be stuck: as many as a noisy sensor has samples before events are scored.
    static let fewestRuns: UInt64 = 200
    /// A run of so many samples, and longer than usual, goes on over one sample that differs, if it then comes back.
    private static let shortestBridged = 8.0
    /// Two samples for a unit, for two equal values in a row are nothing: that makes the least limit ten samples.
    private static let unit = 2.0
    private static let shortestStuck = 10.0

    /// A value that differs in the middle of a long run, on trial.
    private struct Away: Equatable, Sendable {
        var value: Double
        var time: Timestamp
        var number: UInt64
    }

    private var habit = SpanHabit()
    /// The value that does not change; NaN before any.
    private(set) var value = Double.nan
    /// Samples with it so far.
    private(set) var run = 0.0
    private(set) var runBegan = Timestamp(nanoseconds: 0)
    private(set) var runNumber: UInt64 = 0
    /// Length that the run may have: 0 before it is asked for, infinite while nothing is known.
    private var limit = 0.0
    private var away: Away?
    private var sinceAway = 0.0
    /// Whether the run is an incident's already, of whatever kind.
    var isTold = false
    /// Whether the value is stuck.
    var isStuck = false

    private var presence = SpanHabit()
    /// Samples in a row without a value.
    private(set) var missing: UInt32 = 0
    private(set) var missingSince = Timestamp(nanoseconds: 0)
    private(set) var missingNumber: UInt64 = 0
    /// Whether the channel has been missing for longer than it is used to.
    var isMissing = false

    /// The longest run remembered, in samples.
    var longestRun: Double { habit.longest }
    /// The longest row of samples without a value remembered.
    var longestMissing: Double { max(0, presence.longest - 1) }

    /// Takes a value that is there, in one go.
    ///
    /// - Parameters:
    ///   - restarts: whether what was does not precede it.
    /// - Returns: whether the run is longer than the channel is used to.
    mutating func goOn(
        _ new: Double, at time: Timestamp, number: UInt64, generation: Double, restarts: Bool, rate: Double
    ) -> Bool {
        if restarts { forget() }
        take(new, at: time, number: number, generation: generation)
        isMissing = false
        return isTooLong(rate: rate)
    }

    /// Takes a value that is there.
    ///
    /// - Parameters:
    ///   - generation: samples after which old runs are forgotten.
    mutating func take(_ new: Double, at time: Timestamp, number: UInt64, generation: Double) {
        presence.learn(Double(missing) + 1, generation: generation)
        missing = 0
        if new == value {
            run += away == nil ? 1 : 2
            if away != nil { sinceAway = 0 }
            away = nil
            sinceAway += 1
            return
        }
        if let gone = away {
            end(generation: generation, learns: true)
            begin(gone.value, at: gone.time, number: gone.number)
            if gone.value == new { run += 1 } else { change(to: new, time, number, generation: generation) }
        } else if run >= Self.shortestBridged, run > habit.thirdLongest, sinceAway >= Self.shortestBridged {
            away = Away(value: new, time: time, number: number)
        } else {
            change(to: new, time, number, generation: generation)
        }
    }

    private mutating func change(
        to new: Double, _ time: Timestamp, _ number: UInt64, generation: Double
    ) {
        end(generation: generation, learns: value == value)
        begin(new, at: time, number: number)
    }

    private mutating func begin(_ new: Double, at time: Timestamp, number: UInt64) {
        value = new
        run = 1
        runBegan = time
        runNumber = number
    }

    private mutating func end(generation: Double, learns: Bool) {
        if learns { habit.learn(run, generation: generation) }
        away = nil
        sinceAway = Self.shortestBridged
        run = 0
        isTold = false
        isStuck = false
        limit = 0
    }

    /// Whether the run is longer than the channel is used to.
    mutating func isTooLong(rate: Double) -> Bool {
        guard run > Self.shortestStuck else { return false }
        // Worked out once a run and only for a long one: in a noisy channel every sample ends a run.
        if limit == 0 {
            let known = habit.count >= Self.fewestRuns ? habit.limit(tail: .power, rate: rate, unit: Self.unit) : nil
            limit = known ?? .infinity
        }
        return run > limit
    }

    /// When the run ended that a value on trial may end: the first sample that differed.
    var awaySince: Timestamp? { away?.time }

    /// Takes a sample without a value.
    mutating func miss(at time: Timestamp, number: UInt64) {
        if missing == 0 {
            missingSince = time
            missingNumber = number
        }
        missing += missing < .max ? 1 : 0
        if missing > Self.longestBridge { forget() }
    }

    /// Nothing that was precedes what comes: the run is not known to go on.
    mutating func forget() {
        value = .nan
        run = 0
        away = nil
        isTold = false
        isStuck = false
        limit = 0
    }

    /// Samples without a value that are more than usual; `nil` while that is not known.
    func missingLimit(rate: Double) -> Double? { presence.limit(tail: .exponential, rate: rate, unit: 1) }

    /// Whether it ever had a value.
    var hasSpoken: Bool { presence.count > 0 }

    /// Writes the runs.
    func encode(to writer: inout StateWriter) {
        habit.encode(to: &writer)
        writer.write(value)
        writer.write(run)
        writer.write(runBegan.nanoseconds)
        writer.write(runNumber)
        writer.write(limit)
        writer.write(away != nil)
        writer.write(away?.value ?? 0)
        writer.write(away?.time.nanoseconds ?? 0)
        writer.write(away?.number ?? 0)
        writer.write(sinceAway)
        writer.write(isTold)
        writer.write(isStuck)
        presence.encode(to: &writer)
        writer.write(missing)
        writer.write(missingSince.nanoseconds)
        writer.write(missingNumber)
        writer.write(isMissing)
    }

    init() {}

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        habit = try SpanHabit(from: &reader)
        value = try reader.readDouble()
        run = try reader.readDouble()
        runBegan = Timestamp(nanoseconds: try reader.read())
        runNumber = try reader.read()
        limit = try reader.readDouble()
        let isAway = try reader.readBool()
        let gone = Away(
            value: try reader.readDouble(), time: Timestamp(nanoseconds: try reader.read()), number: try reader.read())
        away = isAway ? gone : nil
        sinceAway = try reader.readDouble()
        isTold = try reader.readBool()
        isStuck = try reader.readBool()
        presence = try SpanHabit(from: &reader)
        missing = try reader.read()
        missingSince = Timestamp(nanoseconds: try reader.read())
        missingNumber = try reader.read()
        isMissing = try reader.readBool()
        guard run >= 0, run < .infinity, limit >= 0, sinceAway >= 0 else { throw .invalid("a run of \(run) samples") }
    }
}
