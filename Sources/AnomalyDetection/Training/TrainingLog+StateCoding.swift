public import TimeSeries

extension TrainingLog {
    /// Writes the log.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(series)
        writer.write(numbers)
        writer.write(marks.map(\.rawValue))
        writer.write(rows)
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameter channelCount: channels of the group, which decide the width of a row.
    /// - Throws: ``StateCodingError`` when the bytes are cut short or of another width.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .invalid("unknown version of a round's log") }
        self.init(
            series: try reader.readIntegers(), numbers: try reader.readIntegers(),
            marks: try reader.readIntegers(UInt8.self).map(Marks.init(rawValue:)), rows: try reader.readFloats())
        guard numbers.count == count, marks.count == count, rows.count == count * (2 * channelCount + 2) else {
            throw .invalid("a round's log of \(count) rows and \(rows.count) numbers")
        }
    }
}

extension LearningReport {
    /// Adds the sums of another series.
    public mutating func add(_ other: LearningReport) {
        forecastError += other.forecastError
        persistenceError += other.persistenceError
        forecastCount += other.forecastCount
        reconstructionError += other.reconstructionError
        meanError += other.meanError
        reconstructionCount += other.reconstructionCount
    }
}
