/// What a round's samples leave for training: one row for each sample (and each missed tick that was held).
///
///     row:  z, within ±8, [d] | change of z, within ±6, NaN where there is none to learn, [d] | sine, cosine of the day
///
/// Beside each row stands the error that the forecaster made on it before it is learned (``SampleErrors``).
///
/// Appended by ``SeriesMonitor/observe(_:values:models:scratch:log:series:)``, drained at the round's border.
public struct TrainingLog: Sendable {
    /// What training must know of a row besides its numbers.
    struct Marks: OptionSet, Sendable {
        let rawValue: UInt8
        /// The gate was open.
        static let isOpen = Marks(rawValue: 1)
        /// The row does not follow the one before it.
        static let begins = Marks(rawValue: 2)
    }

    private(set) var series: [UInt32] = []
    private(set) var numbers: [UInt64] = []
    private(set) var marks: [Marks] = []
    private(set) var rows: [Float] = []
    private(set) var errors: [SampleErrors] = []

    /// Creates an empty log.
    public init() {}

    init(series: [UInt32], numbers: [UInt64], marks: [Marks], rows: [Float], errors: [SampleErrors]) {
        self.series = series
        self.numbers = numbers
        self.marks = marks
        self.rows = rows
        self.errors = errors
    }

    /// Rows in it.
    public var count: Int { series.count }

    /// Whether its rows stand in the order of (series, number) already, as those of a series alone do.
    var isInOrder: Bool {
        for row in series.indices.dropFirst()
        where (series[row], numbers[row]) < (series[row - 1], numbers[row - 1]) { return false }
        return true
    }

    /// Appends a row.
    mutating func append(
        _ frame: Frame, isHeld: Bool, day: (sine: Float, cosine: Float), series: Int, number: UInt64, marks: Marks,
        errors: SampleErrors = SampleErrors()
    ) {
        self.series.append(UInt32(series))
        numbers.append(number)
        self.marks.append(marks)
        self.errors.append(errors)
        for index in 0..<frame.channelCount { rows.append(max(-8, min(8, frame.scaled[index]))) }
        for index in 0..<frame.channelCount {
            let change = frame.scaled[index] - frame.previousScaled[index]
            rows.append(isHeld || !frame.isPresent[index] ? .nan : max(-6, min(6, change)))
        }
        rows.append(day.sine)
        rows.append(day.cosine)
    }

    /// Appends the rows of another log, of the same group.
    public mutating func append(contentsOf other: TrainingLog) {
        series.append(contentsOf: other.series)
        numbers.append(contentsOf: other.numbers)
        marks.append(contentsOf: other.marks)
        rows.append(contentsOf: other.rows)
        errors.append(contentsOf: other.errors)
    }

    /// Empties the log and keeps its memory.
    public mutating func removeAll() {
        series.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        marks.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        errors.removeAll(keepingCapacity: true)
    }
}
