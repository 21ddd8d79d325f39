import Ingest
import TimeSeries

/// Gives every line of a stream its place: the series it belongs to, its tick, its number, its round.
///
/// All of this is decided in arrival order, before any work is spread over shards, so it is the same with any read
/// size and on any number of cores (PRODUCT.md section 8). A *round* is 8 samples for each series active at its start,
/// at most 4,096 but never less than a tick: counted, never timed. Weights change only where a round ends.
struct StreamSequencer: Sendable {
    /// What is to be done with one line.
    struct Step: Sendable {
        /// The kinds of line.
        enum Kind: Sendable, Equatable {
            /// A sample to be scored; `missed` ticks lie empty before it.
            case sample(missed: Int)
            /// Late or a duplicate: counted, not learned; the last verdict stands.
            case repeated
            /// Of a key that is no series yet: counted.
            case counted
            /// Not usable.
            case malformed
            /// No line: the series has ended.
            case ended
            /// No line: the series is said to have stopped.
            case stopped
        }

        /// Position of the line in its batch.
        var row: Int
        /// Index of the series; -1 when counted, meaningless when malformed.
        var series: Int
        /// What it is.
        var kind: Kind
        /// Event time.
        var time: Timestamp
        /// The interval of the series in seconds, when it is known.
        var interval: Double?
        /// Whether the windows of the series begin anew: the clock was set.
        var restarts = false

        /// Whether it is a sample with nothing odd about its time, as nearly all are.
        var isOrdinary: Bool { if case .sample = kind { !restarts } else { false } }
    }

    /// Samples for each active series in a round.
    static let samplesPerSeries = 8
    /// The largest round, where a tick of all series has no more samples.
    static let largestRound = 4_096

    /// Number of the round in progress, from 0.
    private(set) var round: UInt64 = 0
    /// Samples that the round in progress still takes.
    private(set) var remaining = StreamSequencer.samplesPerSeries
    /// Series that had a sample in the last round or the one before.
    private(set) var activeSeries = 1
    /// Lines so far.
    private(set) var lines: UInt64 = 0
    /// Samples so far.
    private(set) var samples: UInt64 = 0
    /// Lines so far that came too late to be learned.
    private(set) var lateLines: UInt64 = 0
    /// Lines so far with the time of the one before.
    private(set) var duplicateLines: UInt64 = 0
    /// Times so far that a series' clock was set, back or by years ahead.
    private(set) var clockSteps: UInt64 = 0
    /// Lines so far of keys that are no series (yet).
    private(set) var countedLines: UInt64 = 0

    private var clocks: [SeriesClock] = []
    private var lastRound: [UInt64] = []
    private var declaredInterval: Double?
    private var replaysWithoutTime: Bool
    /// How often the clock of arrivals was set, and of how many times each series knows. Not stored.
    private var settings = 0
    private var knownSettings: [Int] = []

    /// Creates a sequencer.
    ///
    /// - Parameters:
    ///   - declaredInterval: the grid's interval in seconds, `nil` to learn it for each series.
    ///   - timesByRow: lines without a time get row × interval (`replay`) and not the time of arrival (`run`).
    init(declaredInterval: Double?, timesByRow: Bool) {
        self.declaredInterval = declaredInterval
        replaysWithoutTime = timesByRow
    }

    /// Number of series met so far.
    var seriesCount: Int { clocks.count }

    /// The clock of a series, for reports.
    func clock(of series: Int) -> SeriesClock { clocks[series] }

    /// The interval of a series in seconds; `nil` while it is not known.
    func interval(of series: Int) -> Double? { clocks.indices.contains(series) ? clocks[series].interval : nil }

    /// Declares the grid's interval, of all series to come.
    mutating func declare(interval: Double) { declaredInterval = interval }

    /// The clock by which lines without a time are dated was set: the grids of their series begin anew, each with its
    /// next line.
    mutating func arrivalClockWasSet() { settings += 1 }

    /// Whether the clock of arrivals was set since a series' last line.
    private mutating func isSet(_ series: Int) -> Bool {
        guard settings > 0 else { return false }
        while knownSettings.count <= series { knownSettings.append(0) }
        defer { knownSettings[series] = settings }
        return knownSettings[series] < settings
    }

