import Ingest
import Testing
import TimeSeries

@testable import MonitorRuntime

/// The name of a shape, by the channels of a host's bin.
@Suite struct FlowPatternTests {
    private func pattern(
        _ parts: [(channel: Int, value: Double, expected: Double, high: Double)], detector: String = "forecast"
    ) -> FlowPattern? {
        FlowPattern(
            Explanation(
                channels: parts.map {
                    .init(
                        channel: $0.channel, value: $0.value, expected: $0.expected, low: 0, high: $0.high, share: 0.5,
                        direction: .high)
                },
                detectors: [.init(name: detector, score: 9, weight: 1)], raritySeconds: nil), evidence: nil)
    }

    /// The first seconds of a scan of one server, of whose ports most refuse.
    @Test(arguments: ["forecast", "failures"])
    func `many ports that refuse are a scan and no service`(detector: String) {
        let parts = [
            (channel: FlowChannels.ports, value: 13.0, expected: 0.3, high: 2.3),
            (channel: FlowChannels.failed, value: 0.93, expected: 0.01, high: 0.4),
            (channel: FlowChannels.flows, value: 13.0, expected: 1.0, high: 9.0),
        ]
        #expect(pattern(parts, detector: detector) == .scan)
    }

    @Test func `one port that refuses is a service, and so is what failures say of few`() {
        let parts = [
            (channel: FlowChannels.ports, value: 2.0, expected: 1.5, high: 4.0),
            (channel: FlowChannels.failed, value: 0.93, expected: 0.01, high: 0.4),
            (channel: FlowChannels.flows, value: 6.0, expected: 5.0, high: 9.0),
        ]
        #expect(pattern(parts) == .service)
        #expect(pattern(parts, detector: "failures") == .service)
        #expect(pattern(parts, detector: "uploads") == .exfiltration)
    }

    @Test func `a host that says nothing where it used to is silent, and an ordinary bin has no name`() {
        #expect(pattern([(channel: FlowChannels.flows, value: 0, expected: 4, high: 9)]) == .silence)
        #expect(pattern([(channel: FlowChannels.flows, value: 5, expected: 4, high: 9)]) == nil)
    }
}
