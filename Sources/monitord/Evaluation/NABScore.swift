import TimeSeries

/// The score of the Numenta Anomaly Benchmark.
///
/// The first row taken in a labelled window counts for it, the more the earlier it comes; every row taken outside counts
/// against, the less the closer it follows a window. 0 is the score of taking nothing, 100 that of taking each window's
/// first row and nothing else. Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms - the Numenta
/// Anomaly Benchmark", https://arxiv.org/abs/1510.03336; the curve is the one of their program, whose rows beyond three
/// window widths count −1.
struct NABScore {
    /// What a hit earns and what a missed window and a false row cost.
    struct Profile {
        let name: String
        let hit: Double
        let miss: Double
        let falseRow: Double

        /// The benchmark's three.
        static let all = [
            Profile(name: "standard", hit: 1, miss: 1, falseRow: 0.11),
            Profile(name: "reward_low_FP", hit: 1, miss: 1, falseRow: 0.22),
            Profile(name: "reward_low_FN", hit: 1, miss: 2, falseRow: 0.11),
        ]
    }

    /// What a profile gives.
    struct Outcome {
        let profile: Profile
        /// 0 for taking nothing, 100 at best, below 0 for worse than nothing.
        var score: Double
        /// Before it is put on that scale.
        var raw: Double
        /// The threshold that gives most, infinite for none at all; `nil` where alerts were taken.
        var threshold: Double?
        var windowsHit: Int
        var falseRows: Int
    }

    /// Labelled windows.
    let windowCount: Int
    /// In the order of ``Profile/all``.
    let outcomes: [Outcome]

    /// What decides which rows are taken.
    enum Basis {
        /// The threshold that gives most, one for the whole set. It is chosen with the labels at hand: a bound, not a result.
        case bestThreshold
        /// The detector's own alerts.
        case alerts
    }

    /// Scores a set.
    ///
    /// - Precondition: every series has alerts when these are the basis.
    /// - Returns: `nil` without a window.
    /// - Complexity: O(n log n).
    init?(_ series: [ScoredSeries], _ basis: Basis) {
        var rows = Rows()
        for one in series { rows.append(one, basis) }
        guard rows.windowCount > 0 else { return nil }
        windowCount = rows.windowCount
        let ranked = rows.ranked()
        outcomes = Profile.all.map { ranked.outcome($0, basis) }
    }

    /// About 1 at a window's left edge (−1), 0 at its right edge (0), towards −1 behind it.
    static func sigmoid(_ position: Double) -> Double {
        position > 3 ? -1 : 2 / (1 + Transcendental.exp(5 * position)) - 1
    }

    /// Rows of all series, each with its worth before weights, its window (−1 for none) and what it is ranked by.
    private struct Rows {
        var worth: [Double] = []
        var window: [Int] = []
        var rank: [Double] = []
        var windowCount = 0

        mutating func append(_ series: ScoredSeries, _ basis: Basis) {
            let (worth, window) = Self.rows(of: series)
            // Windows of which no row is scored are not there.
            var numbers: [Int: Int] = [:]
            for row in series.firstScored..<series.count where window[row] >= 0 { numbers[window[row]] = 0 }
            for old in numbers.keys.sorted() {
                numbers[old] = windowCount
                windowCount += 1
            }
            for row in series.firstScored..<series.count where !series.isExcused[row] {
                self.worth.append(worth[row])
                self.window.append(numbers[window[row]] ?? -1)
                switch basis {
                case .bestThreshold: rank.append(series.scores[row])
                case .alerts: rank.append(series.alerts?[row] == true ? 1 : 0)
                }
            }
        }

        private static func rows(of series: ScoredSeries) -> (worth: [Double], window: [Int]) {
            var worth = [Double](repeating: -1, count: series.count)
            var window = [Int](repeating: -1, count: series.count)
            let top = sigmoid(-1)
            for (number, rows) in series.events.enumerated() {
                let last = rows.upperBound
                let width = Double(rows.count)
                for row in rows {
                    worth[row] = sigmoid(-Double(last - row + 1) / width) / top
                    window[row] = number
                }
                let next = number + 1 < series.events.count ? series.events[number + 1].lowerBound : series.count
                guard last + 1 < next else { continue }
                for row in (last + 1)..<next { worth[row] = sigmoid(Double(row - last) / max(width - 1, 1)) }
            }
            return (worth, window)
        }

        /// By falling rank.
        func ranked() -> Rows {
            let order = Ranking.order(rank)
            return Rows(
                worth: order.map { worth[$0] }, window: order.map { window[$0] }, rank: order.map { rank[$0] },
                windowCount: windowCount)
        }

        func outcome(_ profile: Profile, _ basis: Basis) -> Outcome {
            let null = -profile.miss * Double(windowCount)
            let perfect = profile.hit * Double(windowCount)
            var best = [Double](repeating: -profile.miss, count: windowCount)
            var sum = 0.0
            var result = (raw: -Double.infinity, threshold: Double.infinity)
            for place in rank.indices {
                if window[place] < 0 {
                    sum += worth[place] * profile.falseRow
                } else {
                    let before = best[window[place]]
                    best[window[place]] = max(before, worth[place] * profile.hit)
                    sum += best[window[place]] - before
                }
                // Below two scores of −∞ there is no difference, and none that is 0 either: they are thresholds of their own.
                let isLevel = place + 1 == rank.count || rank[place + 1] - rank[place] != 0
                let isTaken = basis == .bestThreshold ? isLevel : rank[place] > 0.5
                guard isTaken else { continue }
                let total = sum - profile.miss * Double(windowCount)
                if basis == .alerts || total > result.raw { result = (total, rank[place]) }
            }
            // To take nothing may be best, or all that was done.
            let isNothing = result.raw == -.infinity
            if isNothing || basis == .bestThreshold && null > result.raw { result = (null, .infinity) }
            let threshold = basis == .alerts ? 0.75 : result.threshold
            let taken = rank.indices.filter { rank[$0] >= threshold }
            return Outcome(
                profile: profile, score: 100 * (result.raw - null) / (perfect - null), raw: result.raw,
                threshold: basis == .alerts ? nil : threshold,
                windowsHit: Set(taken.map { window[$0] }.filter { $0 >= 0 }).count,
                falseRows: taken.count { window[$0] < 0 })
        }
    }
}
