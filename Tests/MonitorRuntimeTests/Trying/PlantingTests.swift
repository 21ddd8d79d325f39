import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct PlantingTests {
    /// Two series in turn; of series a the values 0.0, 0.1, 0.2, … and a second channel of 5.
    private static func recording(samples: Int) -> Recording {
        var recording = Recording(
            schema: StreamSchema(
                channels: [Channel(name: "x"), Channel(name: "y")], hasTime: true, summary: ""),
            seriesNames: ["a", "b"], seriesGroups: [0, 0])
        for number in 0..<samples {
            let time = Timestamp(nanoseconds: 1_000_000_000 * Int64(number + 1))
            recording.append(series: 0, time: time, values: [Double(number) / 10, 5])
            recording.append(series: 1, time: time, values: [-1, -1])
        }
        return recording
    }

    private func changed(_ planned: PlannedAnomaly, shift: Int = 0) -> [[Double]] {
        let recording = Self.recording(samples: 100)
        let places = (0..<100).map { 2 * $0 }
        let planting = Planting(
            planned, in: recording, at: places, deviation: 2, display: ChannelDisplay([0, 0.1, 9.9]), shift: shift)
        let batch = recording.batch(0..<200, changing: planting.change)
        return batch.rows.map { row in
            Array(batch.values[Int(row.firstValue)..<Int(row.firstValue) + 2])
        }
    }

    @Test func `a step lies beside the values of its rows and changes no others`() {
        let rows = changed(PlannedAnomaly(kind: .step, channel: 0, size: 3, rows: 10..<20))
        for number in 0..<100 {
            let expected = Double(number) / 10 + ((10..<20).contains(number) ? 6 : 0)
            #expect(abs(rows[2 * number][0] - expected) < 1e-12, "sample \(number)")
            #expect(rows[2 * number][1] == 5)
            #expect(rows[2 * number + 1] == [-1, -1])
        }
    }

    @Test func `a drift reaches its size at its last row`() {
        let rows = changed(PlannedAnomaly(kind: .drift, channel: 0, size: -1, rows: 40..<60))
        #expect(rows[80][0] == 3.9, "a twentieth of the way, shown with one decimal")
        #expect(abs(rows[2 * 59][0] - 3.9) < 1e-12)
        #expect(rows[2 * 60][0] == 6)
    }

    @Test func `a stuck value is that of the first row`() {
        let rows = changed(PlannedAnomaly(kind: .stuck, channel: 0, size: 0, rows: 10..<20))
        #expect((10..<20).allSatisfy { rows[2 * $0][0] == 1 })
        #expect(rows[40][0] == 2)
    }

    @Test func `a shift takes all channels from elsewhere`() {
        let rows = changed(PlannedAnomaly(kind: .phase, channel: nil, size: 1, rows: 10..<20), shift: 50)
        #expect((10..<20).allSatisfy { rows[2 * $0] == [Double($0 + 50) / 10, 5] })
        #expect(rows[18] == [0.9, 5])
    }

    @Test func `noise grows about the mean of the neighbours`() {
        // Of a straight line nothing is noise.
        let rows = changed(PlannedAnomaly(kind: .noise, channel: 0, size: 8, rows: 10..<20))
        #expect((0..<100).allSatisfy { abs(rows[2 * $0][0] - Double($0) / 10) < 1e-12 })
        let planned = PlannedAnomaly(kind: .noise, channel: 0, size: 8, rows: 0..<1)
        #expect(planned.shown(at: 0, level: 60, noise: 0.5, deviation: 100) == 64)
    }

    @Test func `the oldest samples are forgotten and the others stay`() {
        var recording = Self.recording(samples: 100)
        recording.keepLast(50)
        #expect(recording.rows.count == 50)
        #expect(recording.forgotten == 150)
        #expect(recording.value(0, 0) == 7.5)
        #expect(recording.value(49, 0) == -1)
        #expect(recording.interval(of: (0..<25).map { 2 * $0 }) == 1)
    }

    @Test func `what a channel usually shows`() {
        let display = ChannelDisplay((0...1_000).map { 20 + Double($0) / 100 } + [.nan])
        #expect(display.middle == 25)
        #expect(abs(display.spread - 3.413) < 0.001)
        #expect(display.decimals == 2)
        #expect(display.shown(21.23456) == 21.23)
        #expect(display.shown(-3) == 0, "nothing was below 0")
        #expect(ChannelDisplay([7, 7, 7]).spread == 0)
        #expect(ChannelDisplay([7, 7, 7, 7, 7, 7, 7, 7, 7, 8]).spread == 0.3)
        #expect(ChannelDisplay([1.0 / 3, -1]).decimals == nil)
        #expect(ChannelDisplay([1.0 / 3, -1]).shown(-3) == -3)
    }
}
