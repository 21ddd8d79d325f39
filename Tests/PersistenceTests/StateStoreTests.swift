import Foundation
import Persistence
import TestSupport
import Testing

@Suite struct StateStoreTests {
    private func bytes(_ count: Int, _ seed: UInt8 = 1) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed)) }
    }

    @Test func `pieces read back after the store was closed`() async throws {
        let directory = try TemporaryDirectory()
        let store = try StateStore(directory: directory.path("state"))
        let parts = [
            StatePart(scope: "stream/input", name: "position", bytes: [1, 2, 3]),
            StatePart(scope: "stream/input", name: "weights", bytes: bytes(100_000)),
            StatePart(scope: "daemon", name: "policy", bytes: []),
        ]
        let outcome = try await store.commit(parts)
        #expect(outcome.partsWritten == 3)
        #expect(outcome.bytesWritten < 50_000, "a repetitive piece is compressed: \(outcome.bytesWritten)")
        await store.close()
        let again = try StateStore(directory: directory.path("state"))
        #expect(try await again.load(scope: "stream/input") == ["position": [1, 2, 3], "weights": bytes(100_000)])
        #expect(try await again.load(scope: "daemon") == ["policy": []])
        #expect(try await again.scopes() == ["daemon", "stream/input"])
    }

    @Test func `only pieces that changed are written`() async throws {
        let store = try StateStore(directory: nil)
        let parts = (0..<1_000).map { StatePart(scope: "s", name: "\($0)", bytes: bytes(100, UInt8($0 % 250))) }
        #expect(try await store.commit(parts).partsWritten == 1_000)
        #expect(try await store.commit(parts).partsWritten == 0)
        var changed = parts
        changed[500].bytes[99] ^= 1
        #expect(try await store.commit(changed).partsWritten == 1)
        #expect(try await store.load(scope: "s")["500"] == changed[500].bytes)
    }

    @Test func `a piece that is removed is gone and can come back`() async throws {
        let store = try StateStore(directory: nil)
        let part = StatePart(scope: "s", name: "a", bytes: [1])
        _ = try await store.commit([part])
        _ = try await store.commit([], removing: [part])
        #expect(try await store.load(scope: "s").isEmpty)
        #expect(try await store.commit([part]).partsWritten == 1)
        #expect(try await store.load(scope: "s") == ["a": [1]])
    }

    @Test func `a directory has one owner`() async throws {
        let directory = try TemporaryDirectory()
        let first = try StateStore(directory: directory.url.path)
        let owner = String(ProcessInfo.processInfo.processIdentifier)
        #expect(throws: PersistenceError.inUse(directory: directory.url.path, owner: owner)) {
            _ = try StateStore(directory: directory.url.path)
        }
        await first.close()
    }

    @Test func `a damaged file is set aside and kept`() async throws {
        let directory = try TemporaryDirectory()
        let damaged = "this is no database, whatever its name says\n"
        _ = try directory.write(String(repeating: damaged, count: 100), to: "monitord.db")
        let store = try StateStore(directory: directory.url.path)
        _ = try await store.commit([StatePart(scope: "s", name: "a", bytes: [1])])
        let kept = try String(contentsOfFile: directory.path("monitord.db.damaged-1"), encoding: .utf8)
        #expect(kept.hasPrefix(damaged))
    }

    @Test func `a state of a later monitord is refused and left alone`() async throws {
        let directory = try TemporaryDirectory()
        let store = try StateStore(directory: directory.url.path)
        await store.close()
        let path = directory.path("monitord.db")
        // Byte 60 of the header is the last one of user_version (https://www.sqlite.org/fileformat.html).
        var file = try Data(contentsOf: URL(fileURLWithPath: path))
        file[63] = 99
        try file.write(to: URL(fileURLWithPath: path))
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let other = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: path, toPath: other.path("monitord.db"))
        #expect(throws: PersistenceError.newer(path: other.path("monitord.db"), found: 99, known: 1)) {
            _ = try StateStore(directory: other.url.path)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func `a copy in memory reads a state that is in use and changes nothing of it`() async throws {
        let directory = try TemporaryDirectory()
        let owner = try StateStore(directory: directory.url.path)
        _ = try await owner.commit([StatePart(scope: "s", name: "a", bytes: [1])])
        let copy = try StateStore(copyOf: directory.url.path)
        #expect(try await copy.load(scope: "s") == ["a": [1]])
        _ = try await copy.commit([StatePart(scope: "s", name: "a", bytes: [2])])
        #expect(try await owner.load(scope: "s") == ["a": [1]])
    }

    @Test(arguments: ["state", "100% of it? yes #1"])
    func `a copy of a state that is not in use leaves nothing beside it`(name: String) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path(name)
        let owner = try StateStore(directory: path)
        _ = try await owner.commit([StatePart(scope: "s", name: "a", bytes: [1])])
        await owner.close()
        let before = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        let copy = try StateStore(copyOf: path)
        #expect(try await copy.load(scope: "s") == ["a": [1]])
        await copy.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == before)
    }
}

