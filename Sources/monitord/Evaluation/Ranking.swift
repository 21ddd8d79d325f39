/// Rows in the order of their scores, and what can be said of a detector from that order alone.
///
/// Rows with equal scores are taken together: no threshold can part them.
struct Ranking {
    /// A threshold and what it takes: every row whose score is at least that.
    struct Level {
        /// The threshold.
        var threshold: Double
        /// Anomalous rows at or above it.
        var hits: Int
        /// All rows at or above it.
        var rows: Int
    }

    /// Rows by falling score; equal scores in the order of the rows.
    let order: [Int]
    /// The distinct scores, falling.
    let levels: [Level]
    /// Anomalous rows.
    let anomalous: Int
    /// Normal rows.
    var normal: Int { order.count - anomalous }

    /// Ranks rows.
    ///
    /// - Precondition: the arrays have the same length, and no score is NaN.
    /// - Complexity: O(n log n).
    init(scores: [Double], isAnomalous: [Bool]) {
        precondition(scores.count == isAnomalous.count, "\(scores.count) scores, \(isAnomalous.count) labels")
        order = Self.order(scores)
        var levels: [Level] = []
        var hits = 0
        for (place, row) in order.enumerated() {
            if isAnomalous[row] { hits += 1 }
            if let last = levels.last, last.threshold == scores[row] {
                levels[levels.count - 1] = Level(threshold: last.threshold, hits: hits, rows: place + 1)
            } else {
                levels.append(Level(threshold: scores[row], hits: hits, rows: place + 1))
            }
        }
        self.levels = levels
        anomalous = hits
    }

    /// Rows by falling score; equal scores in the order of the rows.
    static func order(_ scores: [Double]) -> [Int] {
        scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
    }

    /// Area under the curve of recall over false positive rate: the chance that an anomalous row scores above a normal one.
    ///
    /// `nil` without rows of both kinds. 0.5 is what guessing gives.
    var areaUnderROC: Double? {
        guard anomalous > 0, normal > 0 else { return nil }
        // Each normal row of a level loses to the hits above it and shares with those of its own level.
        var won = 0.0
        var before = Level(threshold: .infinity, hits: 0, rows: 0)
        for level in levels {
            let normalHere = Double((level.rows - level.hits) - (before.rows - before.hits))
            won += normalHere * (Double(before.hits) + Double(level.hits - before.hits) / 2)
            before = level
        }
        return won / (Double(anomalous) * Double(normal))
    }

    /// Average precision: the area under the curve of precision over recall, in steps.
    ///
    /// `nil` without anomalous rows. Guessing gives their share.
    var areaUnderPR: Double? {
        guard anomalous > 0 else { return nil }
        var area = 0.0
        var before = 0
        for level in levels {
            area += Double(level.hits - before) * Double(level.hits) / Double(level.rows)
            before = level.hits
        }
        return area / Double(anomalous)
    }

    /// The best F1 that any threshold gives, and the highest such threshold; `nil` without anomalous rows.
    var bestF1: (value: Double, threshold: Double)? {
        guard anomalous > 0 else { return nil }
        var best: (value: Double, threshold: Double)?
        for level in levels {
            let value = 2 * Double(level.hits) / Double(level.rows + anomalous)
            if best.map({ value > $0.value }) ?? true { best = (value, level.threshold) }
        }
        return best
    }

    /// At most `limit` levels, evenly by their number, the first and the last among them.
    ///
    /// - Precondition: `limit` is at least 2.
    func curve(atMost limit: Int) -> [Level] {
        precondition(limit >= 2, "a curve has at least two points")
        guard levels.count > limit else { return levels }
        return (0..<limit).map { levels[$0 * (levels.count - 1) / (limit - 1)] }
    }
}
