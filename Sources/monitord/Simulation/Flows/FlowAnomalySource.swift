import MonitorRuntime
import TimeSeries

/// An anomaly in the traffic, with its place in time.
struct PlannedFlowAnomaly {
    var kind: FlowAnomalyKind
    /// Index of the host.
    var host: Int
    var size: Double
    /// Microseconds since 1970.
    var span: Range<Int64>
    var seed: UInt64
}

/// The connections that an anomaly adds.
struct FlowAnomalySource {
    let planned: PlannedFlowAnomaly
    /// Whom a scan or a flood is aimed at.
    private let victim: UInt32
    private let stranger: UInt32
    private var generator: SeededGenerator
    private var count: Int64 = 0
    private var last: Int64

    init(_ planned: PlannedFlowAnomaly, victim: UInt32) {
        self.planned = planned
        self.victim = victim
        stranger = ForeignPeers.unknown(planned.seed)
        generator = SeededGenerator(seed: splitMix(planned.seed))
        last = planned.span.lowerBound
    }

    /// When the next connection begins; `nil` for kinds that add none.
    mutating func next(after time: Int64) -> Int64? {
        switch planned.kind {
        case .scan, .sweep, .flood:
            let uniform = Double((generator.next() >> 11) &+ 1) * 0x1p-53
            return time + max(1, Int64(-Transcendental.log(uniform) * 6e7 / planned.size))
        case .exfiltration: return time + Int64(2e6 + 6e6 * generator.uniform())
        case .beacon:
            let jitter = 0.2 * (generator.uniform() - 0.5)
            return planned.span.lowerBound + Int64((Double(count) + 0.1 + jitter) * planned.size * 1e6)
        case .silence, .outage: return nil
        }
    }

    /// The connection that begins now.
    mutating func made(at time: Int64, from source: UInt32) -> SimulatedFlow {
        count += 1
        let word = generator.next()
        let luck = Double(word >> 32) * 0x1p-32
        var flow = SimulatedFlow(
            start: time, duration: 20_000 + Int64(word % 80_000), source: source, destination: victim,
            sourcePort: UInt16(32_768 + word % 28_000), destinationPort: 443, transport: .tcp,
            bytesOut: 200 + Int(word % 300), bytesIn: 400 + Int(word >> 20 % 900),
            identity: splitMix(planned.seed ^ splitMix(UInt64(bitPattern: count))))
        switch planned.kind {
        case .scan:
            // A permutation of the ports: the multiplier has no factor in common with their number.
            flow.destinationPort = UInt16(1 + (count * 7_919 + Int64(planned.seed % 65_535)) % 65_535)
            if luck < 0.97 { flow.fail(luck < 0.05 ? .unanswered : .refused) }
        case .sweep:
            // The first 4,096 addresses of the workstations' net, of which few exist.
            flow.destination = 10 << 24 | 26 << 16 | UInt32(truncatingIfNeeded: (count * 1_597) & 4_095)
            flow.destinationPort = 445
            if luck < 0.95 { flow.fail(luck < 0.85 ? .unanswered : .refused) }
        case .flood: if luck < 0.4 { flow.fail(.unanswered) }
        case .exfiltration:
            flow.destination = stranger
            flow.bytesOut = Int(Double(time - last) * planned.size / 1_000)
            flow.duration = 300_000 + Int64(word % 1_000_000)
            last = time
        case .beacon: flow.destination = stranger
        case .silence, .outage: break
        }
        return flow
    }
}
