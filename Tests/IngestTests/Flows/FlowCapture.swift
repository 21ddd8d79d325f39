/// Packets of a few conversations as a capture file (libpcap's format, microseconds, Ethernet), for tools that make flows of it.
struct FlowCapture {
    /// When the first packet came, in seconds since 1970.
    static let start: UInt32 = 1_792_000_000

    private struct Packet {
        var microseconds: UInt64
        var bytes: [UInt8]
    }

    private var packets: [Packet] = []

    /// What each sender sent to each receiver: packets and bytes from IP's header on.
    private(set) var sent: [String: (packets: UInt64, bytes: UInt64)] = [:]

    /// A Modbus conversation, three questions that are answered over UDP, one host that knocks and is not answered, and one
    /// that is refused.
    static let conversations: FlowCapture = {
        var capture = FlowCapture()
        let (plc, gateway, scanner) = ("10.0.5.12", "10.0.5.1", "10.0.5.66")
        capture.tcp(0, plc, gateway, 51514, 502, flags: 2, sequence: 100, acknowledged: 0)
        capture.tcp(10, gateway, plc, 502, 51514, flags: 18, sequence: 500, acknowledged: 101)
        capture.tcp(20, plc, gateway, 51514, 502, flags: 16, sequence: 101, acknowledged: 501)
        for round in UInt32(0)..<40 {
            let time = UInt64(1_000 + 500 * round)
            capture.tcp(
                time, plc, gateway, 51514, 502, flags: 24, sequence: 101 + 100 * round, acknowledged: 501 + 50 * round,
                data: 100)
            capture.tcp(
                time + 10, gateway, plc, 502, 51514, flags: 24, sequence: 501 + 50 * round,
                acknowledged: 201 + 100 * round, data: 50)
        }
        capture.tcp(21_000, plc, gateway, 51514, 502, flags: 17, sequence: 4_101, acknowledged: 2_501)
        capture.tcp(21_010, gateway, plc, 502, 51514, flags: 17, sequence: 2_501, acknowledged: 4_102)
        capture.tcp(21_020, plc, gateway, 51514, 502, flags: 16, sequence: 4_102, acknowledged: 2_502)
        for round in UInt64(0)..<3 {
            capture.udp(22_000 + 1_000 * round, plc, "10.0.5.53", 40_000 + UInt16(round), 53, data: 30)
            capture.udp(22_005 + 1_000 * round, "10.0.5.53", plc, 53, 40_000 + UInt16(round), data: 90)
            capture.tcp(
                26_000 + 1_000 * round, scanner, "10.0.5.99", 52_000, 22, flags: 2, sequence: 1, acknowledged: 0)
        }
        capture.tcp(30_000, scanner, gateway, 52_001, 23, flags: 2, sequence: 1, acknowledged: 0)
        capture.tcp(30_001, gateway, scanner, 23, 52_001, flags: 20, sequence: 0, acknowledged: 2)
        return capture
    }()

    /// The file.
    var bytes: [UInt8] {
        var file = Self.little([0xa1b2_c3d4]) + [2, 0, 4, 0] + Self.little([0, 0, 65_535, 1])
        for packet in packets {
            let count = UInt32(packet.bytes.count)
            file += Self.little([
                Self.start + UInt32(packet.microseconds / 1_000_000), UInt32(packet.microseconds % 1_000_000), count,
                count,
            ])
            file += packet.bytes
        }
        return file
    }

    private mutating func tcp(
        _ milliseconds: UInt64, _ source: String, _ destination: String, _ sourcePort: UInt16,
        _ destinationPort: UInt16,
        flags: UInt8, sequence: UInt32, acknowledged: UInt32, data: Int = 0
    ) {
        let header = Self.big16([sourcePort, destinationPort]) + Self.big(sequence) + Self.big(acknowledged)
        add(
            milliseconds, source, destination, transport: 6,
            header + [0x50, flags, 0xff, 0xff, 0, 0, 0, 0] + [UInt8](repeating: 0x71, count: data))
    }

    private mutating func udp(
        _ milliseconds: UInt64, _ source: String, _ destination: String, _ sourcePort: UInt16,
        _ destinationPort: UInt16,
        data: Int
    ) {
        add(
            milliseconds, source, destination, transport: 17,
            Self.big16([sourcePort, destinationPort, UInt16(8 + data), 0]) + [UInt8](repeating: 0x64, count: data))
    }

    private mutating func add(
        _ milliseconds: UInt64, _ source: String, _ destination: String, transport: UInt8, _ payload: [UInt8]
    ) {
        var header: [UInt8] = [0x45, 0] + Self.big16([UInt16(20 + payload.count), 0, 0]) + [64, transport, 0, 0]
        header += Self.address(source) + Self.address(destination)
        var sum: UInt32 = 0
        for index in stride(from: 0, to: 20, by: 2) { sum += UInt32(header[index]) << 8 | UInt32(header[index + 1]) }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        (header[10], header[11]) = (UInt8(~sum >> 8 & 0xff), UInt8(~sum & 0xff))
        let before = sent["\(source)>\(destination)"] ?? (0, 0)
        sent["\(source)>\(destination)"] = (before.packets + 1, before.bytes + UInt64(20 + payload.count))
        let ethernet: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
        packets.append(Packet(microseconds: milliseconds * 1_000, bytes: ethernet + header + payload))
    }

    private static func address(_ text: String) -> [UInt8] { text.split(separator: ".").compactMap { UInt8($0) } }

    private static func big16(_ values: [UInt16]) -> [UInt8] { values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }

    private static func big(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    private static func little(_ values: [UInt32]) -> [UInt8] { values.flatMap { big($0).reversed() } }
}
