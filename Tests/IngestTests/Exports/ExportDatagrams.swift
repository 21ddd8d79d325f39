import TimeSeries

@testable import Ingest

/// Bytes with the most significant one first.
struct BigEndian: ExpressibleByArrayLiteral {
    var bytes: [UInt8] = []

    init(arrayLiteral elements: UInt8...) { bytes = elements }

    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    func u8(_ values: UInt8...) -> BigEndian { BigEndian(bytes + values) }

    func u16(_ values: UInt16...) -> BigEndian {
        BigEndian(bytes + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
    }

    func u32(_ values: UInt32...) -> BigEndian {
        BigEndian(bytes + values.flatMap { value in (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } })
    }

    func u64(_ values: UInt64...) -> BigEndian {
        BigEndian(bytes + values.flatMap { value in (0..<8).map { UInt8(value >> (56 - 8 * $0) & 255) } })
    }

    /// The address 10.0.5.`last`.
    func host(_ last: UInt8) -> BigEndian { BigEndian(bytes + [10, 0, 5, last]) }

    /// The address 2001:db8::`last`.
    func host6(_ last: UInt8) -> BigEndian {
        BigEndian(bytes + [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [last])
    }

    static func + (left: BigEndian, right: BigEndian) -> BigEndian { BigEndian(left.bytes + right.bytes) }
}

/// A record of v5: from 10.0.5.12 to 10.0.5.1, unless said otherwise.
func recordOfFive(
    packets: UInt32 = 44, bytes: UInt32 = 5_760, first: UInt32 = 3_540_000, last: UInt32 = 3_599_000,
    ports: (UInt16, UInt16) = (51_514, 502), flags: UInt8 = 0x1b, transport: UInt8 = 6
) -> BigEndian {
    BigEndian().host(12).host(1).u32(0).u16(1, 2).u32(packets, bytes, first, last).u16(ports.0, ports.1)
        .u8(0, flags, transport, 0).u16(0, 0).u8(24, 24).u16(0)
}

/// A datagram of v5 with these records.
func five(
    _ records: [BigEndian], sequence: UInt32 = 0, uptime: UInt32 = 3_600_000, seconds: UInt32 = 1_792_000_000,
    engine: UInt8 = 3, sampling: UInt16 = 0, count: UInt16? = nil
) -> [UInt8] {
    records.reduce(
        BigEndian().u16(5, count ?? UInt16(records.count)).u32(uptime, seconds, 250_000_000, sequence).u8(0, engine)
            .u16(sampling), +
    ).bytes
}

/// A set: its number, and what is in it.
func set(_ number: UInt16, _ content: BigEndian..., padding: Int = 0) -> BigEndian {
    let all = content.reduce(BigEndian(), +)
    return BigEndian().u16(number, UInt16(4 + all.bytes.count + padding)) + all
        + BigEndian([UInt8](repeating: 0, count: padding))
}

/// A template, as it stands in a set: elements with their lengths.
func template(_ number: UInt16, _ fields: [(UInt16, UInt16)]) -> BigEndian {
    fields.reduce(BigEndian().u16(number, UInt16(fields.count))) { $0.u16($1.0, $1.1) }
}

/// Addresses, ports, protocol and counts of four bytes each.
let plainFields: [(UInt16, UInt16)] = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 4), (2, 4)]

/// A record of ``plainFields``.
func plainRecord(_ from: UInt8 = 12, _ to: UInt8 = 1, bytes: UInt32 = 900, packets: UInt32 = 9) -> BigEndian {
    BigEndian().host(from).host(to).u16(51_514, 502).u8(17).u32(bytes, packets)
}

/// A datagram of v9.
func nine(
    _ sets: BigEndian..., sequence: UInt32 = 0, uptime: UInt32 = 3_600_000, seconds: UInt32 = 1_792_000_000,
    source: UInt32 = 7, count: UInt16 = 1
) -> [UInt8] {
    sets.reduce(BigEndian().u16(9, count).u32(uptime, seconds, sequence, source), +).bytes
}

/// A datagram of IPFIX.
func ipfix(
    _ sets: BigEndian..., sequence: UInt32 = 0, seconds: UInt32 = 1_792_000_000, domain: UInt32 = 7,
    length: UInt16? = nil
) -> [UInt8] {
    let all = sets.reduce(BigEndian(), +)
    return (BigEndian().u16(10, length ?? UInt16(16 + all.bytes.count)).u32(seconds, sequence, domain) + all).bytes
}

extension Decoded {
    /// Decodes datagrams.
    init(
        datagrams: [[UInt8]], from sender: NetworkAddress = NetworkAddress(ipv4: 0xc000_0201),
        _ configuration: SourceConfiguration = SourceConfiguration(input: .udp(address: "0.0.0.0:2055"))
    ) {
        self.init(decoder: LineDecoder(configuration: configuration))
        for datagram in datagrams { take(datagram, from: sender) }
    }

    mutating func take(_ datagram: [UInt8], from sender: NetworkAddress = NetworkAddress(ipv4: 0xc000_0201)) {
        decoder.decodeDatagram(datagram.span, from: sender, into: &batch)
        decoder.endDatagrams(into: &batch)
        notices += decoder.takeNotices()
    }

    var counters: ExportCounters { decoder.exportCounters ?? ExportCounters() }

    /// Bytes and packets of the flows.
    var counts: [[UInt64]] { flows.map { [$0.bytesOut, $0.packetsOut] } }
}
