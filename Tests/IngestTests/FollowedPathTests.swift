import TestSupport
import Testing
import TimeSeries

@testable import Ingest

@Suite struct FollowedPathTests {
    private static let head = "time,a\n1,10\n2,20\n3,30\n"

    /// A follower of one path and what it gave.
    private struct Followed {
        var path: FollowedPath
        var batches: [RecordBatch] = []
        let telemetry = SourceTelemetry()
        private var buffer: [UInt8]

        init(
            _ path: String, readSize: Int = 4_096, resume: ResumePoint? = nil,
            configuration: SourceConfiguration = SourceConfiguration(input: .standardInput)
        ) throws {
            let surroundings = StreamFeed.Surroundings(
                limits: ReadingLimits(readSize: readSize), arrival: nil, telemetry: telemetry, logger: nil,
                onSchema: nil)
            self.path = try FollowedPath(
                path, stream: "input", configuration: configuration, resume: resume, surroundings)
            buffer = [UInt8](repeating: 0, count: readSize)
        }

        @discardableResult
        mutating func step(budget: Int = .max, at now: Duration = .zero) throws -> FollowedPath.Outcome {
            var new: [RecordBatch] = []
            let outcome = try path.step(&buffer, budget: budget, at: now) { new.append($0) }
            batches += new
            return outcome
        }

        var values: [Double] { batches.flatMap(\.values) }

        /// Where a restart after the last row would go on.
        func resumePoint() throws -> ResumePoint {
            let last = try #require(batches.last)
            let file = try #require(last.file)
            let row = try #require(last.rows.last)
            return ResumePoint(
                position: FilePosition(file: file, offset: row.endOffset), decoding: last.decoding)
        }
    }

