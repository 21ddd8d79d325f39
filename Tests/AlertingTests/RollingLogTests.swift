import Glibc
import TestSupport
import Testing
import TimeSeries

@testable import Alerting

@Suite struct RollingLogTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func log(_ bytes: Int = 1_000, keep: Int = 3, path: String = "alerts.jsonl") -> RollingLog {
        RollingLog(
            path: "\(directory.path)/\(path)", limits: RollingLogLimits(bytesPerFile: bytes, keptFiles: keep))
    }

    private func compression(keep: Int = 3, total: Int = 1 << 20) -> LogCompression {
        LogCompression(
            files: LogFiles(path: "\(directory.path)/alerts.jsonl"),
            limits: RollingLogLimits(bytesPerFile: 40, keptFiles: keep, totalBytes: total))
    }

    private func unpacked(_ name: String) throws -> String {
        try runCommand(["zcat", "\(directory.path)/\(name)"]).output
    }

    private func key(_ seq: Int) -> RollingLog.Key { RollingLog.Key(id: "x", seq: seq) }

    private func lineOf(_ seq: Int) -> String { #"{"id":"x","seq":\#(seq)}"# }

    @Test func `a file is rotated before it would grow beyond its size, and a bounded number is kept`() throws {
        // Each line has 17 bytes with its end: two fit into 40, three do not.
        var log = log(40, keep: 2)
        for seq in 0..<9 { #expect(try log.append(lineOf(seq), key: key(seq), at: onset)) }
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1", "alerts.jsonl.2"])
        #expect(directory.read("alerts.jsonl") == lineOf(8) + "\n")
        #expect(directory.read("alerts.jsonl.1") == lineOf(6) + "\n" + lineOf(7) + "\n")
        #expect(directory.read("alerts.jsonl.2") == lineOf(4) + "\n" + lineOf(5) + "\n")
    }

    @Test func `no old file is kept when none is wanted, and a long line has a file of its own`() throws {
        var log = log(20, keep: 0)
        let long = #"{"id":"x","seq":0,"message":"longer than twenty bytes"}"#
        _ = try log.append(long, key: key(0), at: onset)
        #expect(directory.read("alerts.jsonl") == long + "\n")
        _ = try log.append(lineOf(1), key: key(1), at: onset)
        #expect(try directory.names == ["alerts.jsonl"])
        #expect(directory.read("alerts.jsonl") == lineOf(1) + "\n")
    }

    @Test func `a message that was written is not written again, in this run or after a restart`() throws {
        var first = log(40)
        for seq in 0..<3 { _ = try first.append(lineOf(seq), key: key(seq), at: onset) }
        #expect(try first.append(lineOf(2), key: key(2), at: onset) == false)
        // 0 and 1 stand in the rotated file, 2 in the young one.
        var second = log(40)
        let written = try (0..<4).map { try second.append(lineOf($0), key: key($0), at: onset) }
        #expect(written == [false, false, false, true])
        #expect(directory.read("alerts.jsonl") == lineOf(2) + "\n" + lineOf(3) + "\n")
    }

    @Test func `nor when it stands several rotated files back, compressed or not`() throws {
        var first = log(40, keep: 9)
        for seq in 0..<9 { _ = try first.append(lineOf(seq), key: key(seq), at: onset) }
        try compression(keep: 9).run()
        for seq in 9..<13 { _ = try first.append(lineOf(seq), key: key(seq), at: onset) }
        var second = log(40, keep: 9)
        let written = try (0..<14).map { try second.append(lineOf($0), key: key($0), at: onset) }
        #expect(written == [Bool](repeating: false, count: 13) + [true])
    }

    @Test func `a directory that is missing or removed is made again`() throws {
        var log = log(path: "a/b/alerts.jsonl")
        _ = try log.append(lineOf(0), key: key(0), at: onset)
        #expect(directory.read("a/b/alerts.jsonl") == lineOf(0) + "\n")
        directory.delete("a")
        _ = try log.append(lineOf(1), key: key(1), at: onset)
        #expect(directory.read("a/b/alerts.jsonl") == lineOf(1) + "\n")
    }

    @Test func `a file that was moved away is left alone`() throws {
        var log = log()
        _ = try log.append(lineOf(0), key: key(0), at: onset)
        #expect(unsafe rename("\(directory.path)/alerts.jsonl", "\(directory.path)/moved") == 0)
        _ = try log.append(lineOf(1), key: key(1), at: onset)
        #expect(directory.read("moved") == lineOf(0) + "\n")
        #expect(directory.read("alerts.jsonl") == lineOf(1) + "\n")
    }

    @Test func `another file in its place is the one that is written`() throws {
        var log = log()
        _ = try log.append(lineOf(0), key: key(0), at: onset)
        #expect(unsafe rename("\(directory.path)/alerts.jsonl", "\(directory.path)/moved") == 0)
        try directory.write("new\n", to: "alerts.jsonl")
        _ = try log.append(lineOf(1), key: key(1), at: onset)
        #expect(directory.read("moved") == lineOf(0) + "\n")
        #expect(directory.read("alerts.jsonl") == "new\n" + lineOf(1) + "\n")
    }

    @Test func `a file is rotated when its first line is older than its age, also after a restart`() throws {
        let limits = RollingLogLimits(secondsPerFile: 3_600)
        func line(_ seq: Int, at seconds: Double) -> String {
            #"{"id":"x","seq":\#(seq),"emitted":"\#(at(seconds))"}"#
        }
        var log = RollingLog(path: "\(directory.path)/alerts.jsonl", limits: limits)
        for (seq, seconds) in [0.0, 3_599, 3_600].enumerated() {
            _ = try log.append(line(seq, at: seconds), key: key(seq), at: at(seconds))
        }
        #expect(directory.read("alerts.jsonl") == line(2, at: 3_600) + "\n")
        #expect(directory.read("alerts.jsonl.1") == line(0, at: 0) + "\n" + line(1, at: 3_599) + "\n")
        var restarted = RollingLog(path: "\(directory.path)/alerts.jsonl", limits: limits)
        _ = try restarted.append(line(3, at: 7_000), key: key(3), at: at(7_000))
        #expect(try directory.names.count == 2)
        _ = try restarted.append(line(4, at: 7_300), key: key(4), at: at(7_300))
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1", "alerts.jsonl.2"])
    }

    @Test func `a clock that was ahead does not keep a file for ever`() throws {
        var log = RollingLog(path: "\(directory.path)/alerts.jsonl", limits: RollingLogLimits(secondsPerFile: 60))
        _ = try log.append(#"{"id":"x","seq":0,"emitted":"2038-01-01T00:00:00Z"}"#, key: key(0), at: at(1e8))
        _ = try log.append(lineOf(1), key: key(1), at: at(0))
        _ = try log.append(lineOf(2), key: key(2), at: at(60))
        #expect(directory.read("alerts.jsonl") == lineOf(2) + "\n")
    }

    @Test func `old files are compressed, numbered on, and read back against a second writing`() throws {
        var log = log(40, keep: 3)
        for seq in 0..<3 { _ = try log.append(lineOf(seq), key: key(seq), at: onset) }
        let needsCompression = log.needsCompression
        #expect(needsCompression)
        try compression().run()
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1.gz"])
        #expect(try unpacked("alerts.jsonl.1.gz") == lineOf(0) + "\n" + lineOf(1) + "\n")
        var second = self.log(40, keep: 3)
        let written = try (0..<5).map { try second.append(lineOf($0), key: key($0), at: onset) }
        #expect(written == [false, false, false, true, true])
        try compression().run()
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1.gz", "alerts.jsonl.2.gz"])
        #expect(try unpacked("alerts.jsonl.2.gz") == lineOf(0) + "\n" + lineOf(1) + "\n")
    }

    @Test(arguments: [
        ["alerts.jsonl.1": "a\n", "alerts.jsonl.gz.tmp": "half"],
        ["alerts.jsonl.1": "a\n", "alerts.jsonl.1.gz": "whole"],
        ["alerts.jsonl.1": "a\n"],
    ]) func `what a crash left of a compression is finished`(left: [String: String]) throws {
        for (name, text) in left { try directory.write(text, to: name) }
        var log = log(40)
        _ = try log.append(lineOf(0), key: key(0), at: onset)
        let needsCompression = log.needsCompression
        #expect(needsCompression)
        try compression().run()
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1.gz"])
        #expect(try unpacked("alerts.jsonl.1.gz") == "a\n")
    }

    @Test func `a crash in the middle of a rotation costs no file`() throws {
        try directory.write("new\n", to: "alerts.jsonl")
        try directory.write("old\n", to: "alerts.jsonl.2")
        var log = log(5)
        _ = try log.append(lineOf(0), key: key(0), at: onset)
        #expect(directory.read("alerts.jsonl.1") == "new\n")
        #expect(directory.read("alerts.jsonl.2") == "old\n")
    }

    @Test func `all files together stay below their bound, and the oldest go`() throws {
        let limits = RollingLogLimits(bytesPerFile: 40, keptFiles: 100, totalBytes: 120)
        var log = RollingLog(path: "\(directory.path)/alerts.jsonl", limits: limits)
        for seq in 0..<20 { _ = try log.append(lineOf(seq), key: key(seq), at: onset) }
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1", "alerts.jsonl.2"])
        #expect(directory.read("alerts.jsonl.1") == lineOf(16) + "\n" + lineOf(17) + "\n")
    }

    @Test func `a lower number of kept files holds from the next rotation on`() throws {
        var log = log(20, keep: 5)
        for seq in 0..<6 { _ = try log.append(lineOf(seq), key: key(seq), at: onset) }
        #expect(try directory.names.count == 6)
        log.limits.keptFiles = 2
        _ = try log.append(lineOf(6), key: key(6), at: onset)
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1", "alerts.jsonl.2"])
    }

    @Test func `a compression that cannot be written leaves the plain file`() throws {
        var log = log(40)
        for seq in 0..<3 { _ = try log.append(lineOf(seq), key: key(seq), at: onset) }
        #expect(unsafe symlink("/dev/full", "\(directory.path)/alerts.jsonl.gz.tmp") == 0)
        #expect(throws: AlertingError.self) { try compression().run() }
        #expect(directory.read("alerts.jsonl.1") == lineOf(0) + "\n" + lineOf(1) + "\n")
        try compression().run()
        #expect(try directory.names == ["alerts.jsonl", "alerts.jsonl.1.gz"])
    }

    @Test func `two writers lose nothing over rotations`() throws {
        var one = log(40, keep: 20)
        var other = log(40, keep: 20)
        for seq in 0..<10 {
            _ = try one.append(#"{"id":"o","seq":\#(seq)}"#, key: .init(id: "o", seq: seq), at: onset)
            _ = try other.append(#"{"id":"p","seq":\#(seq)}"#, key: .init(id: "p", seq: seq), at: onset)
        }
        let lines = try directory.names.flatMap { (directory.read($0) ?? "").split(separator: "\n") }
        let expected = (0..<10).flatMap { [#"{"id":"o","seq":\#($0)}"#, #"{"id":"p","seq":\#($0)}"#] }
        #expect(lines.map(String.init).sorted() == expected.sorted())
        #expect(try directory.names.allSatisfy { (directory.read($0) ?? "").utf8.count <= 40 })
    }

    @Test func `a torn last line is ended first, and notes of others are passed over`() throws {
        try directory.write("a note\n{\"id\":\"x\",\"se", to: "alerts.jsonl")
        var log = log()
        #expect(try log.append(lineOf(0), key: key(0), at: onset))
        #expect(directory.read("alerts.jsonl") == "a note\n{\"id\":\"x\",\"se\n" + lineOf(0) + "\n")
    }

    @Test func `a path that cannot be written is an error with the system's words, and works once it can`() throws {
        try directory.write("", to: "a")
        var log = log(path: "a/alerts.jsonl")
        let path = "\(directory.path)/a/alerts.jsonl"
        let error = #expect(throws: AlertingError.self) { try log.append(lineOf(0), key: key(0), at: onset) }
        #expect(error?.description == "cannot open \(path): Not a directory")
        directory.delete("a")
        #expect(try log.append(lineOf(0), key: key(0), at: onset))
    }

    @Test func `a full disk is an error, and the message comes when there is room`() throws {
        // /dev/full fails every write with ENOSPC.
        var log = RollingLog(path: "/dev/full")
        let error = #expect(throws: AlertingError.self) { try log.append(lineOf(0), key: key(0), at: onset) }
        #expect(error?.description == "cannot write /dev/full: No space left on device")
        #expect(throws: AlertingError.self) { try log.append(lineOf(0), key: key(0), at: onset) }
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
