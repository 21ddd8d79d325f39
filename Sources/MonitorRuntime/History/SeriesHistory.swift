import AnomalyDetection
import Ingest
public import Persistence
public import TimeSeries

/// A sample as the history keeps it.
public struct HistorySample: Equatable, Sendable {
    /// One channel of it.
    public struct Channel: Equatable, Sendable {
        /// The value that came; `nil` when it was missing.
        public var value: Double?
        /// What was expected, and the band around it; `nil` where nothing was.
        public var expected: Float?
        /// Lower end of the band.
        public var low: Float?
        /// Upper end of it.
        public var high: Float?
    }

    /// Event time.
    public var time: Timestamp
    /// How rare it was; `nil` before anything voted.
    public var score: Float?
    /// From which score on it was an event.
    public var threshold: Float
    /// How far from normal; `nil` before anything voted.
    public var severity: Float?
    /// Whether the series was abnormal.
    public var isAbnormal: Bool
    /// The channels, in order.
    public var channels: [Channel]
}

/// Collects the last samples of a series until there are enough for a chunk.
///
/// A chunk is the samples column by column, and of each column the bytes by their weight, which packs well: times as
/// differences, values as they came, the rest in single precision.
struct SeriesHistory: Sendable {
    private static let version: UInt8 = 1
    /// A sample that comes so near to its threshold is worth keeping.
    private static let notableMargin: Float = 2
    private static let noBand = ChannelBand(expected: .nan, low: .nan, high: .nan)

    /// What is kept of what a channel was expected to be.
    struct ChannelBand {
        var expected: Float
        var low: Float
        var high: Float
    }

    private let channelCount: Int
    private let capacity: Int
    private var times: [Int64] = []
    private var values: [Double] = []
    /// Of each sample: score, threshold, severity, then expected, low and high of each channel.
    private var numbers: [Float] = []
    private var isAbnormal: [UInt8] = []
    /// Samples that the first chunk is short of.
    private var missing: Int

    /// Creates an empty collection.
    ///
    /// - Parameters:
    ///   - capacity: samples of a chunk.
    ///   - number: of the series: the first chunk is shorter by it, so that series of one age do not all fill theirs at once.
    init(channelCount: Int, capacity: Int, number: Int = 0) {
        self.channelCount = channelCount
        self.capacity = capacity
        missing = number % capacity
    }

    var count: Int { times.count }
    var isFull: Bool { times.count + missing >= capacity }

    /// Bytes that a full collection takes.
    static func memoryBytes(channelCount: Int, capacity: Int) -> Int {
        MemoryLayout<Self>.size + capacity * (8 + 1 + 4 * 3 + channelCount * (8 + 4 * 3))
    }

    /// Takes a sample.
    ///
    /// - Parameters:
    ///   - values: as they came; NaN where missing.
    ///   - band: of a channel; `nil` where nothing was expected.
    mutating func append(_ verdict: Verdict, values: Span<Double>, band: (Int) -> ChannelBand?) {
        if times.capacity < capacity {
            times.reserveCapacity(capacity)
            self.values.reserveCapacity(capacity * channelCount)
            numbers.reserveCapacity(capacity * (3 + 3 * channelCount))
            isAbnormal.reserveCapacity(capacity)
        }
        times.append(verdict.time.nanoseconds)
        isAbnormal.append(verdict.isAbnormal ? 1 : 0)
        numbers.append(verdict.score.map(Float.init) ?? .nan)
        numbers.append(Float(verdict.threshold))
        numbers.append(verdict.severity.map(Float.init) ?? .nan)
        for channel in 0..<channelCount {
            self.values.append(values[channel])
            let band = band(channel) ?? Self.noBand
            numbers.append(band.expected)
            numbers.append(band.low)
            numbers.append(band.high)
        }
    }

    /// The samples that are collected now, oldest first.
    var samples: [HistorySample] {
        let width = 3 + 3 * channelCount
        func number(_ place: Int) -> Float? { numbers[place].isNaN ? nil : numbers[place] }
        return times.indices.map { index in
            let first = index * width
            return HistorySample(
                time: Timestamp(nanoseconds: times[index]), score: number(first), threshold: numbers[first + 1],
                severity: number(first + 2), isAbnormal: isAbnormal[index] == 1,
                channels: (0..<channelCount).map { channel in
                    let value = values[index * channelCount + channel]
                    let place = first + 3 + 3 * channel
                    return HistorySample.Channel(
                        value: value.isNaN ? nil : value, expected: number(place), low: number(place + 1),
                        high: number(place + 2))
                })
        }
    }

