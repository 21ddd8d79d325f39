import TimeSeries

/// The few values that a channel has ever had, when they are few: on and off, closed and open, a fan's three speeds.
///
/// Between such values there is nothing to expect: "burner is 0, expected 0.13" is no sentence. 40 bytes.
struct ChannelStates: Equatable, Sendable {
    /// More values than this are no states.
    static let most = 4
    /// Values before the channel may be said to have states.
    static let trustedSamples: UInt32 = 200

    private var values = SIMD4<Double>()
    private var distinct: UInt8 = 0
    private var samples: UInt32 = 0

    /// Creates the states of a channel that was not seen yet.
    init() {}

    /// Whether the channel has had two values or a few more, and only these.
    var areKnown: Bool { samples >= Self.trustedSamples && (2...Self.most).contains(Int(distinct)) }

    /// Learns a value, finite.
    mutating func learn(_ value: Double) {
        guard distinct <= Self.most else { return }
        samples = min(samples, .max - 1) + 1
        for index in 0..<Int(distinct) where values[index] == value { return }
        if distinct < Self.most { values[Int(distinct)] = value }
        distinct += 1
    }

    /// The state nearest to a value; the earlier one seen when two are as near, the value itself without states.
    func nearest(to value: Double) -> Double {
        var best = value
        var distance = Double.infinity
        for index in 0..<min(Int(distinct), Self.most) where (values[index] - value).magnitude < distance {
            best = values[index]
            distance = (best - value).magnitude
        }
        return best
    }

    /// An expectation in states: the nearest one, and the outermost of those within the band.
    func rounded(_ band: ChannelExpectation) -> ChannelExpectation {
        let expected = nearest(to: band.expected)
        var rounded = ChannelExpectation(expected: expected, low: expected, high: expected)
        for index in 0..<min(Int(distinct), Self.most) where (band.low...band.high).contains(values[index]) {
            rounded.low = min(rounded.low, values[index])
            rounded.high = max(rounded.high, values[index])
        }
        return rounded
    }

    /// Writes the states.
    func encode(to writer: inout StateWriter) {
        for index in 0..<Self.most { writer.write(values[index]) }
        writer.write(distinct)
        writer.write(samples)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        for index in 0..<Self.most { values[index] = try reader.readDouble() }
        distinct = try reader.read()
        samples = try reader.read()
        guard Int(distinct) <= Self.most + 1 else { throw .invalid("\(distinct) states of a channel") }
        for index in 0..<min(Int(distinct), Self.most) where !values[index].isFinite {
            throw .invalid("a channel's state \(values[index])")
        }
    }
}