    @Test(arguments: [1, 7, 4_096]) func `what is appended is read, and half a line waits`(readSize: Int) throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var followed = try Followed(directory.path("a.csv"), readSize: readSize)
        try followed.step()
        #expect(followed.values == [10, 20, 30])
        #expect(try followed.step() == .idle)
        try directory.append("4,4", to: "a.csv")
        try followed.step()
        #expect(followed.values == [10, 20, 30])
        try directory.append("0\n5,50\n", to: "a.csv")
        try followed.step()
        #expect(followed.values == [10, 20, 30, 40, 50])
        #expect(followed.telemetry.counters.decoded.records == 5)
        #expect(followed.telemetry.counters.bytes == UInt64(Self.head.utf8.count + 10))
    }

    @Test func `files that were rotated on while the first was waited for are read from the first on`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("time,a\n1,1\n", to: "a.csv.1")
        var followed = try Followed(directory.path("a.csv"))
        #expect(try followed.step() == .idle)
        // Somebody writes to the old one still, which was there before: it is not what is waited for.
        directory.move("a.csv.1", to: "a.csv.3")
        try directory.append("2,2\n", to: "a.csv.3")
        try directory.write(Self.head, to: "a.csv.2")
        try directory.write("time,a\n4,40\n", to: "a.csv.1")
        try directory.write("time,a\n5,50\n", to: "a.csv")
        // As the folder's changes are told: by now the name means the second one.
        followed.path.noteRename(to: directory.path("a.csv.1"))
        try followed.step()
        #expect(followed.values == [10, 20, 30, 40, 50])
    }

    @Test func `a renamed file is finished before the new one is begun`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var followed = try Followed(directory.path("a.csv"))
        try followed.step()
        try directory.append("4,40\n", to: "a.csv")
        directory.move("a.csv", to: "a.csv.1")
        try directory.append("5,50\n", to: "a.csv.1")
        try followed.step()
        // The writer was told late: the new file is there, but empty.
        try directory.write("", to: "a.csv")
        try directory.append("6,60\n7,7", to: "a.csv.1")
        try followed.step()
        #expect(followed.telemetry.counters.rotations == 0)
        try directory.append("time,a\n8,80\n", to: "a.csv")
        try followed.step()
        #expect(followed.values == [10, 20, 30, 40, 50, 60])
        try followed.step(at: .seconds(2))
        #expect(followed.values == [10, 20, 30, 40, 50, 60, 7, 80])
        #expect(followed.telemetry.counters.rotations == 1)
        #expect(followed.telemetry.counters.decoded.headers == 2)
        #expect(followed.batches.last?.rows.last?.endOffset == 12)
    }

    @Test(arguments: [1, 20]) func `files that were rotated on between two looks are read in order`(rotations: Int)
        throws
    {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var followed = try Followed(directory.path("a.csv"))
        try followed.step()
        for rotation in 1...rotations {
            for number in stride(from: rotation - 1, to: 0, by: -1) {
                directory.move("a.csv.\(number)", to: "a.csv.\(number + 1)")
            }
            directory.move("a.csv", to: "a.csv.1")
            try directory.write("time,a\n\(rotation + 3),\(rotation * 10 + 30)\n", to: "a.csv")
        }
        try followed.step()
        #expect(followed.values == (1...(rotations + 3)).map { Double($0 * 10) })
        #expect(followed.telemetry.counters.rotations == UInt64(rotations))
    }

    @Test func `a file that is deleted and made again is read from its start`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var followed = try Followed(directory.path("a.csv"))
        try followed.step()
        directory.delete("a.csv")
        #expect(try followed.step() == .idle)
        try directory.write("time,a\n4,40\n", to: "a.csv")
        try followed.step()
        #expect(followed.values == [10, 20, 30, 40])
    }

    @Test func `a symbolic link that is switched is another file`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "one")
        try directory.write("time,a\n4,40\n", to: "two")
        directory.link("a.csv", to: "one")
        var followed = try Followed(directory.path("a.csv"))
        try followed.step()
        directory.link("a.csv", to: "two")
        try followed.step()
        #expect(followed.values == [10, 20, 30, 40])
    }

    @Test(arguments: [
        ("time,a\n4,40\n", [40.0]), ("4,40\n", [40]), ("", []),
        ("time,x,a\n4,0,40\n5,0,50\n6,0,60\n7,0,70\n", [40, 50, 60, 70]),
        ("time,a\n4,40\n5,50\n6,60\n", [40, 50, 60]),
    ])
    func `a truncated file is read from its start, also when it is longer than before`(text: String, values: [Double])
        throws
    {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head + "9,9", to: "a.csv")
        var followed = try Followed(directory.path("a.csv"))
        try followed.step()
        try directory.write(text, to: "a.csv")
        try followed.step()
        #expect(followed.values == [10, 20, 30] + values)
        #expect(followed.telemetry.counters.truncations == 1)
        try directory.append("8,80\n", to: "a.csv")
        if !text.hasPrefix("time,x") {
            try followed.step()
            #expect(followed.values == [10, 20, 30] + values + [80])
        }
    }

    @Test func `a path that is not there yet is waited for`() throws {
        let directory = try TemporaryDirectory()
        var followed = try Followed(directory.path("a.csv"))
        #expect(try followed.step() == .idle)
        #expect(try followed.step() == .idle)
        try directory.write(Self.head, to: "a.csv")
        #expect(try followed.step() == .caughtUp)
        #expect(followed.values == [10, 20, 30])
    }

    @Test func `a directory is refused with its path`() throws {
        let directory = try TemporaryDirectory()
        var followed = try Followed(directory.path)
        #expect(throws: IngestError.cannotRead(path: directory.path, reason: "not a regular file")) {
            try followed.step()
        }
    }

    @Test func `a budget bounds a step`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var followed = try Followed(directory.path("a.csv"), readSize: 4)
        #expect(try followed.step(budget: 2) == .more)
        #expect(followed.telemetry.counters.bytes == 8)
        while try followed.step(budget: 2) != .idle {}
        #expect(followed.values == [10, 20, 30])
    }

    // MARK: Restarts

    @Test func `a restart goes on behind the last row`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var before = try Followed(directory.path("a.csv"))
        try before.step()
        try directory.append("4,40\n5,5", to: "a.csv")
        var after = try Followed(directory.path("a.csv"), resume: before.resumePoint())
        try after.step()
        try directory.append("0\n", to: "a.csv")
        try after.step()
        #expect(after.values == [40, 50])
    }

    @Test func `a file that was renamed meanwhile is finished first`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var before = try Followed(directory.path("a.csv"))
        try before.step()
        try directory.append("4,40\n", to: "a.csv")
        directory.move("a.csv", to: "a.csv.1")
        try directory.write("time,a\n5,50\n", to: "a.csv")
        var after = try Followed(directory.path("a.csv"), resume: before.resumePoint())
        try after.step()
        #expect(after.values == [40, 50])
    }

    @Test func `a file that was copied and truncated meanwhile is finished from the copy`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var before = try Followed(directory.path("a.csv"))
        try before.step()
        try directory.write(Self.head + "4,40\n", to: "a.csv.1")
        try directory.write("time,a\n5,50\n", to: "a.csv")
        var after = try Followed(directory.path("a.csv"), resume: before.resumePoint())
        try after.step()
        #expect(after.values == [40, 50])
    }

    @Test func `the same inode with another beginning is another file`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        var before = try Followed(directory.path("a.csv"))
        try before.step()
        try directory.write("time,a\n5,50\n6,60\n7,70\n8,80\n9,90\n", to: "a.csv")
        var after = try Followed(directory.path("a.csv"), resume: before.resumePoint())
        try after.step()
        #expect(after.values == [50, 60, 70, 80, 90])
    }

    // MARK: Patterns

    @Test func `a pattern makes a stream of each file, and a renamed one stays who it is`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "pump1.csv")
        try directory.write("x", to: "pump9.csv.gz")
        let surroundings = StreamFeed.Surroundings(
            limits: ReadingLimits(), arrival: nil, telemetry: SourceTelemetry(), logger: nil, onSchema: nil)
        var state = FollowerState(
            pattern: directory.path("pump*"), configuration: SourceConfiguration(input: .standardInput), surroundings)
        var batches: [RecordBatch] = []
        func drain() throws { while try state.step(emit: { batches.append($0) }) {} }
        try drain()
        try directory.write(Self.head, to: "pump2.csv")
        try directory.write(Self.head, to: "pump1.csv-20261121")
        directory.move("pump1.csv", to: "pump1.old")
        try directory.write("time,a\n4,40\n", to: "pump1.csv")
        try drain()
        try drain()
        #expect(batches.map(\.stream) == ["pump1", "pump1", "pump2"])
        #expect(batches.map(\.seriesNames) == [["pump1"], ["pump1"], ["pump2"]])
        #expect(batches.map(\.values) == [[10, 20, 30], [40], [10, 20, 30]])
    }

    @Test func `a file of a pattern that cannot be understood is left out, the others go on`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("12,5\n" + String(repeating: "12,6\n", count: 60), to: "a.csv")
        try directory.write(Self.head, to: "b.csv")
        let surroundings = StreamFeed.Surroundings(
            limits: ReadingLimits(), arrival: nil, telemetry: SourceTelemetry(), logger: nil, onSchema: nil)
        var state = FollowerState(
            pattern: directory.path("*.csv"), configuration: SourceConfiguration(input: .standardInput), surroundings)
        var streams: [String] = []
        while try state.step(emit: { streams.append($0.stream) }) {}
        #expect(streams == ["b"])
    }
}
