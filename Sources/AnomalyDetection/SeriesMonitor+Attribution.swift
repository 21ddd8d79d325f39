import TimeSeries

/// How the members' scores of a sample that is told about divide among the channels, worked out before it was learned.
struct Attribution: Equatable, Sendable {
    /// Number of the sample.
    var sampleNumber: UInt64
    /// Parts of the channels, 0 or more, by number of the ``DetectorKind``, `[d]`; empty where the detector's own
    /// ``Detector/contributions(into:)`` say it better.
    var parts: [[Double]]
}

/// Contributions that are found by scoring once more.
extension SeriesMonitor {
    /// Divides the scores of the sample in hand, which is judged and not learned yet.
    ///
    /// Only those of members that cannot say it exactly, see ``DetectorKind/isOccluded``. A channel is put at its usual value,
    /// not at its forecast: in a drift the forecast follows the fault, and to put a channel there takes nothing away.
    ///
    /// - Returns: `nil` where there is nothing to divide: a single channel, or members that say it themselves.
    /// - Complexity: channels + 1 scores of each such member for occlusion, 32 × channels for Shapley values, channels
    ///   counting up to 64; allocates. Of 8 channels and the usual members about 25 µs and 0.25 ms, of 38 channels 60 µs and
    ///   1.6 ms, of 128 channels 0.3 ms and 6.5 ms; with every detector there is 80 µs and 2 ms at 8 channels, 1 ms and 50 ms
    ///   at 128.
    func attribution(
        of verdict: Verdict, models: GroupModels, scratch: inout ScoringScratch
    ) -> Attribution? {
        guard channelCount > 1, frame.presentCount > 0 else { return nil }
        let weights = voteWeights(score: verdict.score)
        let kinds = bank.kinds.filter { weights[$0.rawValue] > 0 && $0.isOccluded }
        guard !kinds.isEmpty else { return nil }
        var counterfactual = CounterfactualScores(
            kinds.compactMap { bank[$0] },
            networks: kinds.contains { $0.usesReconstruction } ? networks : nil, frame: frame, location: location)
        let players = counterfactual.players
        func score(_ isAside: [Bool], _ scores: inout [Double]) {
            counterfactual.score(isAside: isAside, models: models, scratch: &scratch, into: &scores)
        }
        let found =
            configuration.explanation == .shapley
            ? ShapleySampling.values(
                players: players.count, scores: kinds.count, seed: splitMix(seed ^ splitMix(sampleCount)), score: score)
            : Occlusion.parts(players: players.count, scores: kinds.count, score: score)
        var attribution = Attribution(
            sampleNumber: sampleCount, parts: Array(repeating: [], count: DetectorKind.count))
        for (index, kind) in kinds.enumerated() {
            var parts = Array(repeating: 0.0, count: channelCount)
            for (player, channel) in players.enumerated() { parts[channel] = max(0, found[index][player]) }
            attribution.parts[kind.rawValue] = parts
        }
        return attribution
    }
}
