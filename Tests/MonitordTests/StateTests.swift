import Foundation
import MonitorRuntime
import Persistence
import TestSupport
import Testing

/// `monitord state` on a state that the daemon has made.
@Suite(.needsBinary) struct StateTests {
    private let directory: TemporaryDirectory
    private let state: String
    private let file: String

    init() throws {
        directory = try TemporaryDirectory()
        state = directory.path("state")
        let rows = (0..<300).flatMap { tick in
            ["east", "west"].map { "\(1_767_225_600 + tick),\($0),\(60 + (tick * 7919 % 101)).5" }
        }
        file = try directory.write("time,series,value\n" + rows.joined(separator: "\n") + "\n", to: "plant.csv")
        try learn()
    }

    /// Reads the file from standard input and stops.
    private func learn() throws {
        let run = try monitord(
            ["--stdin", "--state", state, "--no-journal", "--log", "none"], input: Data(contentsOf: URL(filePath: file))
        )
        #expect(run.exitCode == 0, "\(run.errors)")
    }

    @Test func `it lists streams, series and snapshots`() throws {
        let list = try monitord(["state", "list", "--state", state])
        #expect(list.exitCode == 0, "\(list.errors)")
        #expect(list.output.contains("state in \(state), committed 20"))
        #expect(list.output.contains("input: 2 series, last sample 2026-01-01T00:04:59Z"))
        #expect(list.output.contains("no snapshots"))
        let save = try monitord(["state", "save", "--state", state, "good"])
        #expect(save.output == "good\n")
        #expect(try monitord(["state", "list", "--state", state]).output.contains("snapshots:\n  good  "))
    }

    @Test func `the samples are in the history, with what was expected`() async throws {
        let store = try StateStore(copyOf: state)
        let samples = try await store.samples(of: "input", series: "east")
        // A name becomes a series with its third line.
        #expect(samples.count == 298)
        #expect(samples[15].channels.map(\.value) == [60.5 + Double(17 * 7919 % 101)])
        let known = samples.filter { $0.channels[0].expected != nil }
        #expect(known.count > 270)
        #expect(
            known.allSatisfy { sample in
                let channel = sample.channels[0]
                return (channel.low ?? .infinity) <= (channel.high ?? -.infinity)
            })
        #expect(samples.suffix(90).allSatisfy { $0.score != nil && $0.severity != nil && $0.threshold > 0 })
        #expect(try await store.samples(of: "input", series: "north").isEmpty)
    }

    @Test func `it goes back to a snapshot after saying what that changes`() throws {
        _ = try monitord(["state", "save", "--state", state, "good"])
        let before = try monitord(["state", "list", "--state", state]).output
        try learn()
        let plan = try monitord(["state", "rollback", "good", "--state", state])
        #expect(plan.exitCode == 0)
        #expect(plan.output == "goes back to good:\n  input: 2 series (east, west)\n")
        #expect(plan.errors.contains("nothing was changed; with --yes it is done"))
        #expect(try monitord(["state", "list", "--state", state]).output != before)
        let done = try monitord(["state", "rollback", "good", "--state", state, "--yes"])
        #expect(done.exitCode == 0, "\(done.errors)")
        let after = try monitord(["state", "list", "--state", state]).output
        #expect(after.hasPrefix(before.prefix(while: { $0 != "\n" })), "\(after)")
        // How it was is kept too.
        #expect(done.errors.contains("how it was is kept as 20"))
        #expect(after.contains("\n  good  ") && after.contains("\n  20"))
    }

    @Test func `a series begins anew, and the others go on`() throws {
        let reset = try monitord(["state", "reset", "--series", "ea*", "--state", state, "--yes"])
        #expect(reset.output == "begins anew:\n  input: 1 series (east)\n", "\(reset.errors)")
        let undone = directory.path("scores.csv")
        let replay = try monitord(["replay", "--state", state, "--scores", undone, file])
        #expect(replay.exitCode == 0, "\(replay.errors)")
        let back = try monitord(["state", "rollback", "nowhere", "--state", state])
        #expect(back.exitCode == 66)
        #expect(back.errors.contains("there is no snapshot nowhere; there are 20"))
        let unknown = try monitord(["state", "reset", "--series", "north", "--state", state])
        #expect(unknown.exitCode == 66)
        #expect(unknown.errors.contains("no stored series is called north"))
    }

    @Test func `the whole state begins anew`() throws {
        let reset = try monitord(["state", "reset", "--state", state, "--yes"])
        #expect(reset.exitCode == 0, "\(reset.errors)")
        #expect(!(try monitord(["state", "list", "--state", state]).output.contains("input")))
    }

    @Test func `a state in use is kept and listed, and changed by nobody`() throws {
        let daemon = try RunningCommand(
            try #require(monitordBinary), ["run", "--stdin", "--state", state, "--no-journal", "--log", "none"])
        // The first alert line cannot come before the state is held.
        daemon.send(try String(contentsOfFile: sample("pump.csv"), encoding: .utf8))
        #expect(daemon.nextLine() != nil)
        #expect(try monitord(["state", "save", "--state", state, "now"]).exitCode == 0)
        let reset = try monitord(["state", "reset", "--state", state, "--yes"])
        #expect(reset.exitCode == 69)
        #expect(reset.errors.contains("is in use by process"))
        #expect(daemon.finish().exitCode == 0)
    }

    @Test(.enabled(if: Self.mountsAlone, "only root mounts, in a namespace of its own"))
    func `a state on a disk that may only be read is refused with one line, and is left as it is`() throws {
        let before = try Data(contentsOf: URL(filePath: state + "/monitord.db"))
        let script = """
            mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 1
            exec "$0" --stdin --state "$1" --no-journal --log none
            """
        let run = try runCommand(
            URL(filePath: "/usr/bin/unshare"),
            ["-m", "/bin/sh", "-c", script, try #require(monitordBinary).path, state],
            input: Data(contentsOf: URL(filePath: file)))
        #expect(run.exitCode == 73)
        #expect(run.errors == "cannot create \(state)/lock: Read-only file system\n")
        #expect(try Data(contentsOf: URL(filePath: state + "/monitord.db")) == before)
    }

    /// Whether a test may mount something that nobody else sees.
    private static var mountsAlone: Bool {
        (try? runCommand(URL(filePath: "/usr/bin/unshare"), ["-m", "/bin/mount", "-t", "tmpfs", "none", "/mnt"]))?
            .exitCode == 0
    }

    @Test func `names that are none are refused`() throws {
        let save = try monitord(["state", "save", "--state", state, "../evil"])
        #expect(save.exitCode == 64)
        #expect(try monitord(["state", "list", "--state", directory.path("none")]).exitCode == 66)
    }
}
