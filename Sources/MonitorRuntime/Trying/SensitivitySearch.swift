import AnomalyDetection
import Ingest
import TimeSeries

/// Looks for the smallest size at which one kind of fault in one channel is found.
///
/// A size is found when an incident of the series opens while the fault lasts (a spike: up to ten samples behind it) at four
/// places of five. Sizes are a ladder, and the search goes down it: told is the last size before one that is not found, so all
/// larger ones that were tried are found too. That a lasting fault ends is no part of it: the way back is seen better than a
/// slow way there.
struct SensitivitySearch: Sendable {
    /// What a search came to.
    struct Outcome {
        /// Position on the ladder; `nil` when the largest size is not found.
        var rung: Int?
        /// Seconds to the incident at each place where that size was found; with none on the ladder, the largest.
        var delays: [Double]
        var tried: Int
        var trials: Int
    }

    let bench: TrialBench
    let series: Int
    /// Rows of the series.
    let numbers: [Int]
    let places: [TrialPlace]
    let interval: Double
    let seed: UInt64

    /// The rungs at the top of a ladder that are tried only when those below are not found.
    private static let largestRungs = 5

    /// Places at which a size must be found: of five, four.
    static func needed(of places: Int) -> Int { (4 * places + 4) / 5 }

    /// From a quarter of the usual spread to 64 times it.
    static let sizes: [Double] = (0...16).map { step in
        let whole = (0..<(step / 2)).reduce(0.25) { size, _ in size * 2 }
        return step % 2 == 0 ? whole : whole * 2.0.squareRoot()
    }
    /// Factors on the noise.
    static let noiseFactors: [Double] = [1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32]
    /// Hours by which a series may be ahead.
    static let phaseHours: [Double] = [0.5, 1, 2, 3, 4, 6, 9, 12]

    /// Places at which a size must be found.
    var needed: Int { Self.needed(of: places.count) }

    /// Searches a ladder.
    ///
    /// - Parameters:
    ///   - channel: `nil` for all.
    ///   - length: samples that the fault lasts.
    func search(
        _ kind: AnomalyKind, channel: Int?, ladder: [Double], length: Int, display: ChannelDisplay
    ) async throws -> Outcome {
        var outcome = Outcome(rung: nil, delays: [], tried: places.count, trials: 0)
        func isFound(_ rung: Int) async throws -> Bool {
            let delays = try await delays(
                kind, channel, size: ladder[rung], length: length, display: display, &outcome.trials)
            if delays.count >= needed { outcome.rung = rung }
            if outcome.rung == nil || outcome.rung == rung { outcome.delays = delays }
            return outcome.rung == rung
        }
        // What is found at nearly all sizes is seldom larger than that.
        var rung = max(0, ladder.count - Self.largestRungs)
        if try await isFound(rung) {
            while rung > 0, try await isFound(rung - 1) { rung -= 1 }
        } else {
            rung += 1
            while rung < ladder.count, !(try await isFound(rung)) { rung += 1 }
        }
        return outcome
    }

    /// Seconds to the incident at each place where a size is found; gives up where it cannot be enough of them any more.
    private func delays(
        _ kind: AnomalyKind, _ channel: Int?, size: Double, length: Int, display: ChannelDisplay,
        _ trials: inout Int
    ) async throws -> [Double] {
        var delays: [Double] = []
        for (index, place) in places.enumerated() {
            if delays.count + places.count - index < needed { break }
            trials += 1
            if let delay = try await delay(
                kind, channel, size: size, length: length, display: display, at: place, number: index)
            {
                delays.append(delay)
            }
        }
        return delays
    }

    /// Seconds from the first sample of a fault to its incident; `nil` when it is not found.
    func delay(
        _ kind: AnomalyKind, _ channel: Int?, size: Double, length: Int, display: ChannelDisplay,
        at place: TrialPlace, number: Int
    ) async throws -> Double? {
        let last = min(numbers.count, place.first + length + (kind == .spike ? TrialPlaces.samplesAfter : 0))
        var size = size
        if kind.hasDirection, kind != .phase, goesDown(kind, channel, size, length, display, place, number) {
            size = -size
        }
        let shift = kind == .phase ? shift(by: size, at: place, length: length, number: number) : 0
        guard let shift else { return nil }
        let planned = PlannedAnomaly(
            kind: kind, channel: channel, size: size, rows: place.first..<min(numbers.count, place.first + length))
        let planting = Planting(
            planned, in: bench.recording, at: numbers, deviation: display.spread, display: display, shift: shift)
        guard
            let row = try await bench.firstOpening(
                from: place.state, of: series, until: numbers[last - 1] + 1, changing: planting)
        else { return nil }
        let (first, times) = (numbers[place.first], bench.recording.rows)
        if let from = times[first].time, let to = times[row].time { return max(0, to.seconds(since: from)) }
        return Double(numbers[place.first...].firstIndex(of: row).map { $0 - place.first } ?? 0) * interval
    }

    /// Every other fault goes down, but not below 0 where nothing was.
    private func goesDown(
        _ kind: AnomalyKind, _ channel: Int?, _ size: Double, _ length: Int, _ display: ChannelDisplay,
        _ place: TrialPlace, _ number: Int
    ) -> Bool {
        guard let channel else { return false }
        let word = splitMix(seed ^ splitMix(UInt64(number) << 8 ^ UInt64(channel)))
        guard word & 1 == 1 else { return false }
        guard display.isNeverNegative else { return true }
        let here = bench.recording.value(numbers[place.first], channel)
        return min(here, display.middle - display.spread) - size * display.spread > 0
    }

    /// How many samples ahead of a place the series is some hours later, or before it; `nil` when the recording does not
    /// hold that.
    func shift(by hours: Double, at place: TrialPlace, length: Int, number: Int) -> Int? {
        let samples = Int((hours * 3_600 / interval).rounded())
        guard samples > 0 else { return nil }
        let back = place.first - samples >= 0 ? -samples : nil
        let ahead = place.first + length + samples < numbers.count ? samples : nil
        return number % 2 == 0 ? ahead ?? back : back ?? ahead
    }
}
