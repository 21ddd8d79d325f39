/// Which problems that go on and on are mentioned when: each at most once a minute, and then less and less often.
///
/// A library tells of a broker that is away each second, in words that differ in a number: those are one problem.
struct RecurringProblems {
    private struct Mention {
        var time: Double
        /// Seconds until the next one.
        var pause: Double
        /// Whether all was well since.
        var isOver = false
    }

    private var mentions: [String: Mention] = [:]
    private static let shortestPause = 60.0
    private static let longestPause = 900.0
    /// Problems that are told apart; of more the oldest is forgotten.
    private static let most = 32

    /// Notes that a problem is there.
    ///
    /// - Parameter time: seconds of a clock that does not go back.
    /// - Returns: whether it is to be mentioned now.
    mutating func note(_ text: String, at time: Double) -> Bool {
        let key = Self.key(text)
        guard let last = mentions[key] else {
            if mentions.count >= Self.most, let oldest = mentions.min(by: { $0.value.time < $1.value.time }) {
                mentions[oldest.key] = nil
            }
            mentions[key] = Mention(time: time, pause: Self.shortestPause)
            return true
        }
        guard time - last.time >= last.pause else { return false }
        // What was not there for long is new, too.
        let isNew = last.isOver || time - last.time >= 2 * Self.longestPause
        mentions[key] = Mention(time: time, pause: isNew ? Self.shortestPause : min(2 * last.pause, Self.longestPause))
        return true
    }

    /// All is well: what comes back is mentioned within a minute again.
    mutating func end() {
        for key in mentions.keys {
            mentions[key] = Mention(time: mentions[key]?.time ?? 0, pause: Self.shortestPause, isOver: true)
        }
    }

    /// The text without its numbers, and without what librdkafka adds of how long it took and how often it was so.
    private static func key(_ text: String) -> String {
        let begin = text.firstRange(of: " (after ").map { text[..<$0.lowerBound] } ?? text[...]
        return begin.filter { !$0.isNumber }
    }
}
