import TimeSeries

/// How a distance in a channel's unit becomes a residual.
extension ChannelAggregate {
    /// Largest residual: keeps squares and the score finite whatever a sensor says.
    static let largestResidual = 1e6

    /// A distance in scales, within ±1e6.
    ///
    /// - Parameter scale: above 0, in the unit of the distance.
    static func residual(_ distance: Double, scale: Double) -> Float {
        Float(max(-largestResidual, min(largestResidual, distance / scale)))
    }
}

extension StateReader {
    /// Reads one finite number for each channel.
    mutating func readFiniteDoubles(count: Int) throws(StateCodingError) -> [Double] {
        let values = try readDoubles(count: count)
        guard values.allSatisfy(\.isFinite) else { throw .invalid("a number that is not finite in a detector") }
        return values
    }

    /// Reads one finite number of 0 or more for each channel: a variance, a weight.
    mutating func readSizes(count: Int) throws(StateCodingError) -> [Double] {
        let values = try readFiniteDoubles(count: count)
        guard values.allSatisfy({ $0 >= 0 }) else { throw .invalid("a negative size in a detector") }
        return values
    }
    /// Reads a number of channels and refuses any but the one that is due.
    mutating func checkChannels(_ due: Int) throws(StateCodingError) {
        let stored = try read(UInt32.self)
        guard Int(stored) == due else { throw .invalid("\(stored) channels where \(due) are due") }
    }
}