    /// Takes the next line.
    mutating func take(_ row: RecordBatch.Row, at index: Int, arrival: Timestamp?) -> Step {
        if row.endsSeries { return end(row, at: index) }
        if row.stopsSeries {
            return Step(
                row: index, series: Int(row.series), kind: .stopped, time: row.time ?? Timestamp(nanoseconds: 0))
        }
        let line = lines
        lines += 1
        guard row.malformed == nil else {
            return Step(row: index, series: Int(row.series), kind: .malformed, time: Timestamp(nanoseconds: 0))
        }
        let series = Int(row.series)
        guard series >= 0 else {
            countedLines += 1
            return Step(row: index, series: -1, kind: .counted, time: row.time ?? Timestamp(nanoseconds: 0))
        }
        while clocks.count <= series {
            clocks.append(SeriesClock(interval: declaredInterval))
            lastRound.append(.max)
        }
        if row.beginsSeries { clocks[series] = SeriesClock(interval: declaredInterval) }
        var time = row.time ?? timeWithoutStamp(line: line, arrival: arrival)
        // Asked only in the hour that clocks show twice.
        if row.time != nil, row.repeatedAfter > 0 {
            time = clocks[series].reading(time, repeatedAfter: Int(row.repeatedAfter))
        }
        let isSet = row.time == nil && isSet(series)
        switch clocks[series].admit(time, isSet: isSet) {
        case .onTime(let missed):
            count(series)
            return Step(
                row: index, series: series, kind: .sample(missed: missed), time: time, interval: clocks[series].interval
            )
        case .stepped:
            count(series)
            // The machine's own clock is told of once, not for each series.
            if !isSet { clockSteps += 1 }
            return Step(
                row: index, series: series, kind: .sample(missed: 0), time: time, interval: clocks[series].interval,
                restarts: true)
        case .late:
            lateLines += 1
            return Step(row: index, series: series, kind: .repeated, time: time)
        case .duplicate:
            duplicateLines += 1
            return Step(row: index, series: series, kind: .repeated, time: time)
        }
    }

    private mutating func end(_ row: RecordBatch.Row, at index: Int) -> Step {
        let series = Int(row.series)
        if lastRound.indices.contains(series) { lastRound[series] = .max }
        return Step(row: index, series: series, kind: .ended, time: row.time ?? Timestamp(nanoseconds: 0))
    }

    private func timeWithoutStamp(line: UInt64, arrival: Timestamp?) -> Timestamp {
        if !replaysWithoutTime, let arrival { return arrival }
        return Timestamp(nanoseconds: 0).advanced(bySeconds: Double(line) * (declaredInterval ?? 1))
    }

    private mutating func count(_ series: Int) {
        samples += 1
        remaining -= 1
        lastRound[series] = round
    }

    /// Whether the last step was the last sample of its round.
    var isAtBorder: Bool { remaining == 0 }

    /// Begins the next round.
    ///
    /// - Precondition: ``isAtBorder``.
    mutating func beginRound() {
        precondition(isAtBorder, "a round ends when its samples are counted; \(remaining) are missing")
        var active = 0
        for last in lastRound where last != .max && last + 1 >= round { active += 1 }
        activeSeries = max(1, active)
        round += 1
        // A round of less than a tick would take the series for fewer than they are, and a tick for complete too early.
        remaining = max(activeSeries, min(Self.samplesPerSeries * activeSeries, Self.largestRound))
    }

    /// Whether a series had a sample in the last 8 to 16 ticks, as rounds count them: a round of very many series is
    /// one tick.
    func isActive(_ series: Int) -> Bool {
        let ticks = min(Self.samplesPerSeries, clocks.count * Self.samplesPerSeries / Self.largestRound)
        let rounds = UInt64(1 + ticks)
        return lastRound[series] != .max && lastRound[series] + rounds >= round
    }

    /// Goes on where another sequencer stood, with the settings of this one.
    mutating func goOn(from other: StreamSequencer) {
        let settings = (declaredInterval, replaysWithoutTime)
        self = other
        (declaredInterval, replaysWithoutTime) = settings
    }

    /// Writes the sequencer.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(2))
        writer.write(round)
        writer.write(UInt32(remaining))
        writer.write(UInt32(activeSeries))
        writer.write(lines)
        writer.write(samples)
        writer.write(lateLines)
        writer.write(duplicateLines)
        writer.write(clockSteps)
        writer.write(countedLines)
        writer.write(lastRound)
        for clock in clocks { clock.encode(to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote.
    mutating func restore(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 2 else { throw .unknownVersion(of: "a stream's sequence") }
        round = try reader.read()
        remaining = Int(try reader.read(UInt32.self))
        activeSeries = Int(try reader.read(UInt32.self))
        lines = try reader.read()
        samples = try reader.read()
        lateLines = try reader.read()
        duplicateLines = try reader.read()
        clockSteps = try reader.read()
        countedLines = try reader.read()
        lastRound = try reader.readIntegers(UInt64.self)
        clocks = []
        for _ in lastRound { clocks.append(try SeriesClock(from: &reader)) }
        guard (1...max(Self.largestRound, activeSeries)).contains(remaining), activeSeries >= 1,
            max(round, lines, samples, lateLines, duplicateLines, clockSteps, countedLines) < 1 << 62
        else {
            throw .invalid("\(remaining) samples left in a round")
        }
    }
}
