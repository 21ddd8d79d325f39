import Foundation
import TestSupport
import Testing

/// The same traffic as Zeek's log and as an exporter's datagrams.
@Suite("exported traffic", .needsBinary) struct ExportedTrafficTests {
    /// Bytes with the most significant one first.
    private static func big(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - $0))) }
    }

    /// Elements of IPFIX with their lengths: addresses, first and last in NTP's seconds, ports, protocol, and of each direction
    /// (those of the other under the number of reverse elements) TCP flags, bytes and packets.
    private static let fields: [(element: UInt64, length: UInt64)] = [
        (8, 4), (12, 4), (156, 8), (157, 8), (7, 2), (11, 2), (4, 1), (6, 1), (1, 8), (2, 8), (0x8006, 1), (0x8001, 8),
        (0x8002, 8),
    ]

    private static let template: [UInt8] = {
        let content = fields.flatMap {
            big($0.element, 2) + big($0.length, 2) + ($0.element & 0x8000 == 0 ? [] : big(29_305, 4))
        }
        return set(2, big(300, 2) + big(UInt64(fields.count), 2) + content)
    }()

    private static func set(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
        big(number, 2) + big(UInt64(4 + content.count), 2) + content
    }

    /// A record of a line of conn.log.
    private static func record(_ line: Substring) throws -> (bytes: [UInt8], end: UInt64) {
        let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        // Times and durations have six decimals.
        func microseconds(_ text: String) throws -> UInt64 { try #require(UInt64(text.filter { $0 != "." })) }
        /// The least fraction of 2^32 that is so many microseconds.
        func ntp(_ time: UInt64) -> [UInt8] {
            big(time / 1_000_000 + 2_208_988_800, 4) + big((((time % 1_000_000) << 32) + 999_999) / 1_000_000, 4)
        }
        func number(_ cell: Int) -> UInt64 { UInt64(cells[cell]) ?? 0 }
        func address(_ cell: Int) -> [UInt8] { cells[cell].split(separator: ".").compactMap { UInt8($0) } }
        let start = try microseconds(cells[0])
        let end = start + (cells[8] == "-" ? 0 : try microseconds(cells[8]))
        let protocols: [String: UInt64] = ["tcp": 6, "udp": 17, "icmp": 1]
        let transport = try #require(protocols[cells[6]])
        let flags: (UInt64, UInt64) =
            transport != 6 ? (0, 0) : cells[11] == "S0" ? (2, 0) : cells[11] == "REJ" ? (2, 20) : (27, 27)
        let ports = transport == 1 ? (0, number(3) << 8 | number(5)) : (number(3), number(5))
        return (
            address(2) + address(4) + ntp(start) + ntp(end) + big(ports.0, 2) + big(ports.1, 2) + big(transport, 1)
                + big(flags.0, 1) + big(number(17), 8) + big(number(16), 8) + big(flags.1, 1) + big(number(19), 8)
                + big(number(18), 8), end / 1_000_000
        )
    }

    /// Messages of IPFIX with twenty records each, and the template before the first and now and then.
    private static func messages(_ lines: [Substring]) throws -> [[UInt8]] {
        try stride(from: 0, to: lines.count, by: 20).map { first in
            let records = try lines[first..<min(first + 20, lines.count)].map(record)
            let sets = (first % 1_000 == 0 ? template : []) + set(300, records.flatMap(\.bytes))
            return big(10, 2) + big(UInt64(16 + sets.count), 2) + big(records.last?.end ?? 0, 4) + big(UInt64(first), 4)
                + big(7, 4) + sets
        }
    }

    @Test func `raises the alerts of a replay of Zeek's log of it`() throws {
        let directory = try TemporaryDirectory()
        // What Zeek calls unanswered although packets came back an exporter has no word for.
        let log = try monitord(["simulate", "--kind", "flows", "--hosts", "12", "--duration", "1d"]).output
            .split(separator: "\n").filter { !($0.contains("\tS0\t") && !$0.hasSuffix("\t0\t0\t-")) }
        let recording = try directory.write(log.joined(separator: "\n") + "\n", to: "conn.log")
        let alerts = directory.path("alerts")
        _ = try monitord(["replay", "--alerts", alerts, recording])
        let expected = try bareRecords(try String(contentsOfFile: alerts, encoding: .utf8))
        #expect(!expected.isEmpty)
        let lines = log.filter { !$0.hasPrefix("#") }

        let command = try RunningCommand(
            try #require(monitordBinary), ["run", "--udp", "127.0.0.1:0", "--log", "none", "--no-journal"])
        var port: UInt16?
        while port == nil {
            port = command.errors.firstMatch(of: /udp.port=(\d+)/).flatMap { UInt16($0.1) }
            sched_yield()
        }
        let sender = DatagramSender(port: try #require(port))
        for (number, message) in try Self.messages(lines).enumerated() {
            #expect(sender.send(bytes: message))
            // The socket's buffer may be as small as the system's default.
            if number % 32 == 31 { try sender.waitUntilTaken() }
        }
        try sender.waitUntilTaken()
        var found: [String] = []
        while found.count < expected.count, let line = command.nextLine() { found += try bareRecords(line) }
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0)
        found += try bareRecords(result.output)
        #expect(found == expected)
        #expect(result.errors.contains("netflow.flows=\(lines.count)"), "\(result.errors)")
        #expect(!result.errors.contains("netflow.lost"), "\(result.errors)")
    }
}
