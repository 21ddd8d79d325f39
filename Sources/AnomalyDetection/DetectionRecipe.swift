/// The constants of the method in one place.
///
/// They come from a study on injected anomalies (many backgrounds, thousands of events) and public benchmarks, not from
/// theory, and they belong together: the level of the gate and the warm-up of the slow calibration, for one, cannot be
/// moved apart. Constants that a single type uses alone stand in that type.
enum DetectionRecipe {
    // MARK: When what begins, in samples of the series

    /// Samples before a scaled value is anything but 0.
    static let firstScaledSample = 5
    /// From here the fast calibration is fed: the first scores come from an unsettled scaler and would fill its tail.
    static let firstFastCalibrationSample: UInt64 = 100
    /// From here the networks vote; before, the means run over the other members.
    static let firstNetworkVote: UInt64 = 150
    /// From here the state is judged and the gate may close.
    static let firstStateSample: UInt64 = 150
    /// From here events are scored.
    static let firstEventSample: UInt64 = 200

    /// From so many samples on a detector votes that joined a series already known.
    static let firstVoteOfNewcomer: UInt64 = 200

    /// Samples learned from which on a usual level is held to under `adapt = "ask"` and `"off"`.
    static let firstHeldSample: UInt64 = 600
    /// Samples behind an event within which a closed gate holds what was learned.
    static let eventHoldSamples: UInt64 = 120

    // MARK: Calibration

    /// Scores that the fast calibration remembers; it is fed by every sample and re-normalises in minutes.
    static let fastCalibrationLength = 2_048
    /// Scores that the slow calibration remembers; it is not fed while the series is abnormal.
    static let slowCalibrationLength = 8_192
    /// At this sample the oldest slow scores are dropped.
    static let slowDropSample: UInt64 = 300
    /// How many: those of the unsettled scaler.
    static let droppedSlowScores = 60
    /// Least tail scale of the stuck detector's calibration.
    static let stuckSmallestScale = 0.1
    /// Belief in the tail scale of the range's scores, and its worth in scores.
    static let rangeTailScale = 0.3
    /// See ``rangeTailScale``.
    static let rangeTailWeight = 2.0
    /// Last scores that a re-baseline puts into the slow calibration.
    static let rebaselineScores = 256

    // MARK: Fusion

    /// The strongest aspects that count.
    static let countedAspects = 4
    /// Weight of the stuck detector against the fused aspects; the larger of the two is the evidence.
    static let stuckWeight = 0.4
    /// Members of the state, each capped at ``stateCap``.
    static let stateMembers: [DetectorKind] = [.forecast, .slowShift, .reconstruction]
    /// Without networks: what is left, which is weaker but not silent.
    static let stateMembersWithoutNetworks: [DetectorKind] = [.level, .slowShift, .correlation]
    /// Cap of a member's evidence in the state.
    static let stateCap = 2.0
    /// Members whose evidence says that the series is away from usual at this moment (``StateCondition``), each capped at
    /// ``stateCap``. A set without any of them does without.
    static let departureMembers: [DetectorKind] = [.level, .reconstruction]
    /// Members of the severity. The level counts three times: of all members it tells best how far from usual a sample is, on
    /// injected anomalies as on recorded ones.
    static let severityMembers: [DetectorKind] = [
        .level, .level, .level, .shift, .slowShift, .correlation, .forecast, .reconstruction, .reconstructionWindow,
    ]
    /// Cap of the mean evidence in the severity.
    static let severityCap = 10.0
    /// Rate of the state's running mean.
    static let stateRate = 0.15
    /// Rate of the severity's running mean.
    static let severityRate = 0.07
    /// Where state and severity start and where a re-baseline puts them: their mean on normal data.
    static let restingLevel = 0.43
    /// How much of the aspects' fast evidence the published severity adds.
    static let severityEvidenceWeight = 1.0

    // MARK: Onset and thresholds

    /// Samples back that an onset must stand above.
    static let onsetLength = 120
    /// How far above.
    static let onsetFactor = 1.1
    /// Prior of the event threshold: level, scale and their worth in blocks. The size of steps raises the fused evidence of
    /// every kind of sample; a set without it rests lower.
    static func eventPrior(of set: DetectorSet) -> BlockMaximaThreshold.Prior {
        let level = set.contains(.difference) ? 1.9 : 1.75
        return BlockMaximaThreshold.Prior(level: level, scale: 0.2, blocks: 10, isPredictive: true)
    }
    /// Normal samples exceed the fitted tail somewhat more often than it says, by the inverse of this, as measured on clean
    /// streams of many kinds (1.5 openings a week where 1 was asked for); scores are corrected by it.
    static let eventRateShare = 0.7
    /// log10 of ``eventRateShare``.
    static let eventScoreOffset = -0.1549019599857432
    /// Prior of the state threshold.
    static let statePrior = BlockMaximaThreshold.Prior(level: 0.6, scale: 0.03, blocks: 20)
    /// Limits of the state threshold; the lower one stands a little below the level at which the gate closes.
    static let stateThresholdRange = 0.8...1.9
    /// The threshold never falls below this, however slow the series and large its budget: one sample in three.
    static let lowestThreshold = 0.5

    // MARK: Networks

    /// Hidden units of the forecaster.
    static let hiddenSize = 32
    /// Missed ticks that are filled with held values; after more the windows restart.
    static let longestHold = 32

    /// Samples in the autoencoder's window.
    static func windowLength(channelCount: Int) -> Int {
        channelCount == 1 ? 32 : max(4, min(32, 128 / channelCount))
    }
}
