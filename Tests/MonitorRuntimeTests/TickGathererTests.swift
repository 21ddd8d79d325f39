import Ingest
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct TickGathererTests {
    /// A reading of one channel: series, seconds, channel, value.
    private typealias Reading = (series: Int32, time: Double?, channel: Int32, value: Double)

    private func batch(_ readings: [Reading], series: Int = 2, channels: Int = 2) -> RecordBatch {
        var batch = RecordBatch()
        batch.schema = StreamSchema(
            channels: (0..<channels).map { Channel(name: "c\($0)") }, hasTime: true, summary: "")
        batch.seriesNames = (0..<series).map { "s\($0)" }
        batch.seriesGroups = Array(repeating: 0, count: series)
        for reading in readings {
            batch.rows.append(
                RecordBatch.Row(
                    malformed: nil, series: reading.series, time: reading.time.map(Timestamp.init(seconds:)) ?? nil,
                    timeText: 0..<0, channel: reading.channel, firstValue: Int32(batch.values.count), endOffset: 0))
            batch.values.append(reading.value)
        }
        return batch
    }

    /// Samples as `s0@1.0: 5.0 -`.
    private func samples(_ batch: RecordBatch?) -> [String] {
        guard let batch else { return [] }
        return batch.rows.map { row in
            let values = batch.values[Int(row.firstValue)...].prefix(2).map { $0.isNaN ? "-" : "\($0)" }
            let time = row.time.map { "\(Double($0.nanoseconds) / 1e9)" } ?? "none"
            return "s\(row.series)@\(time): \(values.joined(separator: " "))"
        }
    }

    @Test func `without an interval a sample is complete when every channel has spoken`() {
        var gatherer = TickGatherer(interval: nil, writesTimes: false)
        let first = gatherer.gather(batch([(0, 1, 0, 5), (1, 1, 0, 6), (0, 1.2, 1, 7), (1, 1.5, 1, 8)]))
        #expect(samples(first) == ["s0@1.0: 5.0 7.0", "s1@1.0: 6.0 8.0"])
    }

    @Test func `a channel that speaks twice begins the next sample`() {
        var gatherer = TickGatherer(interval: nil, writesTimes: false)
        let first = gatherer.gather(batch([(0, 1, 0, 5), (0, 2, 0, 6), (0, 2, 1, 7)]))
        #expect(samples(first) == ["s0@1.0: 5.0 -", "s0@2.0: 6.0 7.0"])
        #expect(samples(gatherer.finish()) == [])
    }

    @Test func `with an interval values of a tick are averaged and a later tick ends it for all`() {
        var gatherer = TickGatherer(interval: 10, writesTimes: true)
        let first = gatherer.gather(
            batch([(1, 11, 0, 1), (0, 12, 0, 5), (0, 15, 0, 7), (0, 19, 1, .nan), (0, 20, 0, 9)]))
        #expect(samples(first) == ["s0@10.0: 6.0 -", "s1@10.0: 1.0 -"])
        #expect(String(decoding: first.text.prefix(20), as: UTF8.self).hasPrefix("1970-01-01T00:00:10"))
        #expect(samples(gatherer.finish()) == ["s0@20.0: 9.0 -"])
    }

    @Test func `times before 1970 lie in ticks too`() {
        var gatherer = TickGatherer(interval: 10, writesTimes: false)
        _ = gatherer.gather(batch([(0, -1, 0, 5)]))
        #expect(samples(gatherer.finish()) == ["s0@-10.0: 5.0 -"])
    }

    @Test func `both passes of the hour that clocks show twice have their ticks`() throws {
        // Two channels of two series, told a minute apart, from 20 minutes before the first pass to 20 behind the second.
        var readings: [Reading] = []
        var isTwice: [Bool] = []
        for minute in -20..<140 {
            for (series, channel) in [(0, 0), (0, 1), (1, 0), (1, 1)] as [(Int32, Int32)] {
                let shown = (60..<120).contains(minute) ? minute - 60 : minute
                readings.append((series, Double(shown * 60), channel, Double(minute)))
                isTwice.append((0..<120).contains(minute))
            }
        }
        var told = batch(readings)
        for index in told.rows.indices where isTwice[index] { told.rows[index].repeatedAfter = 3_600 }
        var grid = TickGatherer(interval: 600, writesTimes: false)
        // A restart in the middle of the second pass changes nothing.
        var (first, second) = (told, told)
        first.rows.removeLast(200)
        second.rows.removeFirst(first.rows.count)
        var rows = grid.gather(first).rows
        var writer = StateWriter()
        grid.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = TickGatherer(interval: 600, writesTimes: false)
        restored.goOn(from: try TickGatherer(from: &reader))
        rows += restored.gather(second).rows + (restored.finish()?.rows ?? [])
        for series in Int32(0)...1 {
            let times = rows.filter { $0.series == series }.compactMap { $0.time?.seconds }
            #expect(times == (-2..<14).map { Double($0) * 600 })
        }
        #expect(rows.allSatisfy { $0.repeatedAfter == 0 })
    }

    @Test(arguments: [60, 1_800, 3_600])
    func `without an interval both passes are samples, one an hour too`(distance: Int) {
        var readings: [Reading] = []
        var isTwice: [Bool] = []
        for instant in stride(from: -36_000, to: 18_000, by: distance) {
            for channel in Int32(0)...1 {
                let shown = (3_600..<7_200).contains(instant) ? instant - 3_600 : instant
                readings.append((0, Double(shown), channel, 1))
                isTwice.append((0..<7_200).contains(instant))
            }
        }
        var told = batch(readings)
        for index in told.rows.indices where isTwice[index] { told.rows[index].repeatedAfter = 3_600 }
        var gatherer = TickGatherer(interval: nil, writesTimes: false)
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        var times: [Int] = []
        for row in gatherer.gather(told).rows {
            times.append(Int(sequencer.take(row, at: 0, arrival: nil).time.nanoseconds / 1_000_000_000))
            if sequencer.isAtBorder { sequencer.beginRound() }
        }
        #expect(times == Array(stride(from: -36_000, to: 18_000, by: distance)))
        #expect(sequencer.lateLines + sequencer.duplicateLines + sequencer.clockSteps == 0)
    }

    @Test func `whole samples, unusable lines and keys that are counted pass through in order`() {
        var gatherer = TickGatherer(interval: nil, writesTimes: false)
        var mixed = batch([(0, 1, 0, 5), (0, 1, 1, 6)])
        var bad = mixed.rows[0]
        bad.malformed = .badTime
        var counted = mixed.rows[0]
        counted.series = -1
        mixed.rows.insert(bad, at: 0)
        mixed.rows.append(counted)
        let gathered = gatherer.gather(mixed)
        #expect(gathered.rows.map(\.malformed) == [.badTime, nil, nil])
        #expect(gathered.rows.map(\.series) == [0, 0, -1])
        #expect(gathered.isGathered)
    }

    @Test func `any cut between batches gives the same samples, also after a restart`() throws {
        var generator = SeededGenerator(seed: 4)
        let readings: [Reading] = (0..<200).map { index in
            (Int32(generator.next() % 2), Double(index) * 0.7, Int32(generator.next() % 2), generator.uniform())
        }
        for interval in [nil, 3.0] {
            var whole = TickGatherer(interval: interval, writesTimes: false)
            let expected = samples(whole.gather(batch(readings))) + samples(whole.finish())
            for cut in [1, 17, 100, 199] {
                var gatherer = TickGatherer(interval: interval, writesTimes: false)
                var found = samples(gatherer.gather(batch(Array(readings[..<cut]))))
                var writer = StateWriter()
                gatherer.encode(to: &writer)
                var reader = StateReader(writer.bytes)
                var restored = TickGatherer(interval: interval, writesTimes: false)
                restored.goOn(from: try TickGatherer(from: &reader))
                found += samples(restored.gather(batch(Array(readings[cut...]))))
                found += samples(restored.finish())
                #expect(found == expected, "cut at \(cut), interval \(String(describing: interval))")
            }
        }
    }
}
