import FoundationEssentials
import Glibc
import TestSupport
import Testing
import TimeSeries

@testable import Alerting

/// These run against a real journald. The test process must itself be where that journald listens, so the outer test runs
/// this same test program again inside `Tests/Scripts/journald-host.sh`, with a filter for the inner tests; those are
/// skipped everywhere else. The private mount namespace serves a really full disk as well. Where the machine cannot do it the outer test is cancelled with its reason, in CI it fails.
@Suite struct JournalSinkTests {
    static let isInside = variable("JOURNALD_HOST") == "1"

    @Test(.enabled(if: !isInside, "the inner run tests the rest"))
    func `alerts stand in a real journald with every field`() throws {
        let directory = try TemporaryDirectory()
        let program = try #require(try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let result = try runCommand(
            [
                "bash", repositoryPath("Tests/Scripts/journald-host.sh"), program, "--testing-library", "swift-testing",
                "--filter", "InsideTests",
            ], adding: ["MONITORD_TEST_MARKS=\(directory.path)"])
        if result.status == 77 {
            guard variable("CI") == "true" else { try Test.cancel("\(result.output)") }
        }
        #expect(result.status == 0, "\(result.output)")
        // A filter that finds nothing ends with 0 as well: each inner test leaves a mark.
        #expect(try directory.names == ["disk", "fields", "frozen"], "\(result.output)")
    }

    @Test func `a path without a socket is not journald`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "socket")
        #expect(!JournalSink.isAvailable(socket: "\(directory.path)/socket"))
        #expect(!JournalSink.isAvailable(socket: "\(directory.path)/none"))
    }
}

@Suite(.serialized, .enabled(if: JournalSinkTests.isInside, "runs inside journald-host.sh only"))
struct JournalSinkInsideTests {
    private func entries(_ matches: String...) throws -> [[String: String]] {
        let sync = try runCommand(["journalctl", "--sync"])
        try #require(sync.status == 0, "\(sync.output)")
        // -a: fields over 4096 bytes are null without it.
        let fields = [
            "MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER", "MONITORD_V", "MONITORD_ID", "MONITORD_SEQ",
            "MONITORD_EVENT", "MONITORD_TIME", "MONITORD_SINCE", "MONITORD_UNTIL", "MONITORD_SEVERITY",
            "MONITORD_KIND", "MONITORD_PATTERN", "MONITORD_SERIES", "MONITORD_ALL_SERIES", "MONITORD_SCORE",
            "MONITORD_THRESHOLD", "MONITORD_RARITY", "MONITORD_CHANNELS", "MONITORD_DETECTORS", "MONITORD_LEARNING",
            "MONITORD_MESSAGE", "MONITORD_HINT", "MONITORD_RUNBOOK", "MONITORD_HOST", "MONITORD_VERSION",
            "MONITORD_EMITTED",
        ]
        let read = try runCommand(
            ["journalctl", "-q", "-a", "-o", "json", "--output-fields=\(fields.joined(separator: ","))"] + matches)
        try #require(read.status == 0, "\(read.output)")
        return try read.output.split(separator: "\n").map {
            try JSONDecoder().decode([String: String].self, from: Data($0.utf8)).filter {
                !$0.key.hasPrefix("__") && $0.key != "_BOOT_ID"
            }
        }
    }

    @Test func `every field reads back, long ones too`() async throws {
        #expect(JournalSink.isAvailable())
        var alert = record("0123456789abcdef", seq: 1, event: .close)
        alert.severity = .critical
        alert.until = at(60)
        alert.pattern = "flood"
        alert.allSeries = (0..<1_000).map { "pump\($0)" }
        alert.rarity = 0.5
        alert.runbook = "https://wiki"
        alert.channels = [
            .init(name: "temp", unit: "°C", value: 84.2, expected: 61, low: 55, high: 66, share: 1, direction: "high")
        ]
        alert.detectors = [.init(name: "gru", score: 6.5, weight: 1)]
        alert.message = "first line\nsecond = line"
        let stamp = EmissionStamp(host: "gw1", version: "1.0.0", emitted: at(61))
        let sink = try JournalSink { stamp }
        try await sink.deliver(alert)

        var expected: [String: String] = [:]
        for field in JournalFields.fields(of: alert, stamp: stamp) {
            let text = String(decoding: field, as: UTF8.self)
            let equals = try #require(text.firstIndex(of: "="))
            expected[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        #expect(expected["MONITORD_ALL_SERIES"]?.utf8.count ?? 0 > 8_000)
        #expect(expected.count == 28)
        let found = try entries(
            "MESSAGE_ID=\(JournalFields.messageID(of: .anomaly))", "MONITORD_ID=\(alert.id)", "MONITORD_SEQ=1")
        #expect(found == [expected])
        try leaveMark("fields")
    }

    @Test func `a frozen journald holds nobody but its own thread, and gets all when it goes on`() async throws {
        let journald = try #require(variable("JOURNALD_PID").flatMap { pid_t($0) })
        let sink = try JournalSink()
        kill(journald, SIGSTOP)
        // Its socket takes about ten entries, then sending blocks: more deliveries than that, none waited for here.
        let deliveries = (0..<40).map { seq in Task { try await sink.deliver(record("frozen", seq: seq)) } }
        // This task goes on; one that is cancelled gets away although its entry hangs.
        deliveries[39].cancel()
        await #expect(throws: CancellationError.self) { try await deliveries[39].value }
        kill(journald, SIGCONT)
        for delivery in deliveries.dropLast() { try await delivery.value }
        let found = try entries("MONITORD_ID=frozen").compactMap { $0["MONITORD_SEQ"] }
        #expect(Set(found).isSuperset(of: (0..<39).map(String.init)))
        #expect(sink.refusedDeliveries == 1)
        try leaveMark("frozen")
    }
}

@Suite(.enabled(if: JournalSinkTests.isInside, "runs inside journald-host.sh only"))
struct RollingLogInsideTests {
    @Test func `a line that does not fit on a full disk leaves nothing, and comes when there is room`() throws {
        let directory = try TemporaryDirectory()
        let mounted = try runCommand(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", directory.path])
        try #require(mounted.status == 0, "\(mounted.output)")
        defer { _ = try? runCommand(["umount", directory.path]) }
        // One of the two pages is taken by this, the other by the log: the second line begins within it and does not end.
        try directory.write(String(repeating: "x", count: 4_096), to: "ballast")
        let line = #"{"id":"x","seq":0,"message":"\#(String(repeating: "m", count: 3_000))"}"#
        var log = RollingLog(path: "\(directory.path)/alerts.jsonl")
        #expect(try log.append(line, key: .init(id: "x", seq: 0), at: onset))
        let error = #expect(throws: AlertingError.self) { try log.append(line, key: .init(id: "x", seq: 1), at: onset) }
        #expect(error?.description == "cannot write \(directory.path)/alerts.jsonl: No space left on device")
        #expect(directory.read("alerts.jsonl") == line + "\n")
        directory.delete("ballast")
        #expect(try log.append(line, key: .init(id: "x", seq: 1), at: onset))
        #expect(directory.read("alerts.jsonl") == line + "\n" + line + "\n")
        try leaveMark("disk")
    }
}

/// Tells the outer test that an inner one came to its end.
private func leaveMark(_ name: String) throws {
    let directory = try #require(variable("MONITORD_TEST_MARKS"))
    let descriptor = unsafe open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    try #require(descriptor >= 0)
    close(descriptor)
}

private func repositoryPath(_ path: String, from file: String = #filePath) -> String {
    "/" + file.split(separator: "/").dropLast(3).joined(separator: "/") + "/" + path
}
