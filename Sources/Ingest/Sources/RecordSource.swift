/// Something that gives batches of decoded lines until it ends or is told to stop.
///
/// Bytes are read and decoded on a thread of the source's own, never on the cooperative pool. At most
/// ``ReadingLimits/batchesInFlight`` batches wait between that thread and `deliver`; a source whose batches are not taken
/// stops reading. Batches of one stream come in input order, each is delivered before the next one is.
public protocol RecordSource: Sendable {
    /// Reads until the input ends, `deliver` throws, or the task is cancelled.
    ///
    /// Cancellation is no error: `run` returns within 200 ms, and what was not delivered is read again from the
    /// position of the last row that was.
    ///
    /// - Throws: ``IngestError`` when the input cannot be read or its lines are ambiguous, and what `deliver` throws.
    func run(deliver: @escaping @Sendable (RecordBatch) async throws -> Void) async throws
}

/// How much a source reads and holds at once. The rows that come out do not depend on it.
public struct ReadingLimits: Equatable, Sendable {
    /// Bytes asked of the system at once.
    public var readSize: Int
    /// Most rows of a batch (the first batch of a stream may have up to 50 more: the lines that were looked at first). Where
    /// there are fewer nobody waits for more; several cores need some hundred each to be busy with while others are numbered.
    public var rowsPerBatch: Int
    /// Batches between the reading thread and the consumer.
    public var batchesInFlight: Int

    /// Creates limits.
    ///
    /// - Precondition: all are positive.
    public init(readSize: Int = 64 << 10, rowsPerBatch: Int = 2_048, batchesInFlight: Int = 4) {
        precondition(readSize > 0 && rowsPerBatch > 0 && batchesInFlight > 0, "limits are positive")
        self.readSize = readSize
        self.rowsPerBatch = rowsPerBatch
        self.batchesInFlight = batchesInFlight
    }
}
