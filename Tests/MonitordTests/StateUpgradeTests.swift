import Foundation
import Persistence
import TestSupport
import Testing
import TimeSeries

/// States that older versions have written: two series of 358 samples, one of them in the middle of an incident.
///
/// The files are the databases as those versions left them, packed. `further.csv` goes on where they end.
@Suite(.needsBinary) struct StateUpgradeTests {
    private let directory: TemporaryDirectory
    private let state: String
    private let further = fixture("further.csv")

    /// What the incident that is open was called by the version that opened it.
    private static let open = "a77fb7e1cc546c08"

    init() throws {
        directory = try TemporaryDirectory()
        state = directory.path("state")
    }

    private static func fixture(_ name: String) -> String {
        repositoryRoot.appending(path: "Tests/MonitordTests/Fixtures/State/\(name)").path
    }

    /// Puts a stored database in place.
    private func unpack(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let unpacked = try runCommand(
            URL(filePath: "/bin/sh"), ["-c", "gzip -dc '\(Self.fixture(name))' > '\(state)/monitord.db'"])
        #expect(unpacked.exitCode == 0, "\(unpacked.errors)")
    }

    /// Goes on over the rest of the recording, each time from a copy of the state: as a replay, for its scores, and as a run, for
    /// what it says.
    ///
    /// - Parameter rows: of the recording that the state has learned.
    private func goOn(
        _ profile: String = "full", after rows: Int = 0
    ) throws -> (alerts: [String], scores: [Substring], said: String) {
        let environment = ["MONITORD_PROFILE": profile]
        let (alerts, scores, copy) = (directory.path("alerts"), directory.path("scores"), directory.path("copy"))
        let lines = try lines()
        let rest = try directory.write((lines[...0] + lines[(rows + 1)...]).joined(), to: "rest.csv")
        let replay = try monitord(
            ["replay", "--state", state, "--alerts", alerts, "--scores", scores, rest], environment: environment)
        #expect(replay.exitCode == 0, "\(replay.errors)")
        try? FileManager.default.removeItem(atPath: copy)
        try FileManager.default.copyItem(atPath: state, toPath: copy)
        let run = try monitord(
            ["--stdin", "--state", copy, "--no-journal", "--log", "none"],
            input: Data(contentsOf: URL(filePath: rest)), environment: environment)
        #expect(run.exitCode == 0, "\(run.errors)")
        let told = try bareRecords(try String(contentsOfFile: alerts, encoding: .utf8))
        #expect(try bareRecords(run.output) == told)
        return (
            told, try String(contentsOfFile: scores, encoding: .utf8).split(separator: "\n").dropFirst().map { $0 },
            run.errors
        )
    }

    /// The lines of the recording, the header first.
    private func lines() throws -> [String] {
        try String(contentsOfFile: further, encoding: .utf8).split(separator: "\n").map { $0 + "\n" }
    }

    /// Changes pieces of the stored stream.
    private func change(_ pieces: [String: ([UInt8]) throws -> [UInt8]]) async throws {
        let store = try StateStore(directory: state)
        let stored = try await store.load(scope: "stream/input")
        let parts = try pieces.map { name, change in
            StatePart(scope: "stream/input", name: name, bytes: try change(try #require(stored[name])))
        }
        _ = try await store.commit(parts)
        await store.close()
    }

    @Test(arguments: [("schema-2.db.gz", "full"), ("schema-3-lean.db.gz", "lean")])
    func `a state of an older version goes on with all that it knows`(name: String, profile: String) throws {
        try unpack(name)
        let (alerts, scores, said) = try goOn(profile)
        #expect(!said.contains("anew") && !said.contains("cannot"), "\(said)")
        // Both series have a score from the first line on: they are known.
        #expect(scores.prefix(2).allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false)[2] != "" })
        // The one that was abnormal still is, and its incident closes under the name that it was opened with.
        #expect(
            scores.first?.hasSuffix(",1,2") == true || scores.first?.hasSuffix(",1,1") == true, "\(scores.first ?? "")")
        #expect(alerts.contains { $0.contains("\"event\":\"close\"") && $0.contains(Self.open) }, "\(alerts)")
        #expect(
            alerts.contains { $0.contains("\"event\":\"open\"") && $0.contains("\"series\":\"west\"") }, "\(alerts)")
        #expect(alerts.count == 2)
    }

