import Ingest
import TimeSeries

/// Gathers long-form rows, each with the value of one channel, into samples: one for each series and tick.
///
/// *Without a declared interval* a series' sample is complete when every channel has a value, and ends when a channel
/// comes a second time or with a time before the others': what reports in turn is put together whatever its distances.
/// Its time is that of its first value.
///
/// *With an interval* ticks are the multiples of it since 1970. Several values of a channel in one tick are averaged, and
/// the tick of all series ends when a value of a later tick arrives.
///
/// Rows that are whole samples pass through, in order; a stream that has no others costs nothing here.
struct TickGatherer: Sendable {
    /// The sample of a series that is being gathered.
    private struct Gathering: Equatable, Sendable {
        var sums: [Double]
        var counts: [Int32]
        /// Channels with a value or a missing one.
        var filled = 0
        var isOpen = false
        var time: Timestamp?
        /// Seconds from ``time`` to its other instant, while the clock of the series may find that it is meant.
        var repeatedAfter: Int32 = 0
        var tick: Int64 = 0
        /// Time of the last row.
        var last: Timestamp?

        init(channels: Int) {
            sums = Array(repeating: 0, count: channels)
            counts = Array(repeating: -1, count: channels)
        }
    }

    private var interval: Double?
    private var writesTimes: Bool
    private var gatherings: [Gathering] = []
    /// Series with an open tick, in the order they began; only with an interval.
    private var open: [Int32] = []
    private var lastTick = Int64.min

    /// Creates a gatherer.
    ///
    /// - Parameters:
    ///   - interval: of the grid, in seconds, when it is declared.
    ///   - writesTimes: whether samples carry their time as text, for score rows.
    init(interval: Double?, writesTimes: Bool) {
        self.interval = interval
        self.writesTimes = writesTimes
    }

    /// The samples that a batch completes, with its other rows in their places; the batch itself when it has no
    /// long-form row and nothing is open.
    mutating func gather(_ batch: RecordBatch) -> RecordBatch {
        guard batch.rows.contains(where: { $0.channel >= 0 && $0.malformed == nil && $0.series >= 0 }) else {
            return batch
        }
        var gathered = batch.emptied
        for row in batch.rows {
            if row.malformed != nil || row.series < 0 || row.channel < 0 {
                gathered.pass(row, of: batch)
            } else {
                take(row, of: batch, into: &gathered)
            }
        }
        latest = batch.emptied
        return gathered
    }

    /// The input has ended: samples that are not complete are complete now. `nil` when there are none.
    mutating func finish() -> RecordBatch? {
        guard let latest, gatherings.contains(where: \.isOpen) else { return nil }
        var gathered = latest
        for series in gatherings.indices where gatherings[series].isOpen { close(series, into: &gathered) }
        open.removeAll()
        return gathered
    }

    /// What the last batch said of the stream, for the samples that end after it.
    private var latest: RecordBatch?

    private mutating func take(_ row: RecordBatch.Row, of batch: RecordBatch, into gathered: inout RecordBatch) {
        let series = Int(row.series)
        while gatherings.count <= series {
            let group = Int(batch.seriesGroups[gatherings.count])
            gatherings.append(Gathering(channels: batch.schema?.groups[group].count ?? 0))
        }
        let time = instant(of: row, series) ?? batch.arrival
        gatherings[series].last = time
        let tick = self.tick(of: time)
        if let tick, tick > lastTick {
            closeAll(into: &gathered)
            lastTick = tick
        }
        let channel = Int(row.channel)
        guard gatherings[series].counts.indices.contains(channel) else { return }
        if gatherings[series].isOpen {
            let isOther =
                if let tick {
                    gatherings[series].tick != tick
                } else {
                    gatherings[series].counts[channel] >= 0 || isEarlier(time, than: gatherings[series].time)
                }
            if isOther { close(series, into: &gathered) }
        }
        if !gatherings[series].isOpen {
            gatherings[series].isOpen = true
            gatherings[series].tick = tick ?? 0
            gatherings[series].time = tick.map(start) ?? (row.time == nil ? nil : time)
            gatherings[series].repeatedAfter = tick == nil && time == row.time ? row.repeatedAfter : 0
            if tick != nil { open.append(row.series) }
        }
        add(batch.values[Int(row.firstValue)], to: channel, of: series)
        if tick == nil, gatherings[series].filled == gatherings[series].counts.count { close(series, into: &gathered) }
    }

