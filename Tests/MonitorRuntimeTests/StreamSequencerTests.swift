import Ingest
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct StreamSequencerTests {
    private func row(_ seconds: Int, series: Int32 = 0, malformed: MalformedReason? = nil) -> RecordBatch.Row {
        RecordBatch.Row(
            malformed: malformed, series: series, time: Timestamp(nanoseconds: Int64(seconds) * 1_000_000_000),
            timeText: 0..<0, firstValue: 0, endOffset: 0)
    }

    @Test func `each series is in its own pass of the hour that clocks show twice`() {
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        var times: [[Int]] = [[], []]
        // Series 0 is told an hour by an exporter that lags five minutes behind the other.
        for tick in -20..<140 {
            for series in 0...1 {
                let instant = (tick - (series == 0 ? 5 : 0)) * 60
                let shown = instant >= 3_600 ? instant - 3_600 : instant
                var row = row(instant >= 7_200 ? instant : shown, series: Int32(series))
                if (0..<7_200).contains(instant) { row.repeatedAfter = 3_600 }
                let step = sequencer.take(row, at: 0, arrival: nil)
                #expect(step.kind == .sample(missed: 0))
                times[series].append(Int(step.time.nanoseconds / 1_000_000_000))
                if sequencer.isAtBorder { sequencer.beginRound() }
            }
        }
        #expect(times[0] == (-25..<135).map { $0 * 60 })
        #expect(times[1] == (-20..<140).map { $0 * 60 })
        #expect(sequencer.lateLines + sequencer.duplicateLines + sequencer.clockSteps == 0)
    }

    /// Feeds rows and crosses every border; returns the sample counts at which rounds ended.
    private func borders(_ sequencer: inout StreamSequencer, _ rows: [RecordBatch.Row]) -> [UInt64] {
        var borders: [UInt64] = []
        for (index, row) in rows.enumerated() {
            _ = sequencer.take(row, at: index, arrival: nil)
            if sequencer.isAtBorder {
                borders.append(sequencer.samples)
                sequencer.beginRound()
            }
        }
        return borders
    }

    @Test func `a round is eight samples of a lone series`() {
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        #expect(borders(&sequencer, (0..<40).map { row($0) }) == [8, 16, 24, 32, 40])
    }

    @Test func `a round is eight samples for each active series`() {
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        let rows = (0..<40).flatMap { tick in (0..<3).map { row(tick, series: $0) } }
        #expect(borders(&sequencer, rows) == [8, 32, 56, 80, 104])
    }

    @Test func `a round never takes more than 4096 samples`() {
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        let rows = (0..<12).flatMap { tick in (0..<1_000).map { row(tick, series: $0) } }
        let found = borders(&sequencer, rows)
        #expect(zip(found, found.dropFirst()).map { $1 - $0 }.max() == 4_096)
    }

    @Test func `a round is never less than a tick, and every series of it counts as active`() throws {
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        let rows = (0..<12).flatMap { tick in (0..<10_000).map { row(tick, series: $0) } }
        let found = borders(&sequencer, rows)
        #expect(sequencer.activeSeries == 10_000)
        #expect(try #require(zip(found, found.dropFirst()).map { $1 - $0 }.last) == 10_000)
        // Stored in the middle of such a round.
        for series in 0..<2_000 { _ = sequencer.take(row(12, series: Int32(series)), at: series, arrival: nil) }
        var writer = StateWriter()
        sequencer.encode(to: &writer)
        var restored = StreamSequencer(declaredInterval: nil, timesByRow: true)
        var reader = StateReader(writer.bytes)
        try restored.restore(from: &reader)
        #expect(restored.remaining == sequencer.remaining)
    }

    @Test func `late, duplicate and malformed lines do not count`() {
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        var rows = (0..<8).map { row($0) }
        rows.insert(row(2), at: 5)
        rows.insert(row(3), at: 4)
        rows.insert(row(0, malformed: .badTime), at: 2)
        #expect(borders(&sequencer, rows) == [8])
        #expect(sequencer.lines == 11)
    }

    @Test func `lines without a time are timed by row in replay and by arrival in run`() {
        var line = row(0)
        line.time = nil
        var replayed = StreamSequencer(declaredInterval: 5, timesByRow: true)
        _ = replayed.take(line, at: 0, arrival: nil)
        #expect(replayed.take(line, at: 1, arrival: nil).time == Timestamp(nanoseconds: 5_000_000_000))
        var live = StreamSequencer(declaredInterval: 5, timesByRow: false)
        #expect(live.take(line, at: 0, arrival: Timestamp(nanoseconds: 77)).time.nanoseconds == 77)
    }

    @Test func `a stored sequence goes on with the same borders`() throws {
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        let rows = (0..<50).flatMap { tick in (0..<3).map { row(tick, series: $0) } }
        _ = borders(&sequencer, Array(rows.prefix(71)))
        var writer = StateWriter()
        sequencer.encode(to: &writer)
        var restored = StreamSequencer(declaredInterval: nil, timesByRow: true)
        var reader = StateReader(writer.bytes)
        try restored.restore(from: &reader)
        let rest = Array(rows.dropFirst(71))
        #expect(borders(&restored, rest) == borders(&sequencer, rest))
    }
}