    @Test func `stored in this version's form it goes on alike`() throws {
        try unpack("schema-2.db.gz")
        let whole = try goOn()
        try learn(560 - Self.half)
        let half = try goOn(after: 560 - Self.half)
        #expect(!half.said.contains("anew"), "\(half.said)")
        #expect(half.scores.count == Self.half && half.scores == whole.scores.suffix(Self.half))
        #expect(half.alerts == whole.alerts.suffix(half.alerts.count) && half.alerts.count == 2)
    }

    @Test func `a detector that is stored in another form is named once, and the others go on`() async throws {
        try unpack("schema-2.db.gz")
        try learn(20)
        var writer = StateWriter()
        writer.write("range")
        let name = writer.bytes
        func bump(_ bytes: [UInt8]) throws -> [UInt8] {
            var bytes = bytes
            let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
            bytes[place + name.count + 8] += 1
            return bytes
        }
        try await change(["series/0": bump, "series/1": bump])
        let (alerts, scores, said) = try goOn(after: 20)
        let line =
            "this version stores the detector range of 2 series of input differently: learned anew, the rest goes on"
        #expect(said.components(separatedBy: line).count == 2, "\(said)")
        try checkKnown(alerts, scores)
    }

    @Test(arguments: [
        ("forecaster", "the forecaster"), ("autoencoder", "the autoencoder"), ("replay", "the replay memory"),
    ])
    func `a network that is stored in another form learns anew, and the series go on`(
        piece: String, name: String
    ) async throws {
        try unpack("schema-2.db.gz")
        try await change(["training/0/\(piece)": { [99] + $0.dropFirst() }])
        let (alerts, scores, said) = try goOn()
        #expect(
            said.contains("this version stores \(name) of input differently: learned anew, the rest goes on"), "\(said)"
        )
        try checkKnown(alerts, scores)
    }

    @Test func `a series of which nothing can be read learns anew alone`() async throws {
        try unpack("schema-2.db.gz")
        try await change(["series/1": { [99] + $0.dropFirst() }])
        let (alerts, scores, said) = try goOn()
        let line =
            "the state of series west of input cannot be used: stored state is not usable: unknown version of a series; "
        #expect(said.contains(line + "learned anew, the other series go on"), "\(said)")
        try checkKnown(alerts, scores.filter { $0.contains(",east,") })
        #expect(scores.filter { $0.contains(",west,") }.prefix(150).allSatisfy { $0.contains(",west,,") })
    }

    @Test func `when no series can be read all of the stream begins anew`() async throws {
        try unpack("schema-2.db.gz")
        try await change(["series/0": { [99] + $0.dropFirst() }, "series/1": { [99] + $0.dropFirst() }])
        let (_, scores, said) = try goOn()
        #expect(said.contains("the state of input cannot be used"), "\(said)")
        #expect(said.contains("learning begins anew"), "\(said)")
        #expect(scores.prefix(300).allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false)[2] == "" })
    }

    /// The series are known from the first row on, and the incident closes under its name.
    private func checkKnown(_ alerts: [String], _ scores: [Substring]) throws {
        #expect(scores.count >= 200)
        #expect(scores.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false)[2] != "" })
        #expect(alerts.contains { $0.contains("\"event\":\"close\"") && $0.contains(Self.open) }, "\(alerts)")
    }

    /// Rows of the second half of `further.csv`.
    private static let half = 280

    /// Reads the first rows from standard input and stops.
    private func learn(_ rows: Int) throws {
        let run = try monitord(
            ["--stdin", "--state", state, "--no-journal", "--log", "none"],
            input: Data(try lines()[...rows].joined().utf8))
        #expect(run.exitCode == 0, "\(run.errors)")
    }
}
