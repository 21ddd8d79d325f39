import TimeSeries

/// What a channel of a recording usually shows: where it lies, how far it goes from there, and in what steps.
struct ChannelDisplay: Equatable, Sendable {
    /// The middle value.
    let middle: Double
    /// Half the distance between the values that a sixth are below and a sixth above: of two values in three it is what
    /// they differ from the middle by at most. 0 for a channel that never changes.
    let spread: Double
    /// Decimals that it is shown with; `nil` when there are more than six.
    let decimals: Int?
    /// Whether no value was below 0.
    let isNeverNegative: Bool

    /// Looks at some values; NaN is missing.
    init(_ values: [Double]) {
        let sorted = values.filter { $0 == $0 }.sorted()
        guard let last = sorted.last else {
            (middle, spread, decimals, isNeverNegative) = (.nan, 0, nil, false)
            return
        }
        func part(_ share: Double) -> Double {
            let place = share * Double(sorted.count - 1)
            let below = sorted[Int(place)]
            let above = sorted[min(sorted.count - 1, Int(place) + 1)]
            return below + (above - below) * (place - place.rounded(.down))
        }
        middle = part(0.5)
        let usual = (part(0.8413) - part(0.1587)) / 2
        // Of one that hardly ever changes the values between say nothing; their standard deviation does.
        let mean = sorted.reduce(0, +) / Double(sorted.count)
        let variance = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sorted.count)
        spread = last == sorted[0] ? 0 : usual > 0 ? usual : variance.squareRoot()
        isNeverNegative = sorted[0] >= 0
        var scale = 1.0
        decimals = (0...6).first { _ in
            defer { scale *= 10 }
            return sorted.allSatisfy { value in
                let steps = abs(value * scale)
                return abs(steps - steps.rounded()) <= 1e-9 * max(1, steps)
            }
        }
    }

    /// What the channel shows for a value.
    func shown(_ value: Double) -> Double {
        let value = isNeverNegative ? max(0, value) : value
        guard let decimals else { return value }
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        let shown = (value * scale).rounded() / scale
        return shown.isFinite ? shown : value
    }
}