@Suite struct OutboxTests {
    private func message(_ id: String, _ seq: Int = 0) -> StoredMessage {
        StoredMessage(id: id, seq: seq, payload: Array("{\"id\":\"\(id)\"}".utf8))
    }

    @Test func `messages wait for each sink on its own`() async throws {
        let store = try StateStore(directory: nil)
        try await store.registerSinks(["log", "journal"])
        try await store.appendToOutbox([message("a"), message("b")])
        try await store.acknowledge(sink: "log", upTo: 1)
        #expect(try await store.pending(sink: "log", limit: 9).map(\.id) == ["b"])
        #expect(try await store.pending(sink: "journal", limit: 9).map(\.id) == ["a", "b"])
        #expect(try await store.pending(sink: "journal", limit: 1).map(\.id) == ["a"])
    }

    @Test func `a message raised again after a crash is one message`() async throws {
        let store = try StateStore(directory: nil)
        try await store.registerSinks(["log"])
        try await store.appendToOutbox([message("a"), message("a", 1)])
        try await store.appendToOutbox([message("a"), message("a", 1), message("a", 2)])
        #expect(try await store.pending(sink: "log", limit: 9).map(\.seq) == [0, 1, 2])
    }

    @Test func `what was stored survives although nothing was closed`() async throws {
        let directory = try TemporaryDirectory()
        let store = try StateStore(directory: directory.path("state"))
        try await store.registerSinks(["log"])
        try await store.appendToOutbox([message("a")])
        // The file and its WAL as a power cut would leave them, the process still running.
        let after = directory.path("after")
        try FileManager.default.createDirectory(atPath: after, withIntermediateDirectories: true)
        for name in ["monitord.db", "monitord.db-wal"] {
            try FileManager.default.copyItem(atPath: directory.path("state/\(name)"), toPath: "\(after)/\(name)")
        }
        let revived = try StateStore(directory: after)
        #expect(try await revived.pending(sink: "log", limit: 9).map(\.id) == ["a"])
        await store.close()
    }

    @Test func `a new sink does not get the history and a known one goes on`() async throws {
        let store = try StateStore(directory: nil)
        try await store.registerSinks(["log"])
        try await store.appendToOutbox([message("a")])
        try await store.registerSinks(["log", "journal"])
        try await store.appendToOutbox([message("b")])
        #expect(try await store.pending(sink: "journal", limit: 9).map(\.id) == ["b"])
        #expect(try await store.pending(sink: "log", limit: 9).map(\.id) == ["a", "b"])
    }

    @Test func `the history is bounded and keeps what nobody has acknowledged`() async throws {
        let store = try StateStore(directory: nil)
        try await store.registerSinks(["log"])
        for start in stride(from: 0, to: 12_000, by: 1_000) {
            try await store.appendToOutbox((start..<(start + 1_000)).map { message("\($0)") })
        }
        #expect(try await store.history(limit: 20_000).count == 12_000)
        try await store.acknowledge(sink: "log", upTo: 12_000)
        let kept = try await store.history(limit: 20_000)
        #expect(kept.count == 10_000)
        #expect(kept.first?.id == "11999")
    }

    @Test(.enabled(if: geteuid() == 0, "a full disk is made with a small tmpfs, which needs root"))
    func `a full disk is told, and the store works again when there is room`() async throws {
        let directory = try TemporaryDirectory()
        let mount = try runCommand(
            URL(fileURLWithPath: "/bin/mount"), ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory.url.path])
        try #require(mount.exitCode == 0, "\(mount.errors)")
        defer { _ = try? runCommand(URL(fileURLWithPath: "/bin/umount"), ["-l", directory.url.path]) }
        let store = try StateStore(directory: directory.path("state"))
        try await store.registerSinks(["log"])
        try await store.appendToOutbox([message("first")])
        let ballast = directory.path("ballast")
        _ = FileManager.default.createFile(atPath: ballast, contents: nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: ballast))
        while (try? handle.write(contentsOf: Data(repeating: 7, count: 4_096))) != nil {}
        let large = StoredMessage(
            id: "large", seq: 0, payload: (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 89) })
        await #expect(throws: DatabaseError.self) { try await store.appendToOutbox([large]) }
        #expect(try await store.pending(sink: "log", limit: 9).map(\.id) == ["first"])
        try handle.close()
        try FileManager.default.removeItem(atPath: ballast)
        try await store.appendToOutbox([large])
        #expect(try await store.pending(sink: "log", limit: 9).map(\.id) == ["first", "large"])
        await store.close()
    }
}