    /// The samples as a chunk, which are then gone from here; `nil` when there are none.
    ///
    /// - Parameter series: its key; the stream is for others to fill in.
    mutating func takeChunk(series: String) -> HistoryChunk? {
        guard let first = times.first, let last = times.last else { return nil }
        let width = 3 + 3 * channelCount
        let score = stride(from: 0, to: numbers.count, by: width)
        let isNotable =
            isAbnormal.contains(1)
            || score.contains { numbers[$0] >= numbers[$0 + 1] - Self.notableMargin }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(9 + times.count * (9 + 8 * channelCount + 4 * width))
        bytes.append(Self.version)
        Self.append(UInt32(channelCount), to: &bytes)
        Self.append(UInt32(times.count), to: &bytes)
        bytes += isAbnormal
        Self.appendPlanes(to: &bytes, count: times.count, width: 8) {
            UInt64(bitPattern: times[$0] &- ($0 == 0 ? 0 : times[$0 - 1]))
        }
        for channel in 0..<channelCount {
            Self.appendPlanes(to: &bytes, count: times.count, width: 8) {
                values[$0 * channelCount + channel].bitPattern
            }
        }
        for column in 0..<width {
            Self.appendPlanes(to: &bytes, count: times.count, width: 4) {
                UInt64(numbers[$0 * width + column].bitPattern)
            }
        }
        times.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        isAbnormal.removeAll(keepingCapacity: true)
        missing = 0
        return HistoryChunk(series: series, first: first, last: last, isNotable: isNotable, bytes: bytes)
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(shift))) }
    }

    /// All lowest bytes, then all second ones, and so on.
    @inline(__always)
    private static func appendPlanes(to bytes: inout [UInt8], count: Int, width: Int, _ number: (Int) -> UInt64) {
        for plane in 0..<width {
            let shift = UInt64(8 * plane)
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: number(index) >> shift)) }
        }
    }

    /// Reads a chunk's samples.
    ///
    /// - Throws: `StateCodingError` when the bytes are cut short or of another form.
    static func samples(of bytes: [UInt8]) throws(StateCodingError) -> [HistorySample] {
        var reader = StateReader(bytes)
        guard try reader.read(UInt8.self) == version else { throw .unknownVersion(of: "a history") }
        let channelCount = Int(try reader.read(UInt32.self))
        let count = Int(try reader.read(UInt32.self))
        // Each sample of each channel takes twenty bytes: checked before memory is asked for.
        guard count > 0, channelCount > 0, count <= reader.remaining, channelCount <= reader.remaining / count else {
            throw .invalid("\(count) samples of \(channelCount) channels in a history")
        }
        var isAbnormal: [UInt8] = []
        for _ in 0..<count { isAbnormal.append(try reader.read()) }
        let times: [UInt64] = try readPlanes(count, from: &reader)
        var values: [[UInt64]] = []
        for _ in 0..<channelCount { values.append(try readPlanes(count, from: &reader)) }
        var numbers: [[UInt32]] = []
        for _ in 0..<3 + 3 * channelCount { numbers.append(try readPlanes(count, from: &reader)) }
        func number(_ column: Int, _ index: Int) -> Float? {
            let number = Float(bitPattern: numbers[column][index])
            return number.isNaN ? nil : number
        }
        var time: Int64 = 0
        return (0..<count).map { index in
            time &+= Int64(bitPattern: times[index])
            return HistorySample(
                time: Timestamp(nanoseconds: time), score: number(0, index), threshold: number(1, index) ?? 0,
                severity: number(2, index), isAbnormal: isAbnormal[index] == 1,
                channels: (0..<channelCount).map { channel in
                    let value = Double(bitPattern: values[channel][index])
                    return HistorySample.Channel(
                        value: value.isNaN ? nil : value, expected: number(3 + 3 * channel, index),
                        low: number(4 + 3 * channel, index), high: number(5 + 3 * channel, index))
                })
        }
    }

    private static func readPlanes<Number: FixedWidthInteger>(
        _ count: Int, from reader: inout StateReader
    ) throws(StateCodingError) -> [Number] {
        var column = [Number](repeating: 0, count: count)
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            for index in 0..<count {
                column[index] |= Number(truncatingIfNeeded: try reader.read(UInt8.self)) << Number(shift)
            }
        }
        return column
    }
}

extension StateStore {
    /// Names of the streams that have stored state, in order.
    public func streamNames() throws -> [String] {
        try scopes().filter { $0.hasPrefix("stream/") }.map { String($0.dropFirst("stream/".count)) }.sorted()
    }

    /// Names of the channels of a series, in the order of its samples; empty when the state has no such series.
    ///
    /// - Throws: `DatabaseError`, `StateCodingError`.
    public func channelNames(of stream: String, series: String) throws -> [String] {
        let header = try StoredStream(load(scope: StoredStream.scope(of: stream))).header
        let known = header.place.decoding
        // Where lines name no series there is one, called as the stream or not at all.
        let number = known.seriesNames.firstIndex(of: series)
        let group = number.flatMap { known.seriesGroups.indices.contains($0) ? Int(known.seriesGroups[$0]) : nil }
        guard let group, header.groups.indices.contains(group) else { return [] }
        return header.groups[group].map(\.name)
    }

    /// The samples of a series in a span of event time, in its order; of one that was stored twice, the later.
    ///
    /// - Throws: `DatabaseError`; chunks that cannot be read are left out.
    public func samples(
        of stream: String, series: String, from: Timestamp = Timestamp(nanoseconds: .min),
        to: Timestamp = Timestamp(nanoseconds: .max)
    ) throws -> [HistorySample] {
        var byTime: [Int64: HistorySample] = [:]
        for chunk in try history(of: stream, series: series, from: from.nanoseconds, to: to.nanoseconds) {
            for sample in (try? SeriesHistory.samples(of: chunk.bytes)) ?? []
            where from <= sample.time && sample.time <= to {
                byTime[sample.time.nanoseconds] = sample
            }
        }
        return byTime.sorted { $0.key < $1.key }.map(\.value)
    }
}
