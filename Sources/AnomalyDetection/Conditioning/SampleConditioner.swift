public import TimeSeries

/// Makes of the values of one series, as they were read, what is watched: sentinels are missing, counters are rates, and
/// what is missing is filled or not, as ``SampleConditions`` say.
///
///     raw value ─ sentinel? ─▶ missing ─ hold: the last raw value ─ counter: rate a second ─┬─▶ measured (nothing filled in)
///                                                                                           └─ zero: 0 ─▶ value
///
/// Two views come out. *Values* go to the detectors. *Measured* values are those that came with the line, for what asks
/// whether a sensor speaks at all or repeats itself: a held value is no evidence of either.
///
/// A missed tick of a source that holds or counts is a sample of its own, ``fill(into:at:)``; of any other it stays
/// missing. Without anything to do the values pass as they are. Nothing is allocated after the start.
public struct SampleConditioner: Equatable, Sendable {
    /// Missed ticks that are filled with a value: as many as a window holds.
    public static let mostFilledTicks = DetectionRecipe.longestHold

    private let conditions: SampleConditions
    private let isCounter: [Bool]
    private let isNeutral: Bool
    private var counters: [CounterRate]
    /// The last raw value of each channel; NaN before any. Kept for `hold` only.
    private var last: [Double]

    /// Creates the conditioner of a new series.
    public init(channels: [Channel], conditions: SampleConditions) {
        self.conditions = conditions
        isCounter = channels.map { conditions.counters.contains($0.name) }
        let hasCounter = isCounter.contains(true)
        isNeutral =
            !hasCounter && conditions.sentinels.isEmpty && conditions.missing != .hold && conditions.missing != .zero
        counters = hasCounter ? Array(repeating: CounterRate(), count: channels.count) : []
        last = conditions.missing == .hold ? Array(repeating: .nan, count: channels.count) : []
    }

    /// Number of channels.
    public var channelCount: Int { isCounter.count }

    /// How many of the ticks missed before a sample are samples of their own.
    public func filledTicks(missed: Int) -> Int {
        switch conditions.missing {
        case .hold, .zero: min(max(0, missed), Self.mostFilledTicks)
        case .gap, .alarm: 0
        }
    }

    /// Takes the values of a line.
    ///
    /// - Parameters:
    ///   - raw: `[channelCount]` as read; NaN is missing.
    ///   - time: event time.
    ///   - restarts: whether the clock stepped.
    ///   - values: `[channelCount]`, filled with what the detectors see.
    ///   - measured: `[channelCount]`, filled with what came with the line.
    public mutating func condition(
        _ raw: Span<Double>, at time: Timestamp, restarts: Bool, into values: inout [Double],
        measured: inout [Double]
    ) {
        precondition(raw.count == channelCount, "\(raw.count) values for \(channelCount) channels")
        guard isNeutral else {
            for index in 0..<channelCount {
                condition(index, raw[index], at: time, restarts: restarts, into: &values, measured: &measured)
            }
            return
        }
        var shown = values.mutableSpan
        var kept = measured.mutableSpan
        for index in raw.indices {
            shown[index] = raw[index]
            kept[index] = raw[index]
        }
    }

    private mutating func condition(
        _ index: Int, _ raw: Double, at time: Timestamp, restarts: Bool, into values: inout [Double],
        measured: inout [Double]
    ) {
        var value = raw
        for sentinel in conditions.sentinels where value == sentinel { value = .nan }
        let isMissing = value != value
        if conditions.missing == .hold {
            if isMissing { value = last[index] } else { last[index] = value }
        }
        if isCounter[index], value == value { value = counters[index].rate(value, at: time, restarts: restarts) }
        measured[index] = isMissing ? .nan : value
        values[index] = isMissing && conditions.missing == .zero ? 0 : value
    }

    /// Makes the sample of a tick without a line: what a source that holds or counts means by it.
    ///
    /// - Parameters:
    ///   - values: `[channelCount]`, filled; a channel without any value so far stays missing under `hold`.
    ///   - time: the tick's.
    public mutating func fill(into values: inout [Double], at time: Timestamp) {
        for index in 0..<channelCount {
            switch conditions.missing {
            case .hold where isCounter[index]:
                let reading = counters[index].lastReading
                values[index] =
                    reading == reading ? counters[index].rate(reading, at: time, restarts: false) : .nan
            case .hold: values[index] = last[index]
            case .zero: values[index] = 0
            case .gap, .alarm: values[index] = .nan
            }
        }
    }

    /// Writes what later samples depend on; the conditions are configuration.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(UInt32(counters.count))
        for counter in counters { counter.encode(to: &writer) }
        writer.write(last)
    }

    /// Reads what ``encode(to:)`` wrote. What the conditions in force do not ask for is dropped, what they ask for and
    /// was not stored begins anew.
    public init(
        channels: [Channel], conditions: SampleConditions, from reader: inout StateReader
    ) throws(StateCodingError) {
        self.init(channels: channels, conditions: conditions)
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "a series' conditioning") }
        let count = Int(try reader.read(UInt32.self))
        guard count == 0 || count == channels.count else { throw .invalid("\(count) counters for other channels") }
        for index in 0..<count {
            let counter = try CounterRate(from: &reader)
            if !counters.isEmpty { counters[index] = counter }
        }
        let stored = try reader.readDoubles()
        guard stored.isEmpty || stored.count == channels.count else {
            throw .invalid("\(stored.count) held values for \(channels.count) channels")
        }
        if !stored.isEmpty, !last.isEmpty { last = stored }
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { isCounter.count + counters.count * 24 + last.count * 8 }
}
