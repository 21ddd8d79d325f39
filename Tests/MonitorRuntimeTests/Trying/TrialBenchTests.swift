import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct TrialBenchTests {
    /// A pump a second, with a fault of the temperature from sample 1,500 on where one is wished.
    static func recording(rows: Int, fault: Range<Int> = 0..<0) -> Recording {
        var generator = SeededGenerator(seed: 5)
        var recording = Recording(
            schema: StreamSchema(
                channels: [Channel(name: "temp", unit: "°C"), Channel(name: "flow"), Channel(name: "on")],
                hasTime: true, summary: ""),
            seriesNames: ["input"], seriesGroups: [0])
        for tick in 0..<rows {
            let temp = 60 + cosine(Double(tick) / 300) + 0.3 * normal(&generator) + (fault.contains(tick) ? 8 : 0)
            recording.append(
                series: 0, time: Timestamp(nanoseconds: (1_767_225_600 + Int64(tick)) * 1_000_000_000),
                values: [temp, 4 + 0.1 * normal(&generator), 1])
        }
        return recording
    }

    private func bench(_ recording: Recording) -> TrialBench {
        TrialBench(
            stream: "input", recording: recording, source: SourceConfiguration(input: .standardInput),
            configuration: MonitorConfiguration())
    }

    private func planting(_ recording: Recording, size: Double, at first: Int, length: Int = 1) -> Planting {
        Planting(
            PlannedAnomaly(kind: .step, channel: 0, size: size, rows: first..<first + length), in: recording,
            at: Array(recording.rows.indices), deviation: 1, display: ChannelDisplay([1.0 / 3, -1]))
    }

    @Test func `from a warm state it goes on as the run that was not interrupted`() async throws {
        let bench = bench(Self.recording(rows: 2_000, fault: 1_500..<1_540))
        let (verdicts, states) = try await bench.runUntouched(cuttingBefore: [1_200, 1_460, 1_495])
        let opening = try #require(verdicts.openings.first { $0 >= 1_460 })
        #expect((1_500..<1_540).contains(opening))
        #expect(states.map(\.row) == [1_200, 1_460, 1_495])
        // With and without states kept on the way.
        #expect(try await bench.runUntouched(cuttingBefore: []).verdicts.rows == verdicts.rows)
        for state in states {
            let again = try await bench.firstOpening(
                from: state, of: 0, until: 1_600, changing: planting(bench.recording, size: 0, at: 1_550))
            #expect(again == opening, "from \(state.row)")
        }
    }

    @Test func `a fault is found in the copy alone, each time anew`() async throws {
        let bench = bench(Self.recording(rows: 2_000))
        let (verdicts, states) = try await bench.runUntouched(cuttingBefore: [1_500])
        #expect(!verdicts.openings.contains { $0 >= 1_500 })
        let state = try #require(states.first)
        for _ in 0..<2 {
            let none = try await bench.firstOpening(
                from: state, of: 0, until: 1_600, changing: planting(bench.recording, size: 0, at: 1_500))
            #expect(none == nil)
            let found = try await bench.firstOpening(
                from: state, of: 0, until: 1_600, changing: planting(bench.recording, size: 8, at: 1_500, length: 40))
            #expect((1_500..<1_510).contains(found ?? 0), "\(String(describing: found))")
        }
    }

    @Test func `places are those where nothing was told`() async throws {
        let recording = Self.recording(rows: 2_000, fault: 1_500..<1_540)
        let bench = bench(recording)
        let cuts = TrialPlaces.candidates(in: recording, wanted: 5, span: 100, seed: 1)
        #expect(cuts.count == 15 && cuts == cuts.sorted() && cuts.allSatisfy { (800..<1_889).contains($0) })
        let (verdicts, states) = try await bench.runUntouched(cuttingBefore: cuts)
        let numbers = Array(recording.rows.indices)
        let places = TrialPlaces.choose(5, of: states, numbers: numbers, span: 100, verdicts: verdicts)
        #expect(places.count == 5)
        #expect(places.allSatisfy { place in place.first + 110 <= 1_500 || place.first > 1_540 })
    }
}
