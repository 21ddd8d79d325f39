import TimeSeries

/// The change-point figures of the SKAB benchmark, a variant of NAB's.
///
/// Every switch of the alert, on or off, says that something changed. The first one in the 60 seconds from a true change
/// on counts for it, the more the earlier; every one elsewhere is false. Katser and Kozitsin 2020, "Skoltech Anomaly
/// Benchmark", https://doi.org/10.34740/KAGGLE/DSV/1693952.
struct ChangePointScore {
    /// True changes in the scored part.
    private(set) var changes = 0
    private(set) var missed = 0
    private(set) var falseSwitches = 0
    /// Seconds from each change that was found to its switch.
    private(set) var delays: [Double] = []
    /// Where in its window each was found, in thousandths.
    private var places: [Int] = []

    private static let windowSeconds = 60.0
    private static let steps = 1_000

    /// Counts series.
    ///
    /// - Parameter points: times of the true changes by name, in seconds since 1970.
    /// - Precondition: every series has alerts.
    init(_ series: [ScoredSeries], points: [String: [Double]]) {
        for one in series { count(one, points: (points[one.name] ?? []).sorted()) }
    }

    /// The score under a profile of NAB; `nil` without changes.
    func score(_ profile: NABScore.Profile) -> Double? {
        guard changes > 0 else { return nil }
        let gained = places.reduce(0.0) { sum, place in
            sum + (profile.hit + profile.falseRow) / 2 * -Self.grid(place) + (profile.hit - profile.falseRow) / 2
        }
        let raw = gained - profile.falseRow * Double(falseSwitches) - profile.miss * Double(missed)
        let null = profile.miss * Double(changes)
        return 100 * (raw + null) / (profile.hit * Double(changes) + null)
    }

    private mutating func count(_ series: ScoredSeries, points: [Double]) {
        let first = series.firstScored
        let switches = (first..<series.count).filter { row in
            guard let alerts = series.alerts else { return false }
            return row == first ? alerts[row] : alerts[row] != alerts[row - 1]
        }.map { series.times[$0] }
        let start = first < series.count ? series.times[first] : 0
        var windows = points.filter { $0 >= start }.map { (start: $0, end: $0 + Self.windowSeconds) }
        for index in windows.indices.dropLast() where windows[index].end >= windows[index + 1].start {
            windows[index + 1].start = windows[index].end
        }
        var isUsed = [Bool](repeating: false, count: switches.count)
        for window in windows {
            changes += 1
            var found: Double?
            for (index, time) in switches.enumerated() where window.start <= time && time <= window.end {
                isUsed[index] = true
                found = found ?? time
            }
            guard let found else {
                missed += 1
                continue
            }
            let length = window.end - window.start
            let place = (found - window.start) / length * Double(Self.steps)
            places.append(length > 0 ? min(Int(place), Self.steps - 1) : 0)
            delays.append(found - window.start)
        }
        falseSwitches += isUsed.count { !$0 }
    }

    /// From −1 at the beginning of a window to 1 at its end.
    private static func grid(_ place: Int) -> Double {
        let half = Double.pi / 2
        let step = 2 * half / Double(steps - 1)
        return tanh(place == steps - 1 ? half : Double(place) * step - half) / tanh(half)
    }

    private static func tanh(_ x: Double) -> Double { 1 - 2 / (Transcendental.exp(2 * x) + 1) }
}
