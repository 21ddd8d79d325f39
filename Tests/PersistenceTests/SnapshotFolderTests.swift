import Foundation
import TestSupport
import Testing

@testable import Persistence

@Suite struct SnapshotFolderTests {
    private let directory: TemporaryDirectory
    private let path: String
    private let folder: SnapshotFolder

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path("state")
        folder = SnapshotFolder(ofState: path)
    }

    private func part(_ name: String, _ bytes: [UInt8]) -> StatePart {
        StatePart(scope: "s", name: name, bytes: bytes)
    }

    @Test func `a state goes back to its snapshot, and its messages stay`() async throws {
        let store = try StateStore(directory: path)
        _ = try await store.commit([part("a", [1]), part("b", [2])])
        try await store.appendToOutbox([StoredMessage(id: "00", seq: 0, payload: [1])])
        // Taken while the state is in use, and while a commit is in progress.
        try await store.stage([part("a", [9])])
        let snapshot = try #require(try folder.save(named: "before"))
        _ = try await store.seal()
        _ = try await store.commit([StatePart(scope: "s", name: "b", content: .removed), part("c", [3])])
        try await store.appendToOutbox([StoredMessage(id: "11", seq: 0, payload: [1])])
        #expect(try await store.load(scope: "s") == ["a": [9], "c": [3]])
        try await store.rollBack(to: snapshot, in: folder)
        #expect(try await store.load(scope: "s") == ["a": [1], "b": [2]])
        #expect(try await store.history(limit: 9).map(\.id) == ["11", "00"])
        // It goes on from there.
        #expect(try await store.commit([part("a", [9])]).partsWritten == 1)
        while try await store.clearSome() {}
        await store.close()
        #expect(try await StateStore(directory: path).load(scope: "s") == ["a": [9], "b": [2]])
        #expect(try folder.pieces(of: "s", in: "before") == ["a": [1], "b": [2]])
    }

    @Test func `dated snapshots come and go, named ones stay`() async throws {
        let store = try StateStore(directory: path)
        #expect(try folder.save(named: "nothing-yet") == nil)
        _ = try await store.commit([part("a", [1])])
        for name in ["2026-11-19T000000Z", "2026-11-21T000000Z", "2026-11-20T235959Z", "mine"] {
            #expect(try folder.save(named: name)?.name == name)
        }
        folder.prune(keeping: 2)
        #expect(folder.list().map(\.name) == ["2026-11-20T235959Z", "2026-11-21T000000Z", "mine"])
        folder.prune(keeping: 0)
        #expect(folder.list().map(\.name) == ["mine"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/snapshots") == ["mine.db"])
    }

    @Test func `a state that is not there has no snapshots and makes none`() {
        #expect(folder.list().isEmpty)
        #expect(throws: PersistenceError.missing(directory: path)) { try folder.save(named: "a") }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: [
        ("2026-11-20T235959Z", true, true), ("mine", true, false), ("2026-11-20T23:59:59Z", false, false),
        (".a", false, false),
        ("a/b", false, false), ("", false, false), ("2026-11-20T23595_Z", true, false),
    ])
    func `names are those of files, and dates are known`(name: String, isName: Bool, isDated: Bool) {
        #expect(SnapshotFolder.isName(name) == isName)
        #expect(SnapshotFolder.isDated(name) == isDated)
    }
}
