import Ingest
import TimeSeries

/// Puts the readings of metrics (StatsD) together to samples: one for each series and interval, as its kind says.
///
/// **Time.** A reading counts when it arrives, or at the time that its line has, if that is not later. An interval ends for
/// all series when a reading of a later one comes; one that comes late counts in the interval in progress. In a recording
/// lines without a time go with the line before, a second behind it where no line has one. A time that is more than an hour
/// old, or ahead, is not believed: the reading counts as one that has none. In a recording an hour behind the others and a day
/// ahead of them are allowed, and sixteen such times in a row mean that the clock was set: the intervals begin anew.
///
/// **Nothing said.** Once it is known, a series has a sample for every interval: a counter without a line is 0, a gauge
/// keeps its value, a timer is missing (and its count 0), a set has no member. After a pause of the whole stream of more
/// than an hour's intervals (at least 60), or of 131,072 samples, those in between are left out. What is in progress at
/// the end is not told: a part of an interval is like no whole one.
///
/// The memory of a series is bounded, whatever its readings are; after warm-up a reading costs no allocation.
struct MetricGatherer: Equatable, Sendable {
    /// What one series has come to in the interval in progress.
    struct Member: Equatable, Sendable {
        var kind: MetricKind
        /// Whether it had a value ever.
        var isKnown = false
        /// Of a gauge, held.
        var level = 0.0
        var sum = 0.0
        var weight = 0.0
        var largest = -Double.infinity
        var members = SetMembers()
    }

    /// Seconds behind the latest reading from which one is dropped.
    static let farBehind = 3_600.0
    /// Seconds ahead of it from which one is dropped.
    static let farAhead = 86_400.0
    /// Misdated readings in a row that mean a step of the clock.
    static let readingsUntilStep = 16
    private static let fewestEmpty: Int64 = 60
    private static let mostEmptySamples: Int64 = 1 << 17

    /// Nanoseconds of an interval.
    var length: Int64
    private var writesTimes: Bool
    var members: [Member] = []
    /// The interval in progress.
    var tick: Int64?
    var latest: Timestamp?
    var misdatedRun = 0
    /// Whether a line of a recording had a time.
    var hasTimes = false

    /// Creates a gatherer.
    ///
    /// - Parameters:
    ///   - interval: in seconds.
    ///   - writesTimes: whether samples carry their time as text, for score rows.
    init(interval: Double, writesTimes: Bool) {
        length = max(1_000_000, Int64((min(interval, 1e9) * 1e9).rounded()))
        self.writesTimes = writesTimes
    }

    /// The samples that rows of a batch complete, with its other rows in their places.
    mutating func gather(_ batch: RecordBatch, rows: Range<Int>) -> RecordBatch {
        var gathered = batch.emptied
        for row in batch.rows[rows] {
            if row.malformed != nil || row.series < 0 {
                gathered.pass(row, of: batch)
            } else {
                take(row, of: batch, into: &gathered)
            }
        }
        return gathered
    }

    /// The start of the interval in which a row came; `nil` when nothing says.
    func start(of row: RecordBatch.Row, arrival: Timestamp?) -> Timestamp? {
        guard row.malformed == nil, let time = arrival ?? row.time ?? latest else { return nil }
        if arrival == nil, let latest, isFar(time, from: latest) { return nil }
        return start(of: tick(of: time))
    }

    /// Nobody listened for a while: what was said in the interval in progress is not all there was.
    mutating func wasAway() {
        tick = nil
        latest = nil
        for index in members.indices { members[index].begin() }
    }

    // MARK: A reading

    private mutating func take(_ row: RecordBatch.Row, of batch: RecordBatch, into gathered: inout RecordBatch) {
        let series = Int(row.series)
        guard let kinds = batch.schema?.metrics, !kinds.isEmpty else { return }
        while members.count <= series {
            let group = Int(batch.seriesGroups[members.count])
            members.append(Member(kind: kinds[min(group, kinds.count - 1)]))
        }
        let time = instant(of: row, arrival: batch.arrival, into: &gathered)
        advance(to: tick(of: time), into: &gathered)
        let first = Int(row.firstValue)
        members[series].take(batch.values[first], standingFor: batch.values[first + 1], isChange: row.isChange)
    }

