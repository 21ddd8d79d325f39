import Alerting
import Ingest
import TimeSeries

/// What the behaviour of a host looks like, where its channels say so clearly.
///
/// A pattern is a name for a shape, not a verdict: the detectors have judged that the bin is unusual, and the name only
/// says which of the known shapes the channels out of their bands have. What has none of them has no name.
enum FlowPattern: String {
    /// Many peers or ports, with little said to each.
    case scan
    /// Much more to few peers.
    case flood
    /// Much more sent out than before, and than came back.
    case exfiltration
    /// Nothing more from a host that talked.
    case silence
    /// Peers that do not answer any more.
    case service
    /// Regular contact that was not there.
    case beacon

    private struct Part {
        var value = 0.0
        var expected = 0.0
        var high = 0.0
        /// How many times the expected value it is, `unit` being nothing.
        func times(above unit: Double) -> Double { (value + unit) / (max(0, expected) + unit) }
        var isHigh: Bool { value > high }
    }

    /// Peers or ports of a bin from which on they are many. A scan begins in the middle of one.
    private static let leastBreadth = 8.0

    /// The pattern that an extent is by itself, by its name.
    private static let ofExtents: [String: FlowPattern] = [
        "uploads": .exfiltration, "failures": .service, "silence": .silence, "new_contact": .beacon,
    ]

    /// The pattern of an explanation of a flow series.
    init?(_ explanation: Explanation, evidence: FlowEvidence?) {
        var parts = [Part](repeating: Part(), count: FlowChannels.all.count)
        for part in explanation.channels where parts.indices.contains(part.channel) {
            let expected = part.expected ?? 0
            parts[part.channel] = Part(
                value: part.value ?? 0, expected: expected, high: part.high ?? expected)
        }
        let flows = parts[FlowChannels.flows]
        let peers = parts[FlowChannels.peers]
        let ports = parts[FlowChannels.ports]
        let bytesOut = parts[FlowChannels.bytesOut]
        let packets = parts[FlowChannels.packetsOut]
        let failed = parts[FlowChannels.failed]
        let breadth = max(peers.value, ports.value)
        let isBroad =
            breadth >= Self.leastBreadth
            && (peers.isHigh && peers.times(above: 2) >= 4 || ports.isHigh && ports.times(above: 2) >= 4)
        let isScan = isBroad && (failed.value >= 0.2 || bytesOut.value < 2_000 * flows.value)
        // Who tries many ports meets many that do not answer: that is no service of which somebody should hear.
        if let pattern = explanation.detectors.first.flatMap({ Self.ofExtents[$0.name] }),
            pattern != .service || !isScan
        {
            self = pattern
        } else if flows.value == 0, flows.expected >= 0.5 {
            self = .silence
        } else if isScan {
            self = .scan
        } else if bytesOut.isHigh, bytesOut.times(above: 5_000) >= 5, bytesOut.value >= 500_000,
            bytesOut.value > 3 * parts[FlowChannels.bytesIn].value,
            evidence?.peers.contains(where: { $0.isLocal == false }) == true
        {
            self = .exfiltration
        } else if breadth < 15,
            flows.isHigh && flows.times(above: 3) >= 8
                || packets.isHigh && packets.times(above: 10) >= 20 && bytesOut.value < 200 * packets.value
        {
            self = .flood
        } else if failed.isHigh, failed.value >= 0.3, !peers.isHigh {
            self = .service
        } else if parts[FlowChannels.regularity].isHigh, parts[FlowChannels.regularity].value >= 0.5 {
            self = .beacon
        } else {
            return nil
        }
    }
}

extension FlowEvidence {
    /// As alerts carry it.
    var activity: ActivityEvidence {
        func items(_ items: [Item]) -> [ActivityEvidence.Item] {
            items.map { .init(name: $0.name, flows: UInt64($0.flows), bytes: $0.bytes, local: $0.isLocal) }
        }
        return ActivityEvidence(flows: UInt64(flows), peers: items(peers), services: items(services))
    }
}
