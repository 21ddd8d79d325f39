import Glibc
import Logging
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import Ingest

/// What a source delivered, from any task.
private final class Delivered: Sendable {
    private let batches = Mutex<[RecordBatch]>([])

    func add(_ batch: RecordBatch) { batches.withLock { $0.append(batch) } }

    var all: [RecordBatch] { batches.withLock { $0 } }
    var values: [Double] { all.flatMap(\.values) }
}

/// Hands every message on.
private struct ListedLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let take: @Sendable (String) -> Void

    init(take: @escaping @Sendable (String) -> Void) { self.take = take }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { take("\(event.message)") }
}

@Suite struct RecordSourceTests {
    private static let configuration = SourceConfiguration(input: .standardInput)
    private static let head = "time,a\n1,10\n2,20\n3,30\n"

    /// A pipe with text in it; the caller closes both ends.
    private func pipe(holding text: String) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        _ = unsafe Glibc.pipe(&ends)
        write(text, to: ends[1])
        return (ends[0], ends[1])
    }

    private func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)
        _ = unsafe Glibc.write(descriptor, &bytes, bytes.count)
    }

    @Test(arguments: [1, 7, 65_536]) func `files are read one after the other as one stream`(readSize: Int) async throws
    {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head + "4,40", to: "a.csv")
        try directory.write("time,a\n5,50\n6,60\n", to: "b.csv")
        let delivered = Delivered()
        let telemetry = SourceTelemetry()
        let source = RecordedFiles(
            paths: [directory.path("a.csv"), directory.path("b.csv")], configuration: Self.configuration,
            limits: ReadingLimits(readSize: readSize, rowsPerBatch: 2, batchesInFlight: 1), telemetry: telemetry)
        try await source.run { delivered.add($0) }
        #expect(delivered.values == [10, 20, 30, 40, 50, 60])
        #expect(delivered.all.allSatisfy { $0.arrival == nil && $0.stream == "input" })
        #expect(delivered.all.flatMap { $0.rows.map(\.endOffset) } == [12, 17, 22, 26, 12, 17])
        #expect(telemetry.counters.decoded.headers == 2)
    }

    @Test func `what cannot be opened is said before anything is delivered`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        let delivered = Delivered()
        let missing = directory.path("missing.csv")
        await #expect(throws: IngestError.cannotOpen(path: missing, reason: "no such file or directory")) {
            try await RecordedFiles(paths: [directory.path("a.csv"), missing], configuration: Self.configuration)
                .run { delivered.add($0) }
        }
        try directory.write(bytes: [0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58], to: "x.csv.zst")
        let compressed = directory.path("x.csv.zst")
        await #expect(throws: IngestError.compressed(path: compressed, unpack: "zstdcat")) {
            try await RecordedFiles(paths: [directory.path("a.csv"), compressed], configuration: Self.configuration)
                .run { delivered.add($0) }
        }
        await #expect(throws: IngestError.cannotRead(path: directory.path, reason: "is a directory")) {
            try await RecordedFiles(paths: [directory.path], configuration: Self.configuration).run {
                delivered.add($0)
            }
        }
        #expect(delivered.all.isEmpty)
    }

    @Test func `a refusal ends the run`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("12,5\n12,6\n", to: "a.csv")
        let source = RecordedFiles(paths: [directory.path("a.csv")], configuration: Self.configuration)
        let error = await #expect(throws: IngestError.self) { try await source.run { _ in } }
        #expect(error?.description.hasPrefix(directory.path("a.csv") + ":1: cannot tell how to read") == true)
        #expect(error?.isOfTheInput == true)
    }

    @Test func `standard input is stamped with its arrival and ends with a last half line`() async throws {
        let ends = pipe(holding: Self.head + "4,40")
        close(ends.writing)
        let delivered = Delivered()
        let schemas = Mutex<[String]>([])
        let source = StandardInputSource(
            configuration: Self.configuration, arrival: { Timestamp(nanoseconds: 5) },
            onSchema: { stream, schema in schemas.withLock { $0.append("\(stream): \(schema.summary)") } },
            descriptor: ends.reading)
        try await source.run { delivered.add($0) }
        close(ends.reading)
        #expect(delivered.values == [10, 20, 30, 40])
        #expect(delivered.all.allSatisfy { $0.arrival == Timestamp(nanoseconds: 5) })
        #expect(schemas.withLock { $0 } == ["input: csv, comma, header, time in \"time\" (epoch seconds), 1 channel"])
    }

    @Test func `what does not show how it is read is said before fifty lines, once`() async throws {
        let ends = pipe(holding: (0..<25).map { "door \($0 % 2 == 0 ? "open" : "shut") again\n" }.joined())
        close(ends.writing)
        let told = Mutex<[String]>([])
        var logger = Logger(label: "test") { _ in ListedLog { text in told.withLock { $0.append(text) } } }
        logger.logLevel = .info
        let source = StandardInputSource(
            configuration: Self.configuration, arrival: { Timestamp(nanoseconds: 5) },
            limits: ReadingLimits(readSize: 32), logger: logger, descriptor: ends.reading)
        await #expect(throws: IngestError.self) { try await source.run { _ in } }
        close(ends.reading)
        #expect(told.withLock { $0.count { $0.hasPrefix("nothing is watched yet") } } == 1)
    }

    @Test func `a row is delivered while the input stays open, and cancellation ends the run`() async throws {
        let ends = pipe(holding: Self.head)
        let delivered = Delivered()
        let (seen, signal) = AsyncStream<Int>.makeStream()
        let source = StandardInputSource(configuration: Self.configuration, arrival: nil, descriptor: ends.reading)
        let task = Task {
            try await source.run { batch in
                delivered.add(batch)
                signal.yield(batch.rows.count)
            }
        }
        var iterator = seen.makeAsyncIterator()
        #expect(await iterator.next() == 3)
        write("4,40\n", to: ends.writing)
        #expect(await iterator.next() == 1)
        task.cancel()
        try await task.value
        close(ends.reading)
        close(ends.writing)
        #expect(delivered.values == [10, 20, 30, 40])
    }

    @Test func `an error of the consumer ends the run, with the reader held back until then`() async throws {
        struct Full: Error {}
        let directory = try TemporaryDirectory()
        try directory.write("time,a\n" + (1...5_000).map { "\($0),1\n" }.joined(), to: "a.csv")
        let telemetry = SourceTelemetry()
        let source = RecordedFiles(
            paths: [directory.path("a.csv")], configuration: Self.configuration,
            limits: ReadingLimits(readSize: 64, rowsPerBatch: 1, batchesInFlight: 2), telemetry: telemetry)
        await #expect(throws: Full.self) { try await source.run { _ in throw Full() } }
        // Two batches in flight, one that waits for room, and the bytes read for it.
        #expect(telemetry.counters.decoded.records < 50)
    }

    @Test func `a followed file is read on until the task is cancelled`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.head, to: "a.csv")
        let delivered = Delivered()
        let (seen, signal) = AsyncStream<Int>.makeStream()
        let source = FileFollower(pattern: directory.path("a.csv"), configuration: Self.configuration, arrival: nil)
        let task = Task {
            try await source.run { batch in
                delivered.add(batch)
                signal.yield(batch.rows.count)
            }
        }
        var iterator = seen.makeAsyncIterator()
        #expect(await iterator.next() == 3)
        try directory.append("4,40\n", to: "a.csv")
        #expect(await iterator.next() == 1)
        directory.move("a.csv", to: "a.csv.1")
        try directory.write("time,a\n5,50\n", to: "a.csv")
        #expect(await iterator.next() == 1)
        task.cancel()
        try await task.value
        #expect(delivered.values == [10, 20, 30, 40, 50])
    }
}
