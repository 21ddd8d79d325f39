import Foundation
import TestSupport
import TimeSeries

@testable import Ingest

/// A folder in which a writer writes numbered lines to a file, somebody rotates it, and a follower reads it: real files, and a
/// seeded generator that says how much is written between two looks.
struct RotationScene {
    private static let firstTime = 1_792_000_000

    let directory: TemporaryDirectory
    /// What is followed, below ``directory``.
    let pattern: String
    var generator: SeededGenerator
    /// Monotonic time, moved by hand.
    var now = Duration.zero
    /// Lines written so far: the next one has this number.
    private(set) var written = 0
    /// How often each line was read.
    private var read: [Int: Int] = [:]
    /// Restarts so far.
    private(set) var restarts = 0
    let telemetry = SourceTelemetry()

    private var state: FollowerState
    private var watch: DirectoryWatch?
    private var points: [String: ResumePoint] = [:]
    private var writer: FileHandle?
    private var writerPath: String?

    init(follow pattern: String = "a.csv", seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        self.pattern = pattern
        generator = SeededGenerator(seed: seed)
        state = Self.makeState(directory.path(pattern), [:], telemetry)
        watch = DirectoryWatch()
    }

    private static func makeState(
        _ pattern: String, _ points: [String: ResumePoint], _ telemetry: SourceTelemetry
    ) -> FollowerState {
        FollowerState(
            pattern: pattern, configuration: SourceConfiguration(input: .file(pattern: pattern)), resume: points,
            StreamFeed.Surroundings(
                limits: ReadingLimits(readSize: 4_096), arrival: nil, telemetry: telemetry, logger: nil, onSchema: nil))
    }

    // MARK: Reading

    /// One look of the follower, as its loop does it.
    ///
    /// - Returns: whether there may be more.
    @discardableResult mutating func look() throws -> Bool {
        watch?.watch(state.directories)
        if let (renames, areIncomplete) = watch?.takeChanges() { state.note(renames, areIncomplete: areIncomplete) }
        now += .milliseconds(10)
        var batches: [RecordBatch] = []
        let isBusy = try state.step(at: now) { batches.append($0) }
        for batch in batches {
            for value in batch.values { read[Int(value), default: 0] += 1 }
            guard let file = batch.file, let row = batch.rows.last else { continue }
            points[batch.stream] = ResumePoint(
                position: FilePosition(file: file, offset: row.endOffset), decoding: batch.decoding,
                retired: batch.retired)
        }
        return isBusy
    }

    /// A look before which the system has dropped what it knew of changes.
    mutating func overflow() throws {
        _ = watch?.takeChanges()
        state.note([], areIncomplete: true)
        try look()
    }

    /// Looks until there is nothing more.
    mutating func catchUp() throws {
        for _ in 0..<3 {
            while try look() {}
            now += .seconds(3)
        }
    }

    /// Looks as often as chance has it, perhaps not at all.
    mutating func pause() throws { for _ in 0..<(generator.next() % 4) { try look() } }

    /// Stops the follower, lets things happen, and starts another one from the place of the last row.
    mutating func restart(_ meanwhile: (inout RotationScene) throws -> Void = { _ in }) throws {
        watch = nil
        state = Self.makeState(directory.path("nothing here"), [:], telemetry)
        try meanwhile(&self)
        restarts += 1
        state = Self.makeState(directory.path(pattern), points, telemetry)
        watch = DirectoryWatch()
    }

    // MARK: Writing

    /// Opens a file for the writer, which appends to it.
    mutating func open(_ name: String = "a.csv", appending: Bool = true) throws {
        try? writer?.close()
        let path = directory.path(name)
        let flags = O_WRONLY | O_CREAT | (appending ? O_APPEND : 0)
        let descriptor = unsafe Foundation.open(path, flags, 0o644)
        writer = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        writerPath = path
    }

    /// Opens a file for the writer and begins it with a header.
    mutating func begin(_ name: String = "a.csv", appending: Bool = true) throws {
        try open(name, appending: appending)
        put("time,a\n")
    }

    /// Writes bytes as they are.
    func put(_ text: String) { try? writer?.write(contentsOf: Data(text.utf8)) }

    /// The text of the next lines, which count as written.
    mutating func text(lines: Int, end: String = "\n") -> String {
        defer { written += lines }
        return (written..<(written + lines)).map { "\(Self.firstTime + $0),\($0)\(end)" }.joined()
    }

    /// Writes lines in pieces that end anywhere, with pauses between them.
    mutating func write(lines: Int, pausing: Bool = true, end: String = "\n") throws {
        var rest = Substring(text(lines: lines, end: end))
        while !rest.isEmpty {
            let size = Int(generator.next() % UInt64(max(64, lines * 4))) + 1
            put(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
            if pausing { try pause() }
        }
    }

    /// Writes lines in one piece.
    mutating func writeAtOnce(lines: Int) { put(text(lines: lines)) }

    /// Empties a file in place, as copytruncate does.
    func truncate(_ name: String = "a.csv") { _ = unsafe Foundation.truncate(directory.path(name), 0) }

    /// Copies a file.
    func copy(_ name: String, to other: String) throws {
        directory.delete(other)
        try FileManager.default.copyItem(atPath: directory.path(name), toPath: directory.path(other))
    }

    /// Packs a file as logrotate does, and removes it.
    func pack(_ name: String, to other: String? = nil) throws {
        let target = other ?? name + ".gz"
        _ = try runCommand(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", "gzip -c \"$0\" > \"$1\" && rm \"$0\"", directory.path(name), directory.path(target)])
    }

    /// Moves `a.csv.1` to `.2` and so on, to make room.
    func shift(_ name: String = "a.csv", suffix: String = "") {
        let manager = FileManager.default
        var count = 1
        while manager.fileExists(atPath: directory.path("\(name).\(count)\(suffix)")) { count += 1 }
        for number in stride(from: count - 1, to: 0, by: -1) {
            directory.move("\(name).\(number)\(suffix)", to: "\(name).\(number + 1)\(suffix)")
        }
    }

    /// Rotates by renaming; the writer still has the old file.
    func rename(_ name: String = "a.csv") {
        shift(name)
        directory.move(name, to: "\(name).1")
    }

    /// Rotates by copying and truncating.
    func copyAndTruncate(_ name: String = "a.csv") throws {
        shift(name)
        try copy(name, to: "\(name).1")
        truncate(name)
    }

    /// Rotates by copying in pieces and truncating, with pauses between.
    mutating func copySlowlyAndTruncate(_ name: String = "a.csv") throws {
        shift(name)
        try directory.write("", to: "\(name).1")
        try pause()
        var rest = Substring(directory.read(name) ?? "")
        while !rest.isEmpty {
            let size = Int(generator.next() % UInt64(rest.count)) + 1
            try directory.append(String(rest.prefix(size)), to: "\(name).1")
            rest = rest.dropFirst(size)
            try pause()
        }
        truncate(name)
    }

    // MARK: What came of it

    /// Lines that were written and not read.
    var lost: Int { (0..<written).count { read[$0] == nil } }
    /// Readings of lines that were read already.
    var twice: Int { read.values.reduce(0) { $0 + $1 - 1 } }
    /// Lines that were read and never written.
    var invented: Int { read.keys.count { !(0..<written).contains($0) } }
    /// Lines that were read.
    var linesRead: Int { read.count }
}
