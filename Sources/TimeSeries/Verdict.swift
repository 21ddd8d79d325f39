/// What becomes of a new level or behaviour that stays: `adapt`.
public enum Adaptation: String, CaseIterable, Sendable {
    /// After a while it is taken for the usual one.
    case auto
    /// It stays unusual until somebody accepts it.
    case ask
    /// It stays unusual until the series returns.
    case off
}

/// How far a series has come with its learning.
public struct LearningState: Equatable, Sendable {
    /// Samples learned from so far.
    public var learnedSamples: UInt64
    /// Samples after which the networks vote.
    public var neededSamples: UInt64
    /// Seconds of event time between the first sample and this one.
    public var learnedSeconds: Double
    /// Seconds of event time until the networks may vote, at the least: what is abnormal is not learned.
    public var secondsUntilVote = 0.0
    /// Whether the forecaster votes on this sample: it predicts the series better than the value before would.
    public var forecasterVotes = false
    /// Whether the autoencoder votes on this sample: it rebuilds the series better than its usual level would.
    public var autoencoderVotes = false
    /// Share of the way until the threshold rests on the series' own data more than on what is usual of others, 0 to 1.
    public var thresholdProgress = 0.0
    /// Seconds of event time until then.
    public var secondsUntilOwnThreshold = 0.0
    /// Samples of other series that the score rests on, of one that is too young to be held against its own past; otherwise 0.
    public var borrowedSamples: UInt64 = 0
    /// What becomes of a new level that stays.
    public var adaptation = Adaptation.auto
    /// Whether what is usual is held as it is because the series is not as usual: until it returns, or what it does now is
    /// accepted. Never under `adapt = "auto"`.
    public var isHeld = false
    /// Whether a new level or behaviour has stayed for so long that it would be the usual one, had somebody accepted it.
    public var awaitsAcceptance = false

    /// Creates a learning state.
    public init(learnedSamples: UInt64, neededSamples: UInt64, learnedSeconds: Double) {
        self.learnedSamples = learnedSamples
        self.neededSamples = neededSamples
        self.learnedSeconds = learnedSeconds
    }

    /// True until the networks vote; severity is capped at warning for so long.
    public var isLearning: Bool { learnedSamples < neededSamples }

    /// Share of the way to the first vote of the networks, 0 to 1.
    public var progress: Double {
        neededSamples == 0 ? 1 : min(1, Double(learnedSamples) / Double(neededSamples))
    }
}

/// What the detectors say of one sample: the part that every sample has.
///
/// Expected values, bands and contributions are worked out only for the samples that are told about, see
/// ``Explanation``.
public struct Verdict: Equatable, Sendable {
    /// Event time of the sample.
    public var time: Timestamp
    /// Number of the sample within its series, from 0, counted over restarts.
    public var sampleNumber: UInt64
    /// −log10 of the calibrated probability that a normal sample begins something as rare as this one; `nil` until a
    /// member votes, 0 where nothing begins.
    public var score: Double?
    /// The score at which the series' alarm budget is spent: −log10(interval × budget).
    public var threshold: Double
    /// How far from normal the series is now; `nil` until a member votes.
    public var severity: Double?
    /// The state: abnormal now.
    public var isAbnormal: Bool
    /// Learning progress at this sample.
    public var learning: LearningState
    /// Whether what the series does now is taken for usual from here on: a new level or behaviour that stayed or was accepted.
    public var isNewNormal = false
    /// Whether it is so because somebody accepted it.
    public var isAccepted = false

    /// Creates a verdict.
    public init(
        time: Timestamp, sampleNumber: UInt64, score: Double?, threshold: Double, severity: Double?, isAbnormal: Bool,
        learning: LearningState
    ) {
        self.time = time
        self.sampleNumber = sampleNumber
        self.score = score
        self.threshold = threshold
        self.severity = severity
        self.isAbnormal = isAbnormal
        self.learning = learning
    }

    /// Whether something begins here that is rarer than the budget allows.
    public var isEvent: Bool { (score ?? 0) >= threshold }
}

/// Why a sample was judged as it was; in the channels' own units.
public struct Explanation: Equatable, Sendable {
    /// Which way a channel left its band.
    public enum Direction: String, Equatable, Sendable {
        /// Above what was expected.
        case high
        /// Below what was expected.
        case low
    }

    /// One channel's part.
    public struct ChannelPart: Equatable, Sendable {
        /// Position among the series' channels.
        public var channel: Int
        /// The value seen; `nil` when it was missing.
        public var value: Double?
        /// The value expected before this sample was seen; `nil` when nothing was expected yet.
        public var expected: Double?
        /// Lower end of the band in which 99 % of such samples were expected.
        public var low: Double?
        /// Upper end of that band.
        public var high: Double?
        /// Share of the anomaly that this channel carries, 0 to 1; the shares of all channels add up to 1.
        public var share: Double
        /// Which way it went.
        public var direction: Direction

        /// Creates a channel's part.
        public init(
            channel: Int, value: Double?, expected: Double?, low: Double?, high: Double?, share: Double,
            direction: Direction
        ) {
            self.channel = channel
            self.value = value
            self.expected = expected
            self.low = low
            self.high = high
            self.share = share
            self.direction = direction
        }
    }

    /// One detector's part.
    public struct Vote: Equatable, Sendable {
        /// The detector's name, as `monitord detectors` lists it.
        public var name: String
        /// −log10 of the calibrated probability of its raw score.
        public var score: Double
        /// Its share of the fused evidence, 0 to 1.
        public var weight: Double

        /// Creates a vote.
        public init(name: String, score: Double, weight: Double) {
            self.name = name
            self.score = score
            self.weight = weight
        }
    }

    /// The channels, the largest share first.
    public var channels: [ChannelPart]
    /// The detectors that voted, the largest weight first.
    public var detectors: [Vote]
    /// Seconds between such samples: interval × 10^score; `nil` where no score is behind it.
    public var raritySeconds: Double?
    /// The past incident of the series that it is like; only where an incident opens, and only when one is near.
    public var similar: SimilarMoment?

    /// Creates an explanation.
    public init(
        channels: [ChannelPart], detectors: [Vote], raritySeconds: Double?, similar: SimilarMoment? = nil
    ) {
        self.channels = channels
        self.detectors = detectors
        self.raritySeconds = raritySeconds
        self.similar = similar
    }
}
