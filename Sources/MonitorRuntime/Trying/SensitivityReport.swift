public import TimeSeries

/// How small a fault would be found, series by series.
public struct SensitivityReport: Equatable, Sendable {
    /// What was found of one kind of fault.
    public struct Finding: Equatable, Sendable {
        /// The kind.
        public var kind: AnomalyKind
        /// The smallest size that was found, as ``AnomalyKind/sizeMeaning`` says with the channel's usual spread for its
        /// noise; `nil` when even the largest was not, or the kind has no size.
        public var size: Double?
        /// The largest size tried.
        public var largest: Double
        /// Seconds from its first sample to the incident, in the middle of the places where it was found; `nil` when not found.
        public var delay: Double?
        /// Places at which it was found.
        public var found: Int
        /// Places at which it was tried.
        public var tried: Int
        /// Seconds that it lasted at most.
        public var seconds: Double
        /// Why it was not tried.
        public var omission: String?
    }

    /// One channel.
    public struct ChannelPart: Equatable, Sendable {
        /// The channel.
        public var channel: Channel
        /// The middle value.
        public var middle: Double
        /// What of two values in three differ from it by at most.
        public var spread: Double
        /// One for each kind that was tried.
        public var findings: [Finding]
    }

    /// One series.
    public struct SeriesPart: Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Its stream, where there are several.
        public var stream: String?
        /// Its samples, those learned from and those tried in.
        public var samples: Int
        /// Seconds between two of them; `nil` when they have no times.
        public var interval: Double?
        /// When faults began, first and last.
        public var places: [Timestamp?]
        /// Whether it was still learning there.
        public var isLearning: Bool
        /// The channels.
        public var channels: [ChannelPart]
        /// The kinds that touch all channels.
        public var whole: [Finding]
        /// Why nothing was tried.
        public var omission: String?
    }

    /// The series, in order.
    public var series: [SeriesPart] = []
    /// What a reader should know besides.
    public var remarks: [String] = []
    /// Trials that were run.
    public var trials = 0
}
