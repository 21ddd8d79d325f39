import Foundation
import TestSupport
import Testing
import TimeSeries

@testable import Ingest

/// What the tools themselves print for a capture is read to the byte and the packet.
@Suite("flow tools, as installed") struct FlowToolTests {
    private static func has(_ tools: String...) -> Bool {
        // In continuous integration a missing tool is a failure.
        isContinuousIntegration || tools.allSatisfy { path($0) != nil }
    }

    private static func path(_ tool: String) -> String? {
        ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/"].map { $0 + tool }.first(
            where: FileManager.default.isExecutableFile(atPath:))
    }

    private static func run(_ tool: String, _ arguments: [String], timeZone: String = "UTC") throws -> String {
        let found = try #require(Self.path(tool), "\(tool) is not installed")
        let result = try runCommand(URL(fileURLWithPath: found), arguments, environment: ["TZ": timeZone])
        #expect(result.exitCode == 0, "\(tool): \(result.errors)")
        return result.output
    }

    private static let capture = FlowCapture.conversations

    /// What each host sent to each other one, of all flows of records.
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

    /// The flows that there are when the records of one are put together.
    private static func together(_ flows: [FlowRecord]) -> [FlowRecord] {
        var table = FlowTable()
        var firsts: [FlowRecord] = []
        for flow in flows.sorted(by: { $0.start < $1.start }) {
            var flow = flow
            if table.take(&flow) == .first { firsts.append(flow) }
        }
        return firsts
    }

    private func expectConversations(_ decoded: Decoded) {
        #expect(decoded.reasons.allSatisfy { $0 == nil } && decoded.decoder.refusal == nil)
        let flows = Self.together(decoded.flows)
        let services = Dictionary(grouping: flows, by: { "\($0.source)>\($0.destination):\($0.destinationPort)" })
        #expect(
            services.mapValues(\.count) == [
                "10.0.5.12>10.0.5.1:502": 1, "10.0.5.12>10.0.5.53:53": 3, "10.0.5.66>10.0.5.99:22": 1,
                "10.0.5.66>10.0.5.1:23": 1,
            ])
        #expect(services["10.0.5.66>10.0.5.99:22"]?.map(\.outcome) == [.unanswered])
    }

    @Test(
        .enabled(if: has("nfdump", "nfpcapd"), "nfdump is not installed: apt-get install nfdump"),
        arguments: ["csv", "pipe"])
    func `nfdump`(form: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(bytes: Self.capture.bytes, to: "capture")
        let flows = try TemporaryDirectory()
        _ = try Self.run("nfpcapd", ["-r", directory.path("capture"), "-w", flows.path(""), "-t", "3600"])
        let decoded = decode(try Self.run("nfdump", ["-R", flows.path(""), "-o", form]))
        #expect(decoded.kind == (form == "csv" ? .nfdump : .nfdumpPipe))
        expectConversations(decoded)
        #expect(Self.sent(decoded.flows) == Self.capture.sent.mapValues { [$0.packets, $0.bytes] })
        let first = decoded.flows.map(\.start).min()
        #expect(first == Timestamp(seconds: Double(FlowCapture.start)))
    }

    @Test(
        .enabled(if: has("nfdump", "nfpcapd"), "nfdump is not installed: apt-get install nfdump"))
    func `nfdump in another zone`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(bytes: Self.capture.bytes, to: "capture")
        let flows = try TemporaryDirectory()
        _ = try Self.run("nfpcapd", ["-r", directory.path("capture"), "-w", flows.path(""), "-t", "3600"])
        let text = try Self.run("nfdump", ["-R", flows.path(""), "-o", "csv"], timeZone: "Europe/Berlin")
        var configuration = SourceConfiguration(input: .standardInput)
        configuration.zone = SourceZone(
            rules: try SystemTimeZones.process.rules(again: "Europe/Berlin"), origin: .configured)
        #expect(decode(text, configuration).flows.map(\.start).min() == Timestamp(seconds: Double(FlowCapture.start)))
    }

    /// softflowd's packets, to a collector on loopback that is stopped when it has read them; every wait has an end. The
    /// shell has its children ignore the signal, and a test's process has blocked the usual one: env sets it right.
    private static let throughSoftflowd = """
        port=$((20000 + $$ % 10000)); place=$(printf ':%04X ' $port)
        env --default-signal=INT nfcapd -b 127.0.0.1 -p $port -w "$1" -t 3600 >&2 & collector=$!
        for i in {1..20000}; do grep -q "$place" /proc/net/udp && break; done
        softflowd -r "$0" -d -n 127.0.0.1:$port -v 9 -p none -c none >&2
        for i in {1..20000}; do grep "$place" /proc/net/udp | grep -q ' 00000000:00000000 ' && break; done
        kill -INT $collector; wait $collector
        nfdump -R "$1" -o csv
        """

    @Test(
        .enabled(
            if: has("nfdump", "nfcapd", "softflowd"), "softflowd and nfdump are not installed: apt-get install both"))
    func `softflowd and nfdump`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(bytes: Self.capture.bytes, to: "capture")
        let flows = try TemporaryDirectory()
        let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let result = try runCommand(
            URL(fileURLWithPath: "/bin/bash"),
            ["-c", Self.throughSoftflowd, directory.path("capture"), flows.path("")],
            environment: ["PATH": search + ":/usr/sbin"])
        let decoded = decode(result.output)
        expectConversations(decoded)
        #expect(Self.sent(decoded.flows) == Self.capture.sent.mapValues { [$0.packets, $0.bytes] }, "\(result.errors)")
    }

    @Test(
        .enabled(if: has("argus", "ra"), "argus is not installed: apt-get install argus-server argus-client"),
        arguments: [true, false]) func `argus`(isEachWay: Bool) throws
    {
        let directory = try TemporaryDirectory()
        try directory.write(bytes: Self.capture.bytes, to: "capture")
        _ = try Self.run("argus", ["-r", directory.path("capture"), "-w", directory.path("argus"), "-S", "5"])
        let counts = isEachWay ? "spkts,dpkts,sbytes,dbytes" : "pkts,bytes"
        let text = try Self.run(
            "ra",
            [
                "-r", directory.path("argus"), "-n", "-u", "-c", ",", "-s",
                "stime,dur,proto,saddr,sport,dir,daddr,dport,\(counts),state",
            ])
        let decoded = decode(text)
        #expect(decoded.kind == .argus)
        expectConversations(decoded)
        let packets = decoded.flows.reduce(0) { $0 + $1.packetsOut + $1.packetsIn }
        #expect(packets == Self.capture.sent.values.reduce(0) { $0 + $1.packets })
        guard isEachWay else { return }
        // argus counts the 14 bytes of Ethernet too.
        #expect(
            Self.sent(decoded.flows) == Self.capture.sent.mapValues { [$0.packets, $0.bytes + 14 * $0.packets] })
    }
}
