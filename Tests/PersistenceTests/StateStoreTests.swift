import Foundation
import TestSupport
import Testing
import TimeSeries

@testable import Persistence

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
        var other = bytes(100, UInt8(500 % 250))
        other[99] ^= 1
        changed[500].content = .whole(other)
        #expect(try await store.commit(changed).partsWritten == 1)
        #expect(try await store.load(scope: "s")["500"] == other)
    }

    @Test func `a piece that is removed is gone and can come back`() async throws {
        let store = try StateStore(directory: nil)
        let part = StatePart(scope: "s", name: "a", bytes: [1])
        _ = try await store.commit([part])
        _ = try await store.commit([StatePart(scope: "s", name: "a", content: .removed)])
        #expect(try await store.load(scope: "s").isEmpty)
        #expect(try await store.commit([part]).partsWritten == 1)
        #expect(try await store.load(scope: "s") == ["a": [1]])
    }

    @Test func `what is staged counts when it is sealed, all at once`() async throws {
        let store = try StateStore(directory: nil)
        _ = try await store.commit([
            StatePart(scope: "s", name: "a", bytes: [1]), StatePart(scope: "s", name: "b", bytes: [1]),
        ])
        try await store.stage([StatePart(scope: "s", name: "a", bytes: [2])])
        try await store.stage([StatePart(scope: "s", name: "b", content: .removed)])
        #expect(try await store.load(scope: "s") == ["a": [1], "b": [1]])
        _ = try await store.seal()
        #expect(try await store.load(scope: "s") == ["a": [2]])
        while try await store.clearSome() {}
        #expect(try await store.load(scope: "s") == ["a": [2]])
    }

    @Test func `a commit that was given up leaves nothing behind`() async throws {
        let store = try StateStore(directory: nil)
        _ = try await store.commit([StatePart(scope: "s", name: "a", bytes: [1])])
        try await store.stage([
            StatePart(scope: "s", name: "a", bytes: [2]), StatePart(scope: "s", name: "c", bytes: [3]),
        ])
        await store.discard()
        _ = try await store.commit([StatePart(scope: "s", name: "b", bytes: [4])])
        #expect(try await store.load(scope: "s") == ["a": [1], "b": [4]])
        // What was not stored is stored when it comes again.
        #expect(try await store.commit([StatePart(scope: "s", name: "a", bytes: [2])]).partsWritten == 1)
        #expect(try await store.load(scope: "s")["a"] == [2])
    }

    @Test func `a commit that a crash cut off does not count`() async throws {
        let directory = try TemporaryDirectory()
        let store = try StateStore(directory: directory.path("state"))
        _ = try await store.commit([StatePart(scope: "s", name: "a", bytes: bytes(2_000))])
        try await store.stage([StatePart(scope: "s", name: "a", bytes: bytes(2_000, 9))])
        let copy = try StateStore(copyOf: directory.path("state"))
        #expect(try await copy.load(scope: "s") == ["a": bytes(2_000)])
        // Another commit may not make it count either.
        await store.close()
        let again = try StateStore(directory: directory.path("state"))
        _ = try await again.commit([StatePart(scope: "s", name: "b", bytes: [1])])
        #expect(try await again.load(scope: "s") == ["a": bytes(2_000), "b": [1]])
    }

    @Test func `a piece is what its patches have made of it`() async throws {
        let store = try StateStore(directory: nil)
        var generator = SeededGenerator(seed: 3)
        var piece = (0..<20_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        var image = PieceImage(number: 5)
        var wholes = 0
        for _ in 0..<60 {
            let (content, next) = try #require(image.change(to: piece))
            if case .whole = content { wholes += 1 }
            _ = try await store.commit([StatePart(scope: "s", name: "a", content: content)])
            while try await store.clearSome() {}
            image = next
            #expect(try await store.load(scope: "s") == ["a": piece])
            #expect(image.change(to: piece) == nil)
            for _ in 0..<4 {
                piece[Int.random(in: piece.indices, using: &generator)] ^= 1
            }
            // It grows and shrinks.
            if Bool.random(using: &generator) {
                piece.append(7)
            } else {
                piece.removeLast(Int.random(in: 0...700, using: &generator))
            }
        }
        #expect((2..<20).contains(wholes), "\(wholes) of 60 whole")
    }

    @Test func `patches that do not fit their piece change nothing else`() async throws {
        let piece: [UInt8] = [1, 2, 3]
        // Shorter than a number; runs beyond the end; a length that the patch cannot fill.
        for patch: [UInt8] in [
            [3], [3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 9, 9], [0, 0, 0, 64],
            [3, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 9],
        ] {
            let store = try StateStore(directory: nil)
            _ = try await store.commit([
                StatePart(scope: "s", name: "a", bytes: piece), StatePart(scope: "s", name: "b", bytes: piece),
            ])
            _ = try await store.commit([StatePart(scope: "s", name: "a", content: .patch(patch))])
            #expect(try await store.load(scope: "s") == ["b": piece])
        }
    }

    @Test func `a state of the first version is gone on from`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("state")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let sql = """
            CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE part (scope TEXT NOT NULL, name TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (scope, name));
            CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, seq INTEGER NOT NULL,
                payload BLOB NOT NULL, UNIQUE (id, seq));
            CREATE TABLE sink (name TEXT PRIMARY KEY, acknowledged INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO part VALUES ('stream/input', 'stream', x'00010203'), ('daemon', 'policy', x'0009');
            INSERT INTO outbox (id, seq, payload) VALUES ('00112233445566ff', 0, x'7b7d');
            PRAGMA user_version = 1;
            """
        try Database(path: path + "/monitord.db").execute(sql)
        let store = try StateStore(directory: path)
        #expect(try await store.load(scope: "stream/input") == ["stream": [1, 2, 3]])
        #expect(try await store.load(scope: "daemon") == ["policy": [9]])
        #expect(try await store.history(limit: 5).map(\.id) == ["00112233445566ff"])
        _ = try await store.commit([StatePart(scope: "daemon", name: "policy", bytes: [8])])
        #expect(try await store.load(scope: "daemon") == ["policy": [8]])
    }

    @Test func `an answer is kept as long as a message of its incident`() async throws {
        let directory = try TemporaryDirectory()
        let store = try StateStore(directory: directory.url.path)
        try await store.appendToOutbox([StoredMessage(id: "a", seq: 0, payload: [1])])
        try await store.keepAnswer("real", to: "a")
        try await store.keepAnswer("false", to: "a")
        try await store.keepAnswer("real", to: "gone")
        #expect(try await store.answers() == ["a": "false"])
        await store.close()
        #expect(try await StateStore(copyOf: directory.url.path).answers() == ["a": "false"])
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

    /// Changes a bit within the stored form of a piece, as a failing disk does.
    private func damage(_ piece: [UInt8], in path: String) throws {
        var file = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = try #require(file.range(of: Data(Compression.pack(piece))))
        file[place.upperBound - 1] ^= 4
        try file.write(to: URL(fileURLWithPath: path))
    }

    @Test(arguments: [40, 5_000])
    func `a piece of which one bit has changed is left out, named and kept`(count: Int) async throws {
        let directory = try TemporaryDirectory()
        let (good, bad) = (bytes(40, 7), bytes(count, 9))
        let store = try StateStore(directory: directory.url.path)
        _ = try await store.commit([
            StatePart(scope: "s", name: "good", bytes: good), StatePart(scope: "s", name: "bad", bytes: bad),
        ])
        await store.close()
        try damage(bad, in: directory.path("monitord.db"))
        let again = try StateStore(directory: directory.url.path)
        #expect(try await again.load(scope: "s") == ["good": good])
        #expect(await again.damaged == ["s: bad"])
        let name = try #require(try await again.keepDamaged())
        #expect(try await again.keepDamaged() == name, "of one commit it is kept once")
        _ = try await again.commit([StatePart(scope: "s", name: "bad", bytes: [1])])
        #expect(try await again.load(scope: "s") == ["good": good, "bad": [1]])
        let kept = try Data(contentsOf: URL(fileURLWithPath: directory.path("snapshots/\(name).db")))
        var damaged = Compression.pack(bad)
        damaged[damaged.count - 1] ^= 4
        #expect(kept.range(of: Data(damaged)) != nil)
    }

    @Test func `a damaged piece that was stored anew is no damage`() async throws {
        let directory = try TemporaryDirectory()
        let store = try StateStore(directory: directory.url.path)
        _ = try await store.commit([StatePart(scope: "s", name: "a", bytes: bytes(40, 7))])
        _ = try await store.commit([StatePart(scope: "s", name: "a", bytes: bytes(40, 8))])
        await store.close()
        try damage(bytes(40, 7), in: directory.path("monitord.db"))
        let again = try StateStore(directory: directory.url.path)
        #expect(try await again.load(scope: "s") == ["a": bytes(40, 8)])
        #expect(await again.damaged.isEmpty)
    }

    @Test func `pieces of a version without sums are read`() async throws {
        #expect(Compression.unpack([0, 5, 6]) == [5, 6])
        #expect(Compression.unpack(Compression.pack([])) == [])
        #expect(Compression.unpack([2, 0, 0, 0]) == nil)
    }

    @Test func `a file that cannot be read is not taken for a damaged one`() throws {
        let directory = try TemporaryDirectory()
        // A folder by the database's name: it opens, and no byte of it can be read.
        try FileManager.default.createDirectory(
            atPath: directory.path("monitord.db"), withIntermediateDirectories: true)
        let failure = try #require(StateFiles(database: directory.path("monitord.db")).failureToRead())
        #expect(failure.isOfReading)
        #expect(throws: PersistenceError.self) { _ = try StateStore(directory: directory.url.path) }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.url.path).sorted() == ["lock", "monitord.db"])
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
        #expect(
            throws: PersistenceError.newer(
                path: other.path("monitord.db"), found: 99, known: Int64(StateStore.migrations.count))
        ) {
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

    @Test func `the latest of an incident is the last that a sink has had`() async throws {
        let store = try StateStore(directory: nil)
        try await store.registerSinks(["log"])
        try await store.appendToOutbox([message("a"), message("b"), message("a", 1), message("a", 2), message("c")])
        func latest(_ ids: [String]) async throws -> [String] {
            try await store.latest(ofIncidents: ids, acknowledgedBy: "log").map { "\($0.id) \($0.seq)" }
        }
        #expect(try await latest(["a", "b"]) == [])
        try await store.acknowledge(sink: "log", upTo: 3)
        #expect(try await latest(["a", "b", "c", "d"]) == ["b 0", "a 1"])
        try await store.acknowledge(sink: "log", upTo: 5)
        #expect(try await latest(["c", "a"]) == ["a 2", "c 0"])
        #expect(try await store.latest(ofIncidents: ["a"], acknowledgedBy: "nobody").isEmpty)
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

    @Test func `a sink that is too far behind loses the oldest, and is told how many`() async throws {
        let store = try StateStore(directory: nil)
        try await store.registerSinks(["log", "journal"])
        try await store.appendToOutbox((0..<50).map { message("\($0)") })
        // Raised again, it takes no number: between two that are there none is missing.
        try await store.appendToOutbox([message("7"), message("7")])
        try await store.appendToOutbox((50..<100).map { message("\($0)") })
        try await store.acknowledge(sink: "journal", upTo: 3, kept: 10, waiting: 40)
        #expect(try await store.pending(sink: "log", limit: 1).map(\.droppedBefore) == [60])
        try await store.acknowledge(sink: "log", upTo: 100, kept: 10, waiting: 40)
        let late = try await store.pending(sink: "journal", limit: 9)
        #expect(late.map(\.id).first == "60")
        #expect(late.map(\.droppedBefore) == [57] + [UInt64](repeating: 0, count: 8))
        try await store.acknowledge(sink: "journal", upTo: 61, kept: 10, waiting: 40)
        #expect(try await store.pending(sink: "journal", limit: 1).map(\.droppedBefore) == [0])
        try await store.acknowledge(sink: "journal", upTo: 100, kept: 10, waiting: 40)
        #expect(try await store.history(limit: 99).count == 10)
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
