/// Volume under the surfaces of range-precision over range-recall (PR) and of range-recall over the false positive rate
/// (ROC), which forgive a detector that is a little early or late.
///
/// Each labelled stretch gets a buffer on both sides whose rows count in part, the less the further off; the surface is
/// the curve over every width of the buffer from 0 to a window. Recall is scaled by the share of stretches that are found
/// at all. Paparrizos et al. 2022, "Volume Under the Surface: A New Accuracy Evaluation Measure for Time-Series Anomaly
/// Detection", https://doi.org/10.14778/3551793.3551830, at ``levelCount`` thresholds as in their program.
///
/// A buffer touches only rows near a stretch, so the work for one width is that of these rows, not of all.
struct VolumeUnderSurface {
    /// Thresholds, evenly by rank.
    static let levelCount = 250

    /// Under the curves of precision and recall, 0 to 1.
    let pr: Double
    /// Under the curves of recall and false positives, 0 to 1.
    let roc: Double

    /// Measures the volumes.
    ///
    /// - Parameters:
    ///   - window: the widest buffer, in rows.
    /// - Precondition: as many scores as labels, all finite.
    /// - Returns: `nil` without rows of both kinds.
    /// - Complexity: O(n log n + `window`² × stretches).
    init?(scores: [Double], isAnomalous: [Bool], window: Int) {
        let stretches = isAnomalous.stretches
        guard let first = stretches.first, first.count < scores.count else { return nil }
        var surface = Surface(scores, isAnomalous, stretches)
        var pr = 0.0
        var roc = 0.0
        for width in 0...max(window, 0) {
            let areas = surface.areas(width)
            pr += areas.pr
            roc += areas.roc
        }
        self.pr = pr / Double(max(window, 0) + 1)
        self.roc = roc / Double(max(window, 0) + 1)
    }

    private struct Surface {
        private let scores: [Double]
        private let isAnomalous: [Bool]
        private let stretches: [ClosedRange<Int>]
        private let thresholds: [Double]
        /// Rows at or above each threshold.
        private let taken: [Int]
        /// The first threshold that takes a row, by row.
        private let levelOfRow: [Int32]
        /// Anomalous rows at or above each threshold.
        private let hits: [Int]
        private let anomalous: Int
        /// The highest score of each stretch with the buffer so far.
        private var peaks: [Double]
        private var buffer = 0
        /// What the rows of the buffers count; 0 between two widths.
        private var halo: [Double]

        init(_ scores: [Double], _ isAnomalous: [Bool], _ stretches: [ClosedRange<Int>]) {
            self.scores = scores
            self.isAnomalous = isAnomalous
            self.stretches = stretches
            let ranking = Ranking(scores: scores, isAnomalous: isAnomalous)
            let count = scores.count
            let step = Double(count - 1) / Double(levelCount - 1)
            var thresholds: [Double] = []
            var taken: [Int] = []
            var hits: [Int] = []
            var level = 0
            for number in 0..<levelCount {
                let place = number == levelCount - 1 ? count - 1 : Int(Double(number) * step)
                while ranking.levels[level].rows <= place { level += 1 }
                thresholds.append(ranking.levels[level].threshold)
                taken.append(ranking.levels[level].rows)
                hits.append(ranking.levels[level].hits)
            }
            var levelOfRow = [Int32](repeating: 0, count: count)
            var number = 0
            for (place, row) in ranking.order.enumerated() {
                while taken[number] <= place { number += 1 }
                levelOfRow[row] = Int32(number)
            }
            self.thresholds = thresholds
            self.taken = taken
            self.hits = hits
            self.levelOfRow = levelOfRow
            anomalous = ranking.anomalous
            peaks = stretches.map { rows in rows.reduce(-.infinity) { max($0, scores[$1]) } }
            halo = Array(repeating: 0, count: count)
        }

