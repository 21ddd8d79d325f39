import AnomalyDetection
import Ingest
import TimeSeries

/// One place in a series at which faults are tried.
struct TrialPlace: Sendable {
    /// The state before it.
    var state: WarmState
    /// Number of the first sample behind it, among those of the series.
    var first: Int
    /// Whether the series was still learning there.
    var isLearning: Bool
}

/// Where in a recording faults are tried: in its later part, where nothing was unusual when it was run as it is.
struct TrialPlaces {
    /// Share of a recording that is learned from before the first place.
    private static let learnedShare = 0.4
    /// Places looked at for each that is wanted.
    private static let candidatesPerPlace = 3
    /// Samples behind a spike within which an incident still counts.
    static let samplesAfter = 10
    /// The fewest places that say anything.
    static let fewest = 3

    /// Rows before which states are kept, rising.
    static func candidates(in recording: Recording, wanted: Int, span: Int, seed: UInt64) -> [Int] {
        let count = recording.rows.count
        let active = Set(recording.rows.suffix(4_096).map(\.series)).count
        let first = Int(Double(count) * learnedShare)
        let last = count - (span + samplesAfter + 1) * max(1, active)
        guard last > first else { return [] }
        var generator = SeededGenerator(seed: splitMix(seed ^ 0x706C_6163_6573))
        let candidates = min(wanted * candidatesPerPlace, last - first)
        let width = Double(last - first) / Double(candidates)
        return (0..<candidates).map { first + Int((Double($0) + generator.uniform()) * width) }
    }

    /// The places of a series among some states: normal for the length of the longest fault and a little, and as far apart as
    /// they can be.
    ///
    /// - Parameters:
    ///   - numbers: the rows of the series.
    ///   - span: samples of the longest fault.
    static func choose(
        _ wanted: Int, of states: [WarmState], numbers: [Int], span: Int, verdicts: RowVerdicts
    ) -> [TrialPlace] {
        var places: [TrialPlace] = []
        for state in states {
            let first = firstIndex(from: state.row, in: numbers)
            guard first > 0, first + span + samplesAfter <= numbers.count else { continue }
            let before = verdicts.rows[numbers[first - 1]]
            let stretch = numbers[first..<first + span + samplesAfter]
            guard before.isScored, before.level == 0, !before.isAbnormal,
                stretch.allSatisfy({ verdicts.rows[$0].level == 0 })
            else { continue }
            places.append(TrialPlace(state: state, first: first, isLearning: before.isLearning))
        }
        let learned = places.filter { !$0.isLearning }
        if learned.count >= fewest { places = learned }
        guard places.count > wanted else { return places }
        return (0..<wanted).map { places[$0 * (places.count - 1) / max(1, wanted - 1)] }
    }

    static func firstIndex(from row: Int, in numbers: [Int]) -> Int {
        var (low, high) = (0, numbers.count)
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
