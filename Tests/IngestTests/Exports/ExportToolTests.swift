import Foundation
import TestSupport
import Testing
import TimeSeries

@testable import Ingest

/// What softflowd sends for a capture is read to the byte and the packet, and as nfdump reads it.
@Suite("flow exporters, as installed", .serialized) struct ExportToolTests {
    private static let isThere =
        isContinuousIntegration
        || ["/usr/sbin/softflowd", "/usr/bin/nfcapd", "/usr/bin/nfdump"].allSatisfy(
            FileManager.default.isExecutableFile(atPath:))

    private static let capture = FlowCapture.conversations

    /// Runs softflowd over the capture, whose datagrams go to a port of this machine.
    private static func export(_ capture: String, to port: UInt16, _ options: [String]) throws {
        let result = try runCommand(
            URL(fileURLWithPath: "/usr/sbin/softflowd"),
            ["-r", capture, "-a", "-d", "-n", "127.0.0.1:\(port)", "-p", "none", "-c", "none"] + options)
        #expect(result.exitCode == 0, "\(result.errors)")
    }

    /// What monitord's own socket receives.
    private func received(_ send: (UInt16) throws -> Void) async throws -> (RecordBatch, SourceTelemetry.Counters) {
        let telemetry = SourceTelemetry()
        let (batches, batch) = AsyncStream<RecordBatch>.makeStream()
        let (ports, port) = AsyncStream<UInt16>.makeStream()
        let source = try UDPSource(
            address: "127.0.0.1:0", configuration: SourceConfiguration(input: .udp(address: "127.0.0.1:0")),
            arrival: nil, telemetry: telemetry, onListening: { port.yield($0) })
        let reading = Task { try await source.run { batch.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        try send(try #require(await iterator.next()))
        // What has arrived by then is read and delivered.
        reading.cancel()
        try await reading.value
        batch.finish()
        var all = RecordBatch()
        for await part in batches {
            all.rows += part.rows
            all.flows += part.flows
        }
        return (all, telemetry.counters)
    }

    /// What each host sent to each other one.
    private static func sent(_ flows: [FlowRecord]) -> [String: [UInt64]] {
        var sums: [String: [UInt64]] = [:]
        for flow in flows {
            for side in [flow, flow.reversed] where side.packetsOut > 0 {
                let before = sums["\(side.source)>\(side.destination)"] ?? [0, 0]
                sums["\(side.source)>\(side.destination)"] = [before[0] + side.packetsOut, before[1] + side.bytesOut]
            }
        }
        return sums
    }

    /// The flows with their times, when they are asked for, sorted.
    private static func texts(_ flows: [FlowRecord], timed: Bool) -> [String] {
        flows.map {
            "\(timed ? "\($0.start) \($0.end)" : "") \($0.source):\($0.sourcePort)>\($0.destination):\($0.destinationPort) "
                + "\($0.transport) \($0.outcome) \($0.packetsOut)/\($0.bytesOut)"
        }.sorted()
    }

    @Test(
        .enabled(if: isThere, "softflowd and nfdump are not installed: apt-get install both"),
        arguments: [
            "-v 5", "-v 9", "-v 10", "-v 9 -A sec", "-v 9 -A milli", "-v 10 -A sec", "-v 10 -A milli", "-v 10 -A micro",
            "-v 10 -A nano", "-v 10 -b", "-v 5 -T ip", "-v 9 -T ip",
        ])
    func `softflowd's datagrams hold what the capture does`(options: String) async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(bytes: Self.capture.bytes, to: "capture")
        let (batch, counters) = try await received { port in
            try Self.export(file, to: port, options.split(separator: " ").map(String.init))
        }
        #expect(batch.rows.count == batch.flows.count && !batch.rows.isEmpty)
        #expect(Self.sent(batch.flows) == Self.capture.sent.mapValues { [$0.packets, $0.bytes] })
        // The header of v9 has whole seconds beside an uptime in milliseconds, and a fraction of NTP is no whole microsecond.
        let first = try #require(batch.flows.map(\.start).min())
        #expect(abs(first.seconds - Double(FlowCapture.start)) < 0.0011, "\(first)")
        #expect(batch.flows.allSatisfy { "\($0.exporter)" == "127.0.0.1" })
        #expect(counters.exports.flows == UInt64(batch.flows.count) && counters.decoded.malformed == 0)
        #expect(counters.exports.lostFlows + counters.exports.lostDatagrams + counters.exports.setsDropped == 0)
        guard !options.contains("-T") else { return }
        let begun = batch.flows.filter { $0.source == NetworkAddress(ipv4: 0x0a00_0542) && $0.destinationPort == 22 }
        #expect(begun.map(\.outcome) == [.unanswered])
    }

    @Test(.enabled(if: isThere, "softflowd is not installed: apt-get install it"))
    func `each version says the sampling rate in its own way, and they come to the same`() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(bytes: Self.capture.bytes, to: "capture")
        var texts: [[String]] = []
        for version in ["5", "9", "10"] {
            let (batch, _) = try await received { try Self.export(file, to: $0, ["-v", version, "-s", "2"]) }
            #expect(batch.flows.allSatisfy { $0.packetsOut % 2 == 0 && $0.packetsOut > 0 })
            texts.append(Self.texts(batch.flows, timed: false))
        }
        #expect(texts[0] == texts[1] && texts[1] == texts[2])
    }

    /// The same to nfdump's collector on loopback, which is stopped when it has read them; every wait has an end. The shell has
    /// its children ignore the signal, and a test's process has blocked the usual one: env sets it right.
    private static let throughCollector = """
        port=$((30000 + $$ % 10000)); place=$(printf ':%04X ' $port)
        env --default-signal=INT nfcapd -b 127.0.0.1 -p $port $3 -w "$1" -t 3600 >&2 & collector=$!
        for i in {1..20000}; do grep -q "$place" /proc/net/udp && break; done
        softflowd -r "$0" -a -d -n 127.0.0.1:$port $2 -p none -c none >&2
        for i in {1..20000}; do grep "$place" /proc/net/udp | grep -q ' 00000000:00000000 ' && break; done
        kill -INT $collector; wait $collector
        nfdump -R "$1" -o pipe
        """

    @Test(
        .enabled(if: isThere, "softflowd and nfdump are not installed: apt-get install both"),
        arguments: ["-v 5", "-v 9", "-v 10", "-v 10 -A milli", "-v 9 -s 2"])
    func `nfdump finds the same flows in them, sampled ones too`(options: String) async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(bytes: Self.capture.bytes, to: "capture")
        let (batch, _) = try await received { port in
            try Self.export(file, to: port, options.split(separator: " ").map(String.init))
        }
        let collected = try TemporaryDirectory()
        let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        // nfcapd takes the rate from its own command line and not from what softflowd says.
        let rate = options.contains("-s") ? "-s 2" : ""
        let result = try runCommand(
            URL(fileURLWithPath: "/bin/bash"), ["-c", Self.throughCollector, file, collected.path(""), options, rate],
            environment: ["PATH": search + ":/usr/sbin"])
        let theirs = decode(result.output)
        #expect(theirs.kind == .nfdumpPipe, "\(result.errors)")
        // nfdump does not know that softflowd's options say when it began, and an uptime of IPFIX counts from there.
        let isTimed = options != "-v 10"
        #expect(Self.texts(batch.flows, timed: isTimed) == Self.texts(theirs.flows, timed: isTimed))
    }
}
