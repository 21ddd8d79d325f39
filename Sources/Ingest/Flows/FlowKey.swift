import TimeSeries

/// What flows are put together by: each value of it is a series.
public enum FlowDimension: String, CaseIterable, Equatable, Sendable {
    /// The host that began the flow: `10.0.5.12`.
    case source
    /// The host that was asked.
    case destination
    /// The network of the host that began: its first 24 bits, of IPv6 64: `10.0.5.0/24`.
    case subnet
    /// The protocol and port that were asked: `tcp/502`.
    case service
    /// Who exported the flow.
    case exporter
    /// Both hosts: `10.0.5.12>10.0.5.1`.
    case pair

    /// All of them as a configuration has them: `"source", "destination" or "pair"`.
    static var choices: String {
        let quoted = allCases.map { "\"\($0.rawValue)\"" }
        return quoted.dropLast().joined(separator: ", ") + " or " + (quoted.last ?? "")
    }
}

/// The series that a flow belongs to: one or two addresses, or a number, as its ``FlowDimension`` has it; what it does not use
/// is 0.
struct FlowKey: Hashable, Sendable {
    private static let subnetPrefix = (ipv4: 24, ipv6: 64)

    var first: NetworkAddress
    var second: NetworkAddress
    var number: UInt32

    init(first: NetworkAddress, second: NetworkAddress, number: UInt32) {
        (self.first, self.second, self.number) = (first, second, number)
    }

    /// The key of a flow.
    init(_ flow: FlowRecord, by dimension: FlowDimension) {
        let none = NetworkAddress(high: 0, low: 0)
        (first, second, number) = (none, none, 0)
        switch dimension {
        case .source: first = flow.source
        case .destination: first = flow.destination
        case .subnet:
            first = flow.source.network(
                prefix: flow.source.ipv4 == nil ? Self.subnetPrefix.ipv6 : Self.subnetPrefix.ipv4)
        case .service: number = UInt32(flow.transport) << 16 | UInt32(flow.destinationPort)
        case .exporter: first = flow.exporter
        case .pair: (first, second) = (flow.source, flow.destination)
        }
    }

    /// The series' name.
    func name(by dimension: FlowDimension) -> String {
        switch dimension {
        case .source, .destination: "\(first)"
        case .subnet: "\(first)/\(first.ipv4 == nil ? Self.subnetPrefix.ipv6 : Self.subnetPrefix.ipv4)"
        case .service:
            FlowEvidence.serviceName(
                transport: UInt8(truncatingIfNeeded: number >> 16), port: UInt16(truncatingIfNeeded: number))
        case .exporter: first == NetworkAddress(high: 0, low: 0) ? "exporter-\(number)" : "\(first)"
        case .pair: "\(first)>\(second)"
        }
    }

    /// A hash that is the same in every process.
    var stableHash: UInt64 {
        splitMix(
            first.low ^ splitMix(first.high ^ splitMix(second.low ^ splitMix(second.high ^ splitMix(UInt64(number))))))
    }
}
