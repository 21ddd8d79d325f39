import Foundation
import TestSupport
import Testing
import TimeSeries

/// The finished binary at a real broker.
@Suite("mqtt", .serialized, .needsBinary, .enabled(if: TestBroker.isExpected, TestBroker.absence)) struct MQTTTests {
    private static let publisher = URL(fileURLWithPath: "/usr/bin/mosquitto_pub")

    private func run(_ directory: TemporaryDirectory, _ source: String) throws -> RunningCommand {
        let text = """
            log = "none"
            journal = false
            control = "\(directory.path("control"))"
            [[source]]
            \(source)

            """
        let path = try directory.write(text, to: "monitord.toml")
        let command = try RunningCommand(try #require(monitordBinary), ["run", "--config", path])
        while !command.errors.contains("connected to the broker") { sched_yield() }
        return command
    }

    /// Publishes lines under one topic, each a message, as fast as they are acknowledged.
    private func publish(_ lines: [String], _ topic: String, at broker: TestBroker) throws {
        let text = Data(lines.map { $0 + "\n" }.joined().utf8)
        let sent = try runCommand(
            Self.publisher, ["-p", "\(broker.port)", "-t", topic, "-q", "1", "-l"], input: text)
        #expect(sent.exitCode == 0, "\(sent.errors)")
    }

    @Test func `messages give the alerts of a replay of the same lines`() throws {
        let directory = try TemporaryDirectory()
        let broker = try TestBroker()
        var generator = SeededGenerator(seed: 21)
        let lines = (0..<400).map { tick in
            let noise = (generator.uniform() + generator.uniform() + generator.uniform()) - 1.5
            return #"{"t":\#(1_792_000_000 + tick),"temp":\#(20 + noise + ((260..<280).contains(tick) ? 40 : 0))}"#
        }
        let configuration = "log = \"none\"\njournal = false\n[[source]]\nstdin = true\n"
        let replayed = try directory.write(configuration, to: "replay.toml")
        let alerts = directory.path("alerts")
        let recording = try directory.write(lines.map { $0 + "\n" }.joined(), to: "lines.jsonl")
        _ = try monitord(["replay", "--config", replayed, "--alerts", alerts, recording])
        // The series has another name there, and with it another id.
        func bare(_ text: String, series: String) throws -> [String] {
            try bareRecords(text).map { record in
                record.replacing(/"id":"[0-9a-f]+"/, with: "").replacing(/monitord explain [0-9a-f]+/, with: "")
                    .replacing(series, with: "SERIES").replacing(series.replacing("/", with: "\\/"), with: "SERIES")
            }
        }
        let expected = try bare(try String(contentsOfFile: alerts, encoding: .utf8), series: "input")
        #expect(!expected.isEmpty, "the fault is told")

        let command = try run(directory, "mqtt = \"\(broker.address)\"\ntopics = [\"plant/+/state\"]\nseries = \"{2}\"")
        try publish(lines, "plant/pump9/state", at: broker)
        var found: [String] = []
        while found.count < expected.count, let line = command.nextLine() { found += try bare(line, series: "pump9") }
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0)
        // The first two lines of a key are only counted; of what was learned from them nothing is left by then.
        #expect(found.count == expected.count)
        #expect(found.first?.contains("SERIES") == true)
    }

    @Test func `ten thousand messages a second come in, and none is lost`() throws {
        let directory = try TemporaryDirectory()
        let broker = try TestBroker()
        let command = try run(directory, "mqtt = \"\(broker.address)\"\ntopics = [\"fleet/+\"]\nseries = \"{2}\"")
        let (devices, messages) = (10, 3_000)
        let start = ContinuousClock.now
        // Side by side, each with the messages of its own device.
        let publishers = try (0..<devices).map { device in
            try RunningCommand(
                Self.publisher, ["-p", "\(broker.port)", "-t", "fleet/d\(device)", "-q", "1", "-l"])
        }
        let lines = (0..<messages).map { #"{"t":\#(1_792_000_000 + $0),"v":\#($0 % 97)}"# + "\n" }.joined()
        for publisher in publishers { publisher.send(lines) }
        for publisher in publishers { #expect(publisher.finish().exitCode == 0) }
        let took = ContinuousClock.now - start
        let total = devices * messages
        while try records(directory) < total { sched_yield() }
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0)
        #expect(result.errors.contains("stream.lines=\(total)"), "\(result.errors)")
        print("\(Int(Double(total) / (took / .seconds(1)))) messages a second published and acknowledged")
    }

    /// The records that a running daemon says it has read.
    private func records(_ directory: TemporaryDirectory) throws -> Int {
        let status = try monitord(["status", "--json", "--control", directory.path("control")])
        let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
        let sources = object?["sources"] as? [[String: Any]]
        return sources?.first?["records"] as? Int ?? 0
    }

    @Test func `without libmosquitto it says which package is missing`() throws {
        // A loader that finds nothing under that name: an empty file in front of the library.
        let directory = try TemporaryDirectory()
        try directory.write("", to: "libmosquitto.so.1")
        let path = try directory.write(
            "log = \"none\"\njournal = false\n[[source]]\nmqtt = \"mqtt://127.0.0.1\"\ntopics = [\"a\"]\n",
            to: "monitord.toml")
        let result = try monitord(
            ["run", "--config", path], environment: ["LD_LIBRARY_PATH": directory.url.path])
        #expect(result.exitCode == 66)
        #expect(result.errors.contains("apt install libmosquitto1"), "\(result.errors)")
    }

    @Test func `a Sparkplug device that dies is told at once`() throws {
        let directory = try TemporaryDirectory()
        let broker = try TestBroker()
        let command = try run(directory, "mqtt = \"\(broker.address)\"\ntopics = [\"spBv1.0/#\"]")
        func send(_ kind: String, _ bytes: [UInt8]) throws {
            let file = try directory.write(bytes: bytes, to: "payload")
            let sent = try runCommand(
                Self.publisher, ["-p", "\(broker.port)", "-t", "spBv1.0/G/\(kind)", "-q", "1", "-f", file])
            #expect(sent.exitCode == 0, "\(sent.errors)")
        }
        // Field numbers of the specification: 1 time, 2 metric (1 name, 4 type, 13 double), 3 seq.
        func varint(_ value: UInt64) -> [UInt8] {
            value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
        }
        func payload(_ value: Double, seq: UInt64, second: UInt64) -> [UInt8] {
            let bits = (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
            let metric: [UInt8] = [0x0a, 4] + Array("temp".utf8) + [0x20, 10, 0x69] + bits
            let time = varint(1_792_000_000_000 + 1_000 * second)
            return [0x08] + time + [0x12, UInt8(metric.count)] + metric + [0x18] + varint(seq)
        }
        try send("NBIRTH/E", [0x18, 0])
        try send("DBIRTH/E/P", payload(20, seq: 1, second: 0))
        for number in 2..<20 { try send("DDATA/E/P", payload(20, seq: UInt64(number), second: UInt64(number))) }
        try send("DDEATH/E/P", [0x08] + varint(1_792_000_020_000) + [0x18, 20])
        let line = try #require(command.nextLine())
        #expect(line.contains(#""kind":"stalled""#))
        #expect(line.contains("its own system says that it has stopped"), "\(line)")
        #expect(line.contains(#""since":"2026-10-14T"#), "\(line)")
        try send("DBIRTH/E/P", payload(20, seq: 21, second: 40))
        let end = try #require(command.nextLine())
        #expect(end.contains(#""event":"close""#))
        command.signal(SIGTERM)
        #expect(command.finish().exitCode == 0)
    }
}
