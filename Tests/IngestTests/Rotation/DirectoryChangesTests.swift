import Testing
import TimeSeries

@testable import Ingest

@Suite struct DirectoryChangesTests {
    /// An event as the kernel writes it.
    private func event(_ kind: UInt32, watch: Int32 = 1, cookie: UInt32 = 0, _ name: String = "") -> [UInt8] {
        var padded = Array(name.utf8)
        if !padded.isEmpty { padded += [UInt8](repeating: 0, count: 16 - padded.count % 16) }
        let numbers = [UInt32(bitPattern: watch), kind, cookie, UInt32(padded.count)]
        return numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } } + padded
    }

    private let modified: UInt32 = 0x2
    private let movedFrom: UInt32 = 0x40
    private let movedTo: UInt32 = 0x80
    private let overflow: UInt32 = 0x4000

    @Test func `the two halves of a renaming are put together by their cookie, also over two reads`() {
        var changes = DirectoryChanges()
        let first =
            event(movedFrom, cookie: 7, "a.csv") + event(modified, "b.csv")
            + event(movedFrom, watch: 2, cookie: 8, "c.csv") + event(movedTo, cookie: 7, "a.csv.1")
        let one = changes.take(first[...])
        #expect(one == [DirectoryChanges.Rename(watch: 1, name: "a.csv", newWatch: 1, newName: "a.csv.1")])
        let other = changes.take(event(movedTo, watch: 1, cookie: 8, "c.old")[...])
        #expect(other == [DirectoryChanges.Rename(watch: 2, name: "c.csv", newWatch: 1, newName: "c.old")])
        let stranger = changes.take(event(movedTo, cookie: 9, "from elsewhere")[...])
        #expect(stranger.isEmpty)
        let hasOverflowed = changes.takeOverflow()
        #expect(!hasOverflowed)
    }

    @Test func `an overflow is told once and forgets the halves`() {
        var changes = DirectoryChanges()
        let bytes = event(movedFrom, cookie: 7, "a.csv") + event(overflow, watch: -1) + event(movedTo, cookie: 7, "b")
        let renames = changes.take(bytes[...])
        #expect(renames.isEmpty)
        let told = [changes.takeOverflow(), changes.takeOverflow()]
        #expect(told == [true, false])
    }

    @Test func `bytes that are no events harm nothing`() {
        for seed in UInt64(1)...200 {
            var generator = SeededGenerator(seed: seed)
            var changes = DirectoryChanges()
            let bytes = (0..<Int(generator.next() % 300)).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 60) }
            _ = changes.take(bytes[...])
        }
    }

    @Test func `after an overflow every file is looked for, and nothing is lost`() throws {
        for seed in UInt64(1)...5 {
            var scene = try RotationScene(follow: "*.csv", seed: seed)
            try scene.begin()
            for index in 0..<5 {
                try scene.write(lines: 20)
                scene.rename()
                try scene.begin()
                if index == 2 { try scene.begin("b.csv") }
                try scene.overflow()
            }
            try scene.write(lines: 20)
            try scene.catchUp()
            #expect(scene.lost == 0, "seed \(seed)")
            #expect(scene.twice == 0, "seed \(seed)")
        }
    }
}
