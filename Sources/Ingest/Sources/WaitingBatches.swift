import Synchronization

/// Batches of a source that cannot wait, on their way to a pipeline that is behind: bounded in number and in rows, and past that
/// the oldest go.
///
/// Both bounds are needed: a datagram may hold one line, or thousands of readings.
final class WaitingBatches: Sendable {
    private struct State {
        /// Those before `first` are gone.
        var batches: [RecordBatch?] = []
        var first = 0
        var rows = 0

        var count: Int { batches.count - first }

        mutating func takeFirst() -> RecordBatch? {
            guard first < batches.count, let batch = batches[first] else { return nil }
            batches[first] = nil
            first += 1
            rows -= batch.rows.count
            // The places of those that are gone are given up before they are most of them.
            if first * 2 > batches.count + 16 {
                batches.removeFirst(first)
                first = 0
            }
            return batch
        }
    }

    private let most: Int
    private let mostRows: Int
    private let state = Mutex(State())

    /// Creates a queue without batches.
    ///
    /// - Parameters:
    ///   - most: batches that may wait.
    ///   - mostRows: rows that may wait; a batch that has more waits alone.
    init(most: Int, mostRows: Int) {
        self.most = most
        self.mostRows = mostRows
    }

    /// Batches that wait.
    var count: Int { state.withLock(\.count) }

    /// Puts a batch behind the others.
    ///
    /// - Returns: the rows of those that went for it.
    func append(_ batch: RecordBatch) -> Int {
        state.withLock { state in
            state.batches.append(batch)
            state.rows += batch.rows.count
            var lost = 0
            while state.count > 1, state.count > most || state.rows > mostRows,
                let oldest = state.takeFirst()
            {
                lost += oldest.rows.count
            }
            return lost
        }
    }

    /// Takes the oldest; `isBehind` is set when a quarter of what may wait still does.
    func takeFirst() -> RecordBatch? {
        state.withLock { state in
            guard var batch = state.takeFirst() else { return nil }
            if state.count * 4 >= most || state.rows * 4 >= mostRows { batch.isBehind = true }
            return batch
        }
    }
}
