import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct RecentBinsTests {
    private func bin(_ row: Int, _ column: Int) -> UInt16 { UInt16((row * 7 + column * 13) % 120) }

    private func ring(_ rows: Int, columns: Int, memory: ScoreMemory) -> RecentBins {
        var ring = RecentBins(columns: columns, memory: memory)
        for row in 0..<rows {
            for column in 0..<columns { ring.note(bin(row, column), column: column) }
            ring.endRow()
        }
        return ring
    }

    /// The rows that are kept, in their order: of a ring that has just filled, the second is the first to go.
    private func kept(_ rows: Int, of capacity: Int) -> [Int] {
        guard rows >= capacity else { return Array(0..<rows) }
        var ring = Array(0..<capacity)
        var start = 1 % capacity
        for row in capacity..<rows {
            ring[start] = row
            start = (start + 1) % capacity
        }
        return Array(ring[start...] + ring[..<start])
    }

    @Test(arguments: [ScoreMemory.long, .short], [0, 1, 127, 128, 129, 255, 256, 257, 700])
    func `keeps the last rows and goes on from its bytes`(memory: ScoreMemory, rows: Int) throws {
        let ring = ring(rows, columns: 3, memory: memory)
        let kept = kept(rows, of: memory.recentScores)
        for column in 0..<3 { #expect(ring.column(column) == kept.map { bin($0, column) }) }
        // The second member is gone and a new one has come.
        let bytes = StateWriter.bytes { ring.encode(to: &$0) }
        var reader = StateReader(bytes)
        let restored = try RecentBins(from: &reader, stored: 3, columns: [2, nil, 0], memory: memory)
        #expect(reader.remaining == 0)
        #expect(restored.column(0) == ring.column(2) && restored.column(2) == ring.column(0))
        #expect(restored.column(1) == kept.map { _ in 0 })
    }

    @Test func `takes a byte for each score of a short memory`() {
        #expect(ring(500, columns: 4, memory: .short).memoryBytes <= 4 * FadingCalibrator.recentScores + 32)
        #expect(FadingCalibrator.binCount <= 256)
    }

    @Test func `without members there is nothing`() {
        #expect(ring(300, columns: 0, memory: .long).memoryBytes == 0)
    }
}
