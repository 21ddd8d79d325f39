/// What is believed of the tail of a detector's scores before there are any in it.
public struct TailPrior: Sendable, Equatable {
    /// β is at least this: a floor for scores that come in few steps.
    public var smallestScale: Double
    /// β without any score above u.
    public var scale: Double
    /// How many scores above u that is worth; 0 for what has scores above u from the first.
    public var weight: Double

    /// Creates a belief, in units of x = ln(1 + raw); the default is to have none.
    public init(smallestScale: Double = 0, scale: Double = 0, weight: Double = 0) {
        self.smallestScale = smallestScale
        self.scale = scale
        self.weight = weight
    }
}