        /// The areas for one width of the buffer; widths must not shrink from call to call.
        mutating func areas(_ width: Int) -> (pr: Double, roc: Double) {
            widen(to: width / 2)
            let halos = halos(width)
            let found = shareFound()
            let count = Double(scores.count)
            var pr = 0.0
            var roc = 0.0
            var haloSum = 0.0
            var before = (recall: 0.0, falseRate: 0.0)
            for level in taken.indices {
                haloSum += halos[level]
                let positives = Double(hits[level]) + haloSum
                let all = Double(anomalous) + haloSum / 2
                let recall = min(positives / all, 1) * found[level]
                let falseRate = (Double(taken[level]) - positives) / (count - all)
                pr += (recall - before.recall) * positives / Double(taken[level])
                roc += (falseRate - before.falseRate) * (recall + before.recall) / 2
                before = (recall, falseRate)
            }
            roc += (1 - before.falseRate) * (1 + before.recall) / 2
            return (pr, roc)
        }

        /// Takes the rows that the buffers gain into the peaks.
        private mutating func widen(to size: Int) {
            while buffer < size {
                buffer += 1
                for (number, rows) in stretches.enumerated() {
                    let left = rows.lowerBound - buffer
                    let right = rows.upperBound + buffer
                    if left >= 0 { peaks[number] = max(peaks[number], scores[left]) }
                    if right < scores.count { peaks[number] = max(peaks[number], scores[right]) }
                }
            }
        }

        /// What the rows of the buffers count, summed by the first threshold that takes them.
        private mutating func halos(_ width: Int) -> [Double] {
            var sums = [Double](repeating: 0, count: taken.count)
            let size = width / 2
            guard size > 0 else { return sums }
            let slope = (1...size).map { (1 - Double($0) / Double(width)).squareRoot() }
            for rows in stretches {
                for distance in 1...size {
                    let left = rows.lowerBound - distance
                    let right = rows.upperBound + distance
                    if right < halo.count { halo[right] += slope[distance - 1] }
                    if left >= 0 { halo[left] += slope[distance - 1] }
                }
            }
            // A row that is anomalous counts whole anyway; each row is taken once and left at 0.
            func take(_ row: Int) {
                if !isAnomalous[row] { sums[Int(levelOfRow[row])] += min(halo[row], 1) }
                halo[row] = 0
            }
            for rows in stretches {
                for distance in 1...size {
                    if rows.lowerBound - distance >= 0 { take(rows.lowerBound - distance) }
                    if rows.upperBound + distance < halo.count { take(rows.upperBound + distance) }
                }
            }
            return sums
        }

        /// For each threshold the share of stretches with a row above it; those whose buffers meet are one.
        private func shareFound() -> [Double] {
            var found = [Int](repeating: 0, count: thresholds.count)
            var merged = 0
            var peak = -Double.infinity
            var end = -1
            func close(_ found: inout [Int]) {
                guard merged > 0 else { return }
                // The thresholds fall: the first that is not above the peak.
                var low = 0
                var high = thresholds.count
                while low < high {
                    let middle = low + (high - low) / 2
                    if thresholds[middle] > peak { low = middle + 1 } else { high = middle }
                }
                if low < found.count { found[low] += 1 }
            }
            for (number, rows) in stretches.enumerated() {
                if merged > 0, end >= max(rows.lowerBound - buffer, 0) {
                    peak = max(peak, peaks[number])
                } else {
                    close(&found)
                    merged += 1
                    peak = peaks[number]
                }
                end = min(rows.upperBound + buffer, scores.count - 1)
            }
            close(&found)
            var sum = 0
            return found.map {
                sum += $0
                return Double(sum) / Double(merged)
            }
        }
    }
}

extension [Bool] {
    /// The stretches of `true`, in order.
    var stretches: [ClosedRange<Int>] {
        var found: [ClosedRange<Int>] = []
        var start: Int?
        for (index, isSet) in enumerated() {
            if isSet {
                start = start ?? index
            } else if let first = start {
                found.append(first...(index - 1))
                start = nil
            }
        }
        if let first = start { found.append(first...(count - 1)) }
        return found
    }
}