    /// When a reading counts.
    private mutating func instant(
        of row: RecordBatch.Row, arrival: Timestamp?, into gathered: inout RecordBatch
    ) -> Timestamp {
        let time: Timestamp
        if let arrival {
            // The wall clock is not asked whether it can be right; set back, the intervals begin anew.
            if let latest, latest.seconds(since: arrival) > 2 * Double(length) / 1e9 { restart(into: &gathered) }
            time = row.time.map { isCredible($0, at: arrival) ? $0 : arrival } ?? arrival
        } else {
            time = recorded(row.time, into: &gathered)
        }
        latest = latest.map { max($0, time) } ?? time
        return time
    }

    private func isCredible(_ written: Timestamp, at arrival: Timestamp) -> Bool {
        written < arrival && arrival.seconds(since: written) <= Self.farBehind
    }

    /// When a reading of a recording counts, which does not say when its lines came.
    private mutating func recorded(_ written: Timestamp?, into gathered: inout RecordBatch) -> Timestamp {
        guard let written else {
            return latest?.advanced(bySeconds: hasTimes ? 0 : 1) ?? Timestamp(nanoseconds: 0)
        }
        if let latest, isFar(written, from: latest) {
            misdatedRun += 1
            guard misdatedRun >= Self.readingsUntilStep else { return latest }
            restart(into: &gathered)
        } else if latest != nil, !hasTimes {
            restart(into: &gathered)
        }
        misdatedRun = 0
        hasTimes = true
        return written
    }

    private func isFar(_ written: Timestamp, from latest: Timestamp) -> Bool {
        let ahead = written.seconds(since: latest)
        return hasTimes && (ahead < -Self.farBehind || ahead > Self.farAhead)
    }

    private mutating func restart(into gathered: inout RecordBatch) {
        if let tick { emit(tick, into: &gathered) }
        tick = nil
        latest = nil
    }

    // MARK: Intervals

    private mutating func advance(to next: Int64, into gathered: inout RecordBatch) {
        guard let open = tick else {
            tick = next
            return
        }
        guard next > open else { return }
        emit(open, into: &gathered)
        let most = max(Self.fewestEmpty, 3_600_000_000_000 / length)
        // They come at once: very many series would fill the memory with them.
        let empty = next - open - 1
        if empty <= most, empty * Int64(members.count) <= Self.mostEmptySamples {
            for silent in (open + 1)..<next { emit(silent, into: &gathered) }
        }
        tick = next
    }

    private func tick(of time: Timestamp) -> Int64 {
        let tick = time.nanoseconds / length
        return time.nanoseconds % length < 0 ? tick - 1 : tick
    }

    private func start(of tick: Int64) -> Timestamp {
        Timestamp(nanoseconds: tick.multipliedReportingOverflow(by: length).partialValue)
    }

    private mutating func emit(_ tick: Int64, into gathered: inout RecordBatch) {
        let time = start(of: tick)
        let text = Int32(gathered.text.count)
        if writesTimes { gathered.text.append(contentsOf: time.description.utf8) }
        let range = text..<Int32(gathered.text.count)
        for index in members.indices where members[index].isKnown {
            let first = Int32(gathered.values.count)
            members[index].append(to: &gathered.values)
            members[index].begin()
            gathered.rows.append(
                RecordBatch.Row(
                    malformed: nil, series: Int32(index), time: time, timeText: range, firstValue: first, endOffset: 0))
        }
    }
}

extension MetricGatherer.Member {
    /// Takes a value; a missing one says nothing.
    mutating func take(_ value: Double, standingFor count: Double, isChange: Bool) {
        guard value == value else { return }
        isKnown = true
        switch kind {
        case .counter: sum += value
        case .gauge: level = isChange ? level + value : value
        case .set: members.insert(value)
        case .timer, .histogram:
            sum += value * count
            weight += count
            largest = max(largest, value)
        }
    }

    /// Appends the values of its channels; what no number can hold is missing.
    func append(to values: inout [Double]) {
        switch kind {
        case .counter: values.append(sum.finite)
        case .gauge: values.append(level.finite)
        case .set: values.append(members.count)
        case .timer, .histogram:
            values.append((sum / weight).finite)
            values.append(largest.finite)
            values.append(weight.finite)
        }
    }

    /// Begins the next interval; a gauge keeps its level.
    mutating func begin() {
        sum = 0
        weight = 0
        largest = -.infinity
        if kind == .set { members.removeAll() }
    }
}

extension Double {
    /// The number, or NaN when it is infinite.
    fileprivate var finite: Double { isFinite ? self : .nan }
}
