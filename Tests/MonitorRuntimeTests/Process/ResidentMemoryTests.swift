import Alerting
import AnomalyDetection
import Ingest
import TestSupport
import Testing

@testable import MonitorRuntime

@Suite struct ResidentMemoryTests {
    private func configuration(_ memory: Int, state: Bool = true) -> MonitorConfiguration {
        var configuration = MonitorConfiguration()
        configuration.detection = DetectionConfiguration(profile: .lean)
        configuration.mostMemory = memory
        if state { configuration.stateDirectory = "/nowhere" }
        return configuration
    }

    @Test func `newcomers are let in while the whole process stays below its bound`() {
        let configuration = configuration(40 << 20)
        let allowance = configuration.seriesAllowance()
        var admitted = 0
        while allowance.takeIfFree(channels: 2) { admitted += 1 }
        let series = ResidentMemory.atMost(
            configuration.residentBytes(configuration.seriesCost(channelCount: 2), channelCount: 2))
        let room = (40 << 20) - configuration.programBytes
        // An array has the room that the allocator happens to give it: a few bytes more or less each time.
        #expect(abs(admitted - room / series) <= room / series / 50 + 1, "\(admitted), room for \(room / series)")
        #expect(allowance.usage.bytes <= 40 << 20)
    }

    @Test func `state and history have their part, and the networks' memory is counted as the groups grow`()
        async throws
    {
        var plain = configuration(64 << 20, state: false)
        let cost = plain.seriesCost(channelCount: 2)
        let bare = plain.residentBytes(cost, channelCount: 2)
        plain.stateDirectory = "/nowhere"
        #expect(plain.residentBytes(cost, channelCount: 2) > bare + cost.pieceBytes)

        let full = MonitorConfiguration()
        let allowance = full.seriesAllowance()
        let pipeline = Pipeline(
            name: "input", interval: 1, admission: SeriesAdmission(allowance: allowance), configuration: full,
            timesByRow: true, shardCount: 1,
            desk: AlertDesk(policy: AlertPolicy(configuration: full.alerting)) { _ in })
        var source = SourceConfiguration(input: .standardInput)
        source.series = "unit"
        var decoder = LineDecoder(
            configuration: source, admission: SeriesAdmission(records: 1, allowance: allowance))
        var batch = RecordBatch()
        let lines = (0..<40).flatMap { tick in ["a", "b", "c"].map { "\(tick),\($0),\(tick % 3)\n" } }
        decoder.decode(Array(("time,unit,temp\n" + lines.joined()).utf8), into: &batch)
        decoder.finish(into: &batch)
        try await pipeline.process(batch)
        #expect(allowance.usage.series == 3)
        let each = ResidentMemory.atMost(full.residentBytes(full.seriesCost(channelCount: 1), channelCount: 1))
        let expected = full.programBytes + full.replayBytes(channelCount: 1, seriesCount: 3) + 3 * each
        #expect(abs(allowance.usage.bytes - expected) <= 3 * each / 50, "\(allowance.usage.bytes), \(expected)")
    }
}
