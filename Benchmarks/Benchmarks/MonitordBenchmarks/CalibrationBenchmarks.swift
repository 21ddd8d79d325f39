import TimeSeries

@testable import AnomalyDetection

/// From raw scores to evidence, and from evidence to a score and a threshold.
func registerCalibration() {
    registerScores("full", .full, .long)
    registerScores("lean", .lean, .short)
    registerCalibrator()
    registerThreshold()
}

/// Samples that fill every ring before anything is measured, and those of a run.
private let (warmUp, samples) = (10_000, 4_096)

/// Raw scores with the tail that normal samples give, `[samples, members]`.
private func rawScores(_ count: Int) -> [Float] {
    var generator = SeededGenerator(seed: 1)
    return (0..<count).map { _ in Float(-Transcendental.log(1 - generator.uniform())) }
}

private func registerScores(_ name: String, _ set: DetectorSet, _ memory: ScoreMemory) {
    struct State {
        var calibration: ScoreCalibration
        let raw: [[Float]]
        let feeds = [Bool](repeating: true, count: DetectorKind.count)

        mutating func take(_ sample: Int) {
            calibration.judge(raw[sample & (raw.count - 1)])
            calibration.learn(feedsFast: true, feedsSlow: true, feeds: feeds)
        }
    }
    measure("calibration: both clocks, set of `\(name)` [sample]", .none) {
        let count = DetectorKind.count
        let drawn = rawScores(samples * count)
        let rows = (0..<samples).map { Array(drawn[($0 * count)..<(($0 + 1) * count)]) }
        var state = State(calibration: SeriesMonitor.calibration(of: set, memory: memory), raw: rows)
        for sample in 0..<warmUp { state.take(sample) }
        return state
    } run: { state in
        for sample in 0..<samples { state.take(sample) }
        return Amount(units: samples)
    }
}

private func registerCalibrator() {
    struct State {
        var calibrator = TailCalibrator(length: DetectionRecipe.slowCalibrationLength)
        let scores = rawScores(samples).map { TailCalibrator.transformed($0) }

        mutating func take(_ sample: Int) -> Double {
            let score = scores[sample & (scores.count - 1)]
            let evidence = calibrator.evidence(score)
            calibrator.push(score)
            return evidence
        }
    }
    measure("calibration: one tail of 8,192 scores [sample]", .none) {
        var state = State()
        for sample in 0..<warmUp { _ = state.take(sample) }
        return state
    } run: { state in
        for sample in 0..<samples { _ = state.take(sample) }
        return Amount(units: samples)
    }
}

private func registerThreshold() {
    struct State {
        var threshold = BlockMaximaThreshold(prior: DetectionRecipe.eventPrior(of: .full))
        let evidence = rawScores(samples).map { Double($0) / 2.302585092994046 }

        mutating func take(_ sample: Int) -> Double {
            let seen = evidence[sample & (evidence.count - 1)]
            let limit = threshold.threshold(rate: 1.0 / 604_800)
            threshold.push(seen, censoredAbove: limit)
            return threshold.score(seen)
        }
    }
    measure("calibration: threshold of 400 block maxima [sample]", .none) {
        var state = State()
        // Twice what it remembers.
        for sample in 0..<(800 * BlockMaximaThreshold.blockLength) { _ = state.take(sample) }
        return state
    } run: { state in
        for sample in 0..<samples { _ = state.take(sample) }
        return Amount(units: samples)
    }
}
