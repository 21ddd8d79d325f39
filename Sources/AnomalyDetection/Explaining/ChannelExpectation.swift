/// What was expected of a channel before its value was seen, and the band of 99 % around it; low ≤ expected ≤ high.
struct ChannelExpectation: Equatable, Sendable {
    /// The value expected.
    var expected: Double
    /// Lower end of the band.
    var low: Double
    /// Upper end of the band.
    var high: Double
}
