public import TimeSeries

extension TrainingLog {
    /// Writes the log.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(2))
        writer.write(series)
        writer.write(numbers)
        writer.write(marks.map(\.rawValue))
        writer.write(rows)
        writer.write(errors.flatMap { [$0.forecast, $0.persistence] })
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameter channelCount: channels of the group, which decide the width of a row.
    /// - Throws: ``StateCodingError`` when the bytes are cut short or of another width.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard version == 1 || version == 2 else { throw .unknownVersion(of: "a round's log") }
        let series = try reader.readIntegers(UInt32.self)
        let numbers = try reader.readIntegers(UInt64.self)
        let marks = try reader.readIntegers(UInt8.self).map(Marks.init(rawValue:))
        let rows = try reader.readFloats()
        // Before there was early stopping the errors were not kept: of those rows they are not known.
        let errors =
            version == 1
            ? Array(repeating: Float.nan, count: series.count * 2) : try reader.readFloats(count: series.count * 2)
        self.init(
            series: series, numbers: numbers, marks: marks, rows: rows,
            errors: series.indices.map { SampleErrors(forecast: errors[2 * $0], persistence: errors[2 * $0 + 1]) })
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
