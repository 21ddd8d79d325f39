import Glibc
import Testing
import TimeSeries

@testable import Alerting

@Suite struct RollingLogTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func log(_ bytes: Int = 1_000, keep: Int = 3, path: String = "alerts.jsonl") -> RollingLog {
        RollingLog(path: "\(directory.path)/\(path)", bytesPerFile: bytes, keptFiles: keep)
    }

    private func key(_ seq: Int) -> RollingLog.Key { RollingLog.Key(id: "x", seq: seq) }

    private func lineOf(_ seq: Int) -> String { #"{"id":"x","seq":\#(seq)}"# }

    @Test func `a file is rotated before it would grow beyond its size, and a bounded number is kept`() throws {
        // Each line has 17 bytes with its end: two fit into 40, three do not.
        var log = log(40, keep: 2)
        for seq in 0..<9 { #expect(try log.append(lineOf(seq), key: key(seq))) }
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1", "alerts.jsonl.2"])
        #expect(directory.read("alerts.jsonl") == lineOf(8) + "\n")
        #expect(directory.read("alerts.jsonl.1") == lineOf(6) + "\n" + lineOf(7) + "\n")
        #expect(directory.read("alerts.jsonl.2") == lineOf(4) + "\n" + lineOf(5) + "\n")
    }

    @Test func `no old file is kept when none is wanted, and a long line has a file of its own`() throws {
        var log = log(20, keep: 0)
        let long = #"{"id":"x","seq":0,"message":"longer than twenty bytes"}"#
        _ = try log.append(long, key: key(0))
        #expect(directory.read("alerts.jsonl") == long + "\n")
        _ = try log.append(lineOf(1), key: key(1))
        #expect(try directory.names == ["alerts.jsonl"])
        #expect(directory.read("alerts.jsonl") == lineOf(1) + "\n")
    }

    @Test func `a message that was written is not written again, in this run or after a restart`() throws {
        var first = log(40)
        for seq in 0..<3 { _ = try first.append(lineOf(seq), key: key(seq)) }
        #expect(try first.append(lineOf(2), key: key(2)) == false)
        // 0 and 1 stand in the rotated file, 2 in the young one.
        var second = log(40)
        let written = try (0..<4).map { try second.append(lineOf($0), key: key($0)) }
        #expect(written == [false, false, false, true])
        #expect(directory.read("alerts.jsonl") == lineOf(2) + "\n" + lineOf(3) + "\n")
    }

    @Test func `a directory that is missing or removed is made again`() throws {
        var log = log(path: "a/b/alerts.jsonl")
        _ = try log.append(lineOf(0), key: key(0))
        #expect(directory.read("a/b/alerts.jsonl") == lineOf(0) + "\n")
        try TemporaryDirectory.remove("\(directory.path)/a")
        _ = try log.append(lineOf(1), key: key(1))
        #expect(directory.read("a/b/alerts.jsonl") == lineOf(1) + "\n")
    }

    @Test func `a file that was moved away is left alone`() throws {
        var log = log()
        _ = try log.append(lineOf(0), key: key(0))
        #expect(unsafe rename("\(directory.path)/alerts.jsonl", "\(directory.path)/moved") == 0)
        _ = try log.append(lineOf(1), key: key(1))
        #expect(directory.read("moved") == lineOf(0) + "\n")
        #expect(directory.read("alerts.jsonl") == lineOf(1) + "\n")
    }

    @Test func `another file in its place is the one that is written`() throws {
        var log = log()
        _ = try log.append(lineOf(0), key: key(0))
        #expect(unsafe rename("\(directory.path)/alerts.jsonl", "\(directory.path)/moved") == 0)
        try directory.write("new\n", to: "alerts.jsonl")
        _ = try log.append(lineOf(1), key: key(1))
        #expect(directory.read("moved") == lineOf(0) + "\n")
        #expect(directory.read("alerts.jsonl") == "new\n" + lineOf(1) + "\n")
    }

    @Test func `two writers lose nothing over rotations`() throws {
        var one = log(40, keep: 20)
        var other = log(40, keep: 20)
        for seq in 0..<10 {
            _ = try one.append(#"{"id":"o","seq":\#(seq)}"#, key: .init(id: "o", seq: seq))
            _ = try other.append(#"{"id":"p","seq":\#(seq)}"#, key: .init(id: "p", seq: seq))
        }
        let lines = try directory.names.flatMap { (directory.read($0) ?? "").split(separator: "\n") }
        let expected = (0..<10).flatMap { [#"{"id":"o","seq":\#($0)}"#, #"{"id":"p","seq":\#($0)}"#] }
        #expect(lines.map(String.init).sorted() == expected.sorted())
        #expect(try directory.names.allSatisfy { (directory.read($0) ?? "").utf8.count <= 40 })
    }

    @Test func `a torn last line is ended first, and notes of others are passed over`() throws {
        try directory.write("a note\n{\"id\":\"x\",\"se", to: "alerts.jsonl")
        var log = log()
        #expect(try log.append(lineOf(0), key: key(0)))
        #expect(directory.read("alerts.jsonl") == "a note\n{\"id\":\"x\",\"se\n" + lineOf(0) + "\n")
    }

    @Test func `a path that cannot be written is an error with the system's words, and works once it can`() throws {
        try directory.write("", to: "a")
        var log = log(path: "a/alerts.jsonl")
        let path = "\(directory.path)/a/alerts.jsonl"
        let error = #expect(throws: AlertingError.self) { try log.append(lineOf(0), key: key(0)) }
        #expect(error?.description == "cannot open \(path): Not a directory")
        try TemporaryDirectory.remove("\(directory.path)/a")
        #expect(try log.append(lineOf(0), key: key(0)))
    }

    @Test func `a full disk is an error, and the message comes when there is room`() throws {
        // /dev/full fails every write with ENOSPC.
        var log = RollingLog(path: "/dev/full", bytesPerFile: 1_000, keptFiles: 1)
        let error = #expect(throws: AlertingError.self) { try log.append(lineOf(0), key: key(0)) }
        #expect(error?.description == "cannot write /dev/full: No space left on device")
        #expect(throws: AlertingError.self) { try log.append(lineOf(0), key: key(0)) }
    }

    @Test func `the sink writes the record with host, version and wall clock`() async throws {
        let stamp = EmissionStamp(host: "gw1", version: "1.0.0", emitted: at(1))
        let sink = try RollingLogSink(path: "\(directory.path)/alerts.jsonl") { stamp }
        try await sink.deliver(record())
        try await sink.deliver(record())
        try await sink.deliver(record(seq: 1, event: .close))
        #expect(
            directory.read("alerts.jsonl") == record().jsonLine(stamp: stamp) + "\n"
                + record(seq: 1, event: .close).jsonLine(stamp: stamp) + "\n")
    }
}
