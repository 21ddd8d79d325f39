import Foundation
import TestSupport
import Testing
import TimeSeries

@Suite("udp", .needsBinary) struct UDPTests {
    /// Lines of many devices, one of which breaks; a hundredth of what `Benchmarks/udp.py` sends.
    private static func lines(devices: Int, ticks: Int) -> [String] {
        var generator = SeededGenerator(seed: 21)
        var lines = ["time,device,temp"]
        for tick in 0..<ticks {
            for device in 0..<devices {
                let fault = device == 3 && (260..<280).contains(tick) ? 40.0 : 0
                let noise = (generator.uniform() + generator.uniform() + generator.uniform()) - 1.5
                lines.append("\(1_792_000_000 + tick),device\(device),\(20 + Double(device) + noise + fault)")
            }
        }
        return lines
    }

    @Test(arguments: [1, 7])
    func `datagrams give the alerts of a replay, and none is lost`(linesPerDatagram: Int) throws {
        let directory = try TemporaryDirectory()
        let lines = Self.lines(devices: 16, ticks: 320)
        let recording = try directory.write(lines.map { $0 + "\n" }.joined(), to: "lines.csv")
        let configuration = """
            log = "none"
            journal = false
            [[source]]
            series = "device"

            """
        let replayed = try directory.write(configuration + "stdin = true\n", to: "replay.toml")
        let live = try directory.write(configuration + "udp = \"127.0.0.1:0\"\n", to: "live.toml")
        let alerts = directory.path("alerts")
        _ = try monitord(["replay", "--config", replayed, "--alerts", alerts, recording])
        let expected = try bareRecords(try String(contentsOfFile: alerts, encoding: .utf8))
        #expect(!expected.isEmpty, "the fault is told")

        let command = try RunningCommand(try #require(monitordBinary), ["run", "--config", live])
        var port: UInt16?
        while port == nil {
            port = command.errors.firstMatch(of: /udp.port=(\d+)/).flatMap { UInt16($0.1) }
            sched_yield()
        }
        let sender = DatagramSender(port: try #require(port))
        var datagrams = 0
        for start in stride(from: 0, to: lines.count, by: linesPerDatagram) {
            let text = lines[start..<min(lines.count, start + linesPerDatagram)].joined(separator: "\n")
            #expect(sender.send(text))
            datagrams += 1
            // The socket's buffer may be as small as the system's default.
            if datagrams % 64 == 0 { try sender.waitUntilTaken() }
        }
        try sender.waitUntilTaken()
        var found: [String] = []
        while found.count < expected.count, let line = command.nextLine() { found += try bareRecords(line) }
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0)
        #expect(found + (try bareRecords(result.output)) == expected)
        let end = result.errors.split(separator: "\n").last { $0.contains("stopped watching") } ?? ""
        #expect(end.contains("udp.datagrams=\(datagrams)"), "\(end)")
        #expect(end.contains("udp.dropped=0"), "\(end)")
        #expect(end.contains("stream.lines=\(lines.count - 1)"), "\(end)")
        #expect(end.contains("stream.counted=32"), "two records of each device before it is a series")
        #expect(!end.contains("training.skipped"), "\(end)")
    }

    // MARK: Exports of flows

    private static func bytes(_ words: [UInt16]) -> [UInt8] { words.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }

    /// The header of NetFlow v9; 1,792,000,000 is 0x6acf_c000.
    private static func export(_ number: Int, _ sets: [UInt16]...) -> [UInt8] {
        let seconds = 1_792_000_000 + number
        return bytes(
            [9, 1, 0x36, 0xee80, UInt16(seconds >> 16), UInt16(seconds & 0xffff), 0, UInt16(number), 0, 7]
                + sets.flatMap { set in [set[0], UInt16(2 + set.count) * 2 - 2] + set.dropFirst() })
    }

    /// Addresses, ports, packets and bytes, 20 bytes in all.
    private static let template: [UInt16] = [0, 300, 6, 8, 4, 12, 4, 7, 2, 11, 2, 2, 4, 1, 4]
    private static let record: [UInt16] = [300, 0x0a00, 0x050c, 0x0a00, 0x0501, 51_514, 502, 0, 9, 0, 900]

    /// Runs over a state until it has read what is sent.
    ///
    /// - Returns: what it said.
    private func run(_ state: String, _ datagrams: [[UInt8]]) throws -> String {
        let command = try RunningCommand(
            try #require(monitordBinary),
            ["run", "--udp", "127.0.0.1:0", "--state", state, "--log", "none", "--no-journal"])
        var port: UInt16?
        while port == nil {
            port = command.errors.firstMatch(of: /udp.port=(\d+)/).flatMap { UInt16($0.1) }
            sched_yield()
        }
        let sender = DatagramSender(port: try #require(port))
        for datagram in datagrams { #expect(sender.send(bytes: datagram)) }
        try sender.waitUntilTaken()
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0, "\(result.errors)")
        return result.errors
    }

    @Test func `exports of flows are watched, losses are told, and templates outlive a restart`() throws {
        let state = try TemporaryDirectory()
        let first = try run(
            state.path,
            [Self.export(1, Self.template), Self.export(2, Self.record), Self.export(9, Self.record)])
        #expect(first.contains("netflow, v5, v9 and ipfix, a series for each source host"), "\(first)")
        #expect(first.contains("netflow.flows=2"), "\(first)")
        #expect(first.contains("did not come") && first.contains("127.0.0.1 source 7"), "\(first)")
        #expect(first.contains("netflow.lost_datagrams=6"), "\(first)")
        let second = try run(state.path, (20..<25).map { Self.export($0, Self.record) })
        #expect(second.contains("netflow.flows=5"), "\(second)")
        #expect(!second.contains("netflow.lost"), "\(second)")
    }

    @Test func `records whose template never came are told of at the stop, with what to set`() throws {
        let state = try TemporaryDirectory()
        let errors = try run(state.path, (1...3).map { Self.export($0, Self.record) })
        #expect(errors.contains("their template had not come (have the exporter send its templates"), "\(errors)")
        #expect(errors.contains("netflow.sets=3"), "\(errors)")
    }
}
