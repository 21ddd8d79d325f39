public import TimeSeries

/// What the series remembers of its incidents; nothing under the profile `lean`.
extension SeriesMonitor {
    /// An incident has opened at the last observed sample: says which past one it is like, and remembers it.
    ///
    /// - Parameters:
    ///   - explanation: that of the sample, see ``explain()``.
    ///   - since: event time of the incident's onset.
    /// - Returns: `nil` when no incident remembered is near, see ``SimilarMoment``.
    public mutating func noteOpening(_ explanation: Explanation, since: Timestamp) -> SimilarMoment? {
        let similar = moments?.nearest(to: explanation)
        moments?.open(explanation, at: since)
        return similar
    }

    /// The incident has closed.
    ///
    /// - Parameters:
    ///   - lasted: seconds from its onset to the first sample that was normal again.
    ///   - becameUsual: whether it closed because what the series did was taken for usual.
    public mutating func noteClosing(lasted: Double, becameUsual: Bool) {
        moments?.close(lasted: lasted, becameUsual: becameUsual)
    }

    static func moments(_ configuration: DetectionConfiguration, channelCount: Int) -> NotableMoments? {
        configuration.profile == .full ? NotableMoments(channelCount: channelCount) : nil
    }
}
