import TimeSeries

/// What became of the training steps of a group's two networks since it began.
public struct TrainingCounts: Equatable, Sendable {
    /// Steps made, each on one minibatch of one network.
    public var made: UInt64 = 0
    /// Steps left out because the forecaster has learned what there is to learn.
    public var learned: UInt64 = 0
    /// Of those made, the ones that moved no weight because loss or gradient was not finite.
    public var notFinite: UInt64 = 0

    /// Creates counts of none.
    public init() {}

    /// Adds those of another group.
    public mutating func add(_ other: TrainingCounts) {
        made += other.made
        learned += other.learned
        notFinite += other.notFinite
    }

    /// Writes the counts.
    func encode(to writer: inout StateWriter) {
        writer.write([made, learned, notFinite])
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let numbers = try reader.readIntegers(UInt64.self)
        guard numbers.count == 3, numbers.allSatisfy({ $0 < 1 << 60 }) else {
            throw .invalid("\(numbers.count) counts of a training")
        }
        (made, learned, notFinite) = (numbers[0], numbers[1], numbers[2])
    }
}
