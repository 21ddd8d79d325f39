import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import Ingest

/// A gzip member of one stored block each 65,535 bytes: made by hand, so that the test does not lean on the code it tests.
private func member(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    var packed: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
    var start = 0
    repeat {
        let part = bytes[start..<min(start + 65_535, bytes.count)]
        start += part.count
        let length = UInt16(part.count)
        packed.append(start == bytes.count ? 1 : 0)
        packed += [UInt8(truncatingIfNeeded: length), UInt8(length >> 8)]
        packed += [UInt8(truncatingIfNeeded: ~length), UInt8(~length >> 8)]
        packed += part
    } while start < bytes.count
    var sum: UInt32 = 0xffff_ffff
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
    }
    for value in [~sum, UInt32(bytes.count)] {
        for shift in [0, 8, 16, 24] { packed.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }
    return packed
}

private final class Delivered: Sendable {
    private let batches = Mutex<[RecordBatch]>([])

    func add(_ batch: RecordBatch) { batches.withLock { $0.append(batch) } }

    var all: [RecordBatch] { batches.withLock { $0 } }
    var values: [Double] { all.flatMap(\.values) }
}

@Suite struct GzipTests {
    private static let configuration = SourceConfiguration(input: .standardInput)
    private static let head = "time,a\n1,10\n2,20\n3,30\n"

    private func read(_ bytes: [UInt8], readSize: Int = 7) async throws -> (
        delivered: Delivered, telemetry: SourceTelemetry
    ) {
        let directory = try TemporaryDirectory()
        try directory.write(bytes: bytes, to: "a.data")
        let delivered = Delivered()
        let telemetry = SourceTelemetry()
        try await RecordedFiles(
            paths: [directory.path("a.data")], configuration: Self.configuration,
            limits: ReadingLimits(readSize: readSize, rowsPerBatch: 2), telemetry: telemetry
        ).run { delivered.add($0) }
        return (delivered, telemetry)
    }

    @Test(arguments: [1, 7, 65_536]) func `a gzip file is known by its first bytes and unpacked`(readSize: Int)
        async throws
    {
        let (delivered, telemetry) = try await read(member(Self.head + "4,40"), readSize: readSize)
        #expect(delivered.values == [10, 20, 30, 40])
        #expect(telemetry.counters.damagedFiles.isEmpty)
    }

    @Test func `members one after the other are one file, zeros behind them are padding`() async throws {
        let bytes = member(Self.head + "4,4") + member("0\n5,50\n") + [UInt8](repeating: 0, count: 512)
        let (delivered, telemetry) = try await read(bytes)
        #expect(delivered.values == [10, 20, 30, 40, 50])
        #expect(telemetry.counters.damagedFiles.isEmpty)
    }

    @Test(arguments: [1, 4, 9, 12]) func `a file that is cut off is told, and what came before is used`(cut: Int)
        async throws
    {
        let (delivered, telemetry) = try await read(Array(member(Self.head + "4,40\n").dropLast(cut)))
        #expect(delivered.values.starts(with: [10, 20, 30]))
        #expect(telemetry.counters.damagedFiles.count == 1)
    }

    @Test func `bytes that do not add up, and bytes that are no gzip behind a member, are told`() async throws {
        var bytes = member(Self.head)
        bytes[bytes.count - 6] ^= 1
        #expect(try await read(bytes).telemetry.counters.damagedFiles.count == 1)
        let (delivered, telemetry) = try await read(member(Self.head) + Array("junk behind it".utf8))
        #expect(delivered.values == [10, 20, 30])
        #expect(telemetry.counters.damagedFiles.count == 1)
    }

    @Test func `what begins like gzip and is none gives nothing and harms nothing`() async throws {
        for seed in UInt64(1)...50 {
            var generator = SeededGenerator(seed: seed)
            let bytes: [UInt8] =
                [0x1f, 0x8b, 8, 0] + (0..<500).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            _ = try? await read(bytes, readSize: Int(generator.next() % 100) + 1)
        }
    }

    @Test func `a literal gzip file is read once and not followed, and not again after a restart`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(bytes: member(Self.head + "4,40"), to: "a.csv.gz")
        let surroundings = StreamFeed.Surroundings(
            limits: ReadingLimits(rowsPerBatch: 2), arrival: nil, telemetry: SourceTelemetry(), logger: nil,
            onSchema: nil)
        var batches: [RecordBatch] = []
        var buffer = [UInt8](repeating: 0, count: 16)
        var path = try FollowedPath(
            directory.path("a.csv.gz"), stream: "input", configuration: Self.configuration, resume: nil, surroundings)
        while try path.step(&buffer, emit: { batches.append($0) }) != .idle {}
        #expect(batches.flatMap(\.values) == [10, 20, 30, 40])
        let second = try #require(batches.first { $0.rows.contains { $0.endOffset == 17 } })
        let point = ResumePoint(
            position: FilePosition(file: try #require(second.file), offset: 17), decoding: second.decoding)
        var again: [RecordBatch] = []
        var restored = try FollowedPath(
            directory.path("a.csv.gz"), stream: "input", configuration: Self.configuration, resume: point, surroundings)
        while try restored.step(&buffer, emit: { again.append($0) }) != .idle {}
        #expect(again.flatMap(\.values) == [30, 40])
    }
}
