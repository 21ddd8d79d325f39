public import TimeSeries

/// What a decoder makes of one line, or one record of a datagram, about a network flow.
///
/// Directions are the initiator's: *out* is what the source sent, *in* is what came back. A record of an exporter that
/// sees one direction at a time has nothing in ``packetsIn`` and ``bytesIn`` and says so (``isOneWay``); which side asked
/// is then found when flows are gathered (``FlowGatherer``).
public struct FlowRecord: Equatable, Sendable {
    /// How the attempt to talk went.
    public enum Outcome: UInt8, Equatable, Sendable {
        /// Not known: the exporter does not say.
        case unknown
        /// Both sides talked.
        case established
        /// The source began and nobody answered: of TCP, a SYN alone.
        case unanswered
        /// The destination refused, or either side broke off before they talked.
        case refused
    }

    /// The first packet.
    public var start: Timestamp
    /// The last packet; not before ``start``.
    public var end: Timestamp
    /// Who began.
    public var source: NetworkAddress
    /// With whom.
    public var destination: NetworkAddress
    /// The source's port; 0 for protocols without.
    public var sourcePort: UInt16
    /// The destination's port; of ICMP its type × 256 + code.
    public var destinationPort: UInt16
    /// The protocol's IANA number: 6 TCP, 17 UDP, 1 ICMP; 255 when unknown.
    public var transport: UInt8
    /// How it went.
    public var outcome: Outcome
    /// Packets of the source.
    public var packetsOut: UInt64
    /// Packets of the destination.
    public var packetsIn: UInt64
    /// Bytes of the source.
    public var bytesOut: UInt64
    /// Bytes of the destination.
    public var bytesIn: UInt64
    /// What records of one flow share; 0 when it has only this one. A second record of a flow adds its packets and bytes
    /// and is not another flow.
    public var identity: UInt64
    /// Whether the record is of one direction, its counterpart of another record.
    public var isOneWay: Bool
    /// The address of who exported it; unspecified (`::`) where that is not known.
    public var exporter: NetworkAddress

    /// Creates a record.
    public init(
        start: Timestamp, end: Timestamp, source: NetworkAddress, destination: NetworkAddress, sourcePort: UInt16 = 0,
        destinationPort: UInt16 = 0, transport: UInt8 = 255, outcome: Outcome = .unknown, packetsOut: UInt64 = 0,
        packetsIn: UInt64 = 0, bytesOut: UInt64 = 0, bytesIn: UInt64 = 0, identity: UInt64 = 0, isOneWay: Bool = false,
        exporter: NetworkAddress = NetworkAddress(high: 0, low: 0)
    ) {
        self.start = start
        self.end = max(start, end)
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.transport = transport
        self.outcome = outcome
        self.packetsOut = packetsOut
        self.packetsIn = packetsIn
        self.bytesOut = bytesOut
        self.bytesIn = bytesIn
        self.identity = identity
        self.isOneWay = isOneWay
        self.exporter = exporter
    }

    /// The same flow seen from the other side.
    public var reversed: FlowRecord {
        var other = self
        (other.source, other.destination) = (destination, source)
        (other.sourcePort, other.destinationPort) = (destinationPort, sourcePort)
        (other.packetsOut, other.packetsIn) = (packetsIn, packetsOut)
        (other.bytesOut, other.bytesIn) = (bytesIn, bytesOut)
        return other
    }
}

/// The protocols that flow exporters name instead of giving their number.
enum TransportNames {
    static func number(_ bytes: Span<UInt8>, _ field: Range<Int>) -> UInt8? {
        let range = trimmed(bytes, field)
        guard !range.isEmpty, range.count <= 12 else { return nil }
        // Nearly all of them: `tcp`, `udp` and `icmp`, in either case.
        switch range.count <= 4 ? bytes.packed(range).map({ $0 | 0x2020_2020 }) : nil {
        case 0x2070_6374 where range.count == 3: return 6
        case 0x2070_6475 where range.count == 3: return 17
        case 0x706d_6369: return 1
        default: break
        }
        if bytes[range.lowerBound] &- 48 <= 9 {
            guard case .number(let value) = NumberParser().parse(bytes, range), (0...255).contains(value),
                value == value.rounded()
            else { return nil }
            return UInt8(value)
        }
        var name = ""
        for index in range { name.unicodeScalars.append(Unicode.Scalar(bytes[index] | 0x20)) }
        return numbers[name]
    }

    private static let numbers: [String: UInt8] = [
        "icmp": 1, "igmp": 2, "ipv4": 4, "ip": 4, "tcp": 6, "egp": 8, "udp": 17, "ipv6": 41, "rsvp": 46, "gre": 47,
        "esp": 50,
        "ah": 51, "icmp6": 58, "ipv6-icmp": 58, "icmpv6": 58, "ospf": 89, "ospfigp": 89, "pim": 103, "vrrp": 112,
        "l2tp": 115,
        "sctp": 132, "udplite": 136,
        // What argus calls UDP when it knows what is in it.
        "rtp": 17, "rtcp": 17,
        "unknown_transport": 255, "unknown": 255,
    ]

    /// The usual name of a protocol.
    static func name(_ number: UInt8) -> String {
        switch number {
        case 1: "icmp"
        case 6: "tcp"
        case 17: "udp"
        case 58: "icmp6"
        case 132: "sctp"
        default: "ip\(number)"
        }
    }
}
