import TimeSeries

/// The last samples of all channels as one vector: a delay embedding, in which a shape in time is a place in space
/// (Takens 1981, doi 10.1007/BFb0091924).
///
///     vector   | z₀ z₁ … of the oldest sample | … | z₀ z₁ … of the newest |      [lags, d], each within ±10
///
/// `stage` puts a sample in as the newest, as often as it is called; `commit` makes it stay. A missing channel keeps
/// its last scaled value. State 4 bytes a number; a sample costs a move of the vector by one row.
struct DelayWindow: Sendable {
    /// Scaled values are cut here, so that one spike does not fill the space.
    static let limit: Float = 10

    /// Number of channels.
    let channelCount: Int
    /// Samples in the vector.
    let lags: Int
    /// `[lags, d]`, oldest sample first.
    private(set) var vector: [Float]
    private var committed = 0
    private var isStaged = false

    /// Creates an empty window.
    init(channelCount: Int, lags: Int) {
        precondition(channelCount > 0 && lags > 0, "a window of \(lags) samples of \(channelCount) channels")
        self.channelCount = channelCount
        self.lags = lags
        vector = Array(repeating: 0, count: lags * channelCount)
    }

    /// Numbers in the vector.
    var width: Int { vector.count }
    /// Whether the vector, with the staged sample, holds nothing from before the last restart.
    var isFull: Bool { committed + (isStaged ? 1 : 0) >= lags }

    /// Puts the frame's scaled values in as the newest sample.
    mutating func stage(_ frame: Frame) {
        let newest = vector.count - channelCount
        if !isStaged {
            for index in 0..<newest { vector[index] = vector[index + channelCount] }
            isStaged = true
        }
        for channel in 0..<channelCount {
            vector[newest + channel] = max(-Self.limit, min(Self.limit, frame.scaled[channel]))
        }
    }

    /// Puts whole channels at their usual place, 0, in all samples.
    mutating func putAside(_ isAside: [Bool]) {
        for channel in 0..<channelCount where isAside[channel] {
            for lag in 0..<lags { vector[lag * channelCount + channel] = 0 }
        }
    }

    /// Makes the staged sample stay.
    mutating func commit() {
        guard isStaged else { return }
        isStaged = false
        committed = min(committed + 1, lags)
    }

    /// Empties the window.
    mutating func restart() {
        committed = 0
        isStaged = false
    }

    /// Bytes that its array takes.
    var memoryBytes: Int { vector.count * 4 }

    /// Writes the window; a sample that is staged only is taken to stay.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt32(min(lags, committed + (isStaged ? 1 : 0))))
        writer.write(vector)
    }

    /// Reads what ``encode(to:)`` wrote; refuses another shape and numbers that no sample has.
    init(from reader: inout StateReader, channelCount: Int, lags: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount, lags: lags)
        committed = Int(try reader.read(UInt32.self))
        guard committed <= lags else { throw .invalid("\(committed) samples in a window of \(lags)") }
        vector = try reader.readFinite(count: lags * channelCount, within: Self.limit)
    }
}

extension StateReader {
    /// Reads a number of samples; refuses one that no series reaches and that might overflow on the way up.
    mutating func readCount() throws(StateCodingError) -> UInt64 {
        let count = try read(UInt64.self)
        guard count < 1 << 62 else { throw .invalid("\(count) samples") }
        return count
    }

    /// Reads an array that must have so many elements, none of them NaN or beyond the limit.
    mutating func readFinite(count: Int, within limit: Float) throws(StateCodingError) -> [Float] {
        let values = try readFloats()
        guard values.count == count else { throw .invalid("\(values.count) numbers where \(count) are due") }
        // NaN fails every comparison.
        guard values.allSatisfy({ $0.magnitude <= limit }) else { throw .invalid("a number beyond ±\(limit)") }
        return values
    }
}