    /// The time of a row; in an hour that clocks show twice, the pass that is nearer to the series' row before.
    private func instant(of row: RecordBatch.Row, _ series: Int) -> Timestamp? {
        guard let first = row.time, row.repeatedAfter > 0, let last = gatherings[series].last else { return row.time }
        let second = first.advanced(bySeconds: Double(row.repeatedAfter))
        return second.seconds(since: last).magnitude < first.seconds(since: last).magnitude ? second : first
    }

    private func isEarlier(_ time: Timestamp?, than other: Timestamp?) -> Bool {
        guard let time, let other else { return false }
        return time < other
    }

    private func tick(of time: Timestamp?) -> Int64? {
        guard let interval, let time else { return nil }
        let length = max(1, Int64((interval * 1e9).rounded()))
        let tick = time.nanoseconds / length
        return time.nanoseconds % length < 0 ? tick - 1 : tick
    }

    private func start(of tick: Int64) -> Timestamp {
        let length = max(1, Int64(((interval ?? 1) * 1e9).rounded()))
        return Timestamp(nanoseconds: tick.multipliedReportingOverflow(by: length).partialValue)
    }

    private mutating func add(_ value: Double, to channel: Int, of series: Int) {
        if gatherings[series].counts[channel] < 0 {
            gatherings[series].counts[channel] = 0
            gatherings[series].filled += 1
        }
        // A missing value in a tick that has another says nothing.
        guard value == value else { return }
        gatherings[series].sums[channel] += value
        gatherings[series].counts[channel] += gatherings[series].counts[channel] < .max ? 1 : 0
    }

    private mutating func closeAll(into gathered: inout RecordBatch) {
        // In order of their numbers, whoever spoke first within the tick.
        open.sort()
        for series in open where gatherings[Int(series)].isOpen { close(Int(series), into: &gathered) }
        open.removeAll(keepingCapacity: true)
    }

    private mutating func close(_ series: Int, into gathered: inout RecordBatch) {
        let first = Int32(gathered.values.count)
        let channels = gatherings[series].sums.count
        for channel in 0..<channels {
            let count = gatherings[series].counts[channel]
            gathered.values.append(count > 0 ? gatherings[series].sums[channel] / Double(count) : .nan)
            gatherings[series].sums[channel] = 0
            gatherings[series].counts[channel] = -1
        }
        gatherings[series].filled = 0
        gatherings[series].isOpen = false
        let start = Int32(gathered.text.count)
        let time = gatherings[series].time
        if writesTimes, let time { gathered.text.append(contentsOf: time.description.utf8) }
        gathered.rows.append(
            RecordBatch.Row(
                malformed: nil, series: Int32(series), time: time, repeatedAfter: gatherings[series].repeatedAfter,
                timeText: start..<Int32(gathered.text.count), firstValue: first, endOffset: 0))
    }

    // MARK: State

    /// Goes on where another gatherer stood, with the settings of this one.
    mutating func goOn(from other: TickGatherer) {
        let settings = (interval, writesTimes)
        self = other
        (interval, writesTimes) = settings
    }

    /// Writes the gatherer.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(2))
        writer.write(lastTick)
        writer.write(open)
        writer.write(UInt32(gatherings.count))
        for gathering in gatherings {
            writer.write(gathering.sums)
            writer.write(gathering.counts)
            writer.write(gathering.isOpen)
            writer.write(gathering.time != nil)
            writer.write(gathering.time?.nanoseconds ?? 0)
            writer.write(gathering.tick)
            writer.write(gathering.repeatedAfter)
            writer.write(gathering.last != nil)
            writer.write(gathering.last?.nanoseconds ?? 0)
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 2 else { throw .unknownVersion(of: "the ticks in progress") }
        self.init(interval: nil, writesTimes: false)
        lastTick = try reader.read()
        open = try reader.readIntegers()
        for _ in 0..<(try reader.read(UInt32.self)) {
            var gathering = Gathering(channels: 0)
            gathering.sums = try reader.readDoubles()
            gathering.counts = try reader.readIntegers()
            gathering.filled = gathering.counts.count { $0 >= 0 }
            gathering.isOpen = try reader.readBool()
            let hasTime = try reader.readBool()
            let time = Timestamp(nanoseconds: try reader.read())
            gathering.time = hasTime ? time : nil
            gathering.tick = try reader.read()
            gathering.repeatedAfter = try reader.read()
            let hasLast = try reader.readBool()
            let last = Timestamp(nanoseconds: try reader.read())
            gathering.last = hasLast ? last : nil
            guard gathering.sums.count == gathering.counts.count else { throw .invalid("a tick without its counts") }
            gatherings.append(gathering)
        }
        guard open.allSatisfy({ gatherings.indices.contains(Int($0)) }) else {
            throw .invalid("a tick of a series that is not there")
        }
    }
}
