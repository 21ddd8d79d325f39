import Alerting
import Synchronization
import TimeSeries

/// The one line that `systemctl status` shows: how fast lines come, how many series there are, how many of them are still
/// learning, what was told last.
final class ServiceReport: Sendable {
    private struct State {
        var lastAlert: String?
        var note: String?
        var lines: UInt64 = 0
        var seconds: Double?
    }

    private let state = Mutex(State())

    /// Remembers the last alert.
    func note(_ records: [AlertRecord]) {
        guard let last = records.last else { return }
        let word = last.event == .close ? "closed" : last.severity.rawValue
        state.withLock { $0.lastAlert = "\(last.time) \(last.series) \(word)" }
    }

    /// Remembers how the last reload went; shown until the next one.
    func note(reload text: String) { state.withLock { $0.note = text } }

    private static func listed(learning: Int, awaiting: Int) -> String {
        var parts: [String] = []
        if learning > 0 { parts.append("\(learning) learning") }
        if awaiting > 0 { parts.append("\(awaiting) at a level that waits to be accepted") }
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }

    /// The line.
    ///
    /// - Parameters:
    ///   - lines: data lines since the start.
    ///   - seconds: the monotonic clock.
    ///   - learning: series that are still learning.
    ///   - awaiting: series at a new level that waits for somebody to accept it.
    ///   - skippedRounds: that were scored and not learned from, because the input came too fast.
    func line(
        lines: UInt64, series: Int, learning: Int, awaiting: Int = 0, skippedRounds: UInt64 = 0, at seconds: Double
    ) -> String {
        state.withLock { state in
            let elapsed = state.seconds.map { seconds - $0 } ?? 0
            let rate = elapsed > 0 ? Double(lines &- min(state.lines, lines)) / elapsed : 0
            state.lines = lines
            state.seconds = seconds
            let parts = [
                "\((rate * 10).rounded() / 10) lines/s",
                "\(series) series" + Self.listed(learning: learning, awaiting: awaiting),
                state.lastAlert.map { "last alert \($0)" } ?? "no alert yet",
            ]
            let skipped = skippedRounds > 0 ? ["training skipped in \(skippedRounds) rounds"] : []
            return (parts + skipped + (state.note.map { [$0] } ?? [])).joined(separator: ", ")
        }
    }
}
