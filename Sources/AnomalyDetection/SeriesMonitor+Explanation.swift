public import TimeSeries

/// Why the last sample was judged as it was.
extension SeriesMonitor {
    /// Explains the last observed sample, in the channels' own units.
    ///
    /// **Expected value and band** come from the forecaster once it votes: its mean, and the edges that 99 % of its errors on
    /// this series stay within. Before, and without networks, from the scaler: the usual value, and the edges of its errors
    /// (see ``BandEdges``). They are as they stood before the sample. Of a channel that has only ever had a few values both
    /// are such values. Nothing is expected before the fifth value.
    /// **Shares** divide the fused evidence: each detector's weight goes to the channels by their squared residuals, and where
    /// its score has no such terms, or they smear one channel's fault over others, by how far the score falls without each
    /// channel or by Shapley values (see ``ExplanationMethod``), found when the sample was observed.
    /// Without evidence, as when a state begins without an event, the detectors of the severity weigh by theirs; and
    /// if no detector has any, the channels share by their squared distance from their usual value.
    /// **Rarity** is interval × 10^score seconds.
    ///
    /// A monitor restored from a checkpoint has no last sample until it observes one: all shares are equal then.
    ///
    /// - Complexity: about 10 µs; allocates; called for the samples that are told about only.
    public func explain() -> Explanation {
        let weights = voteWeights(score: last?.score)
        let shares = channelShares(weights)
        let parts = (0..<channelCount).map { part(of: $0, share: shares[$0]) }
        let detectors = bank.kinds.filter { votes[$0.rawValue] }.map {
            Explanation.Vote(
                name: $0.name,
                score: max(calibration.fastEvidence[$0.rawValue], calibration.slowEvidence[$0.rawValue]),
                weight: weights[$0.rawValue])
        }
        // Ties keep the order of the channels and of the detectors: sorted(by:) is stable.
        return Explanation(
            channels: parts.sorted { $0.share > $1.share }, detectors: detectors.sorted { $0.weight > $1.weight },
            raritySeconds: interval * Transcendental.exp10(last?.score ?? 0))
    }

    /// Whether the evidence of the last observed sample is the stuck detector's: more than all others have together.
    public var isStuckEvidence: Bool {
        let evidence = calibration.fastEvidence
        return EvidenceFusion.stuck(evidence, votes: votes) > fusion.strongestAspects(evidence, votes: votes)
    }

    /// Each member's weight in what is told of a sample, adding up to 1; all 0 without evidence.
    func voteWeights(score: Double?) -> [Double] {
        if let score, score > 0 {
            return fusion.weights(calibration.fastEvidence, votes: votes)
        }
        var weights = Array(repeating: 0.0, count: DetectorKind.count)
        var total = 0.0
        for member in severityMembers where votes[member.rawValue] {
            weights[member.rawValue] += calibration.slowEvidence[member.rawValue]
            total += calibration.slowEvidence[member.rawValue]
        }
        guard total > 0 else { return weights }
        return weights.map { $0 / total }
    }

    /// Each channel's share, adding up to 1.
    private func channelShares(_ weights: [Double]) -> [Double] {
        var shares = Array(repeating: 0.0, count: channelCount)
        var parts = shares
        let known = attribution.flatMap { $0.sampleNumber == last?.sampleNumber ? $0 : nil }
        for kind in bank.kinds where weights[kind.rawValue] > 0 {
            if let known, let found = known.parts[kind.rawValue].nonZero {
                parts = found
            } else {
                bank[kind]?.contributions(into: &parts)
            }
            let sum = parts.reduce(0, +)
            guard sum > 0, sum.isFinite else { continue }
            for index in 0..<channelCount { shares[index] += weights[kind.rawValue] * parts[index] / sum }
        }
        var total = shares.reduce(0, +)
        if total <= 0 {
            for index in 0..<channelCount where frame.isPresent[index] {
                shares[index] = Double(frame.scaled[index]) * Double(frame.scaled[index])
            }
            total = shares.reduce(0, +)
        }
        guard total > 0 else { return Array(repeating: 1 / Double(channelCount), count: channelCount) }
        return shares.map { $0 / total }
    }

    private func part(of channel: Int, share: Double) -> Explanation.ChannelPart {
        let value = frame.isPresent[channel] ? frame.values[channel] : nil
        let band = expectation(of: channel)
        let middle = band?.expected ?? location[channel]
        return Explanation.ChannelPart(
            channel: channel, value: value, expected: band?.expected, low: band?.low, high: band?.high, share: share,
            direction: (value ?? middle) < middle ? .low : .high)
    }

    /// What a channel was expected to be at the last sample, and the ends of its band; `nil` when nothing was expected.
    ///
    /// - Complexity: constant; allocates nothing.
    public func expectedBand(of channel: Int) -> (expected: Double, low: Double, high: Double)? {
        expectation(of: channel).map { ($0.expected, $0.low, $0.high) }
    }

    private func expectation(of channel: Int) -> ChannelExpectation? {
        guard last != nil, frame.isScaled[channel] else { return nil }
        return bands.expectation(channel: channel, location: location[channel], scale: frame.scale[channel])
    }
}

extension [Double] {
    /// The numbers, when any is above 0: a score that no single channel lowers has to be divided otherwise.
    fileprivate var nonZero: [Double]? { contains { $0 > 0 } ? self : nil }
}
