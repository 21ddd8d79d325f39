/// The past moment of a series that a new one is most like, when one is near enough to be worth saying.
public struct SimilarMoment: Equatable, Sendable {
    /// Event time at which that incident began.
    public var time: Timestamp
    /// How far the two are apart: 0 for the same channels, the same way, by as much and seen by the same detectors; told up to
    /// 0.35.
    public var distance: Double
    /// Seconds until that incident closed; `nil` when it never did as far as is known.
    public var lasted: Double?
    /// Whether it closed because what the series did was taken for usual.
    public var becameUsual: Bool

    /// Creates a moment.
    public init(time: Timestamp, distance: Double, lasted: Double? = nil, becameUsual: Bool = false) {
        self.time = time
        self.distance = distance
        self.lasted = lasted
        self.becameUsual = becameUsual
    }
}
