import Alerting
import MonitorRuntime
import Persistence
import TimeSeries

/// The values of an incident's series around it, out of the history of a state.
struct IncidentChart {
    /// Channels that are drawn: those that had the largest parts.
    private static let mostChannels = 2
    /// What is shown before and after, in lengths of the incident, and at least in samples.
    private static let surroundings = 1.5
    private static let leastSamples = 40

    /// The drawings, or why there are none.
    let text: String

    /// Draws what is stored.
    ///
    /// - Parameters:
    ///   - account: the incident's messages.
    ///   - directory: of the state, which is only read and may be in use.
    ///   - marks: what is drawn with.
    init(of account: IncidentAccount, inState directory: String, marks: SampleChart.Marks) async throws {
        let store = try StateStore(copyOf: directory)
        let drawn = try await Self.draw(account, store, marks)
        await store.close()
        text = drawn ?? "no chart: the samples of that time are not stored (any more, or yet)"
    }

    private static func draw(
        _ account: IncidentAccount, _ store: StateStore, _ marks: SampleChart.Marks
    ) async throws -> String? {
        guard let opening = account.records.first, let newest = account.records.last,
            let told = account.records.last(where: { $0.event != .close && !$0.channels.isEmpty })
        else { return nil }
        let end = newest.until ?? newest.time
        let series = opening.series
        for stream in try await store.streamNames() {
            var length = max(1, end.seconds(since: opening.since)) * surroundings
            var samples: [HistorySample] = []
            // Widened until there is enough to see what was usual.
            for _ in 0..<12 {
                samples = try await store.samples(
                    of: stream, series: series, from: opening.since.advanced(bySeconds: -length),
                    to: end.advanced(bySeconds: length / 2))
                if samples.count(where: { $0.time < opening.since }) >= leastSamples { break }
                length *= 2
            }
            let span = min(opening.since, end)...max(opening.since, end)
            guard samples.contains(where: { span.contains($0.time) }) else { continue }
            let names = try await store.channelNames(of: stream, series: series)
            let charts = told.channels.prefix(mostChannels).compactMap { part -> String? in
                guard let place = names.firstIndex(of: part.name),
                    let chart = SampleChart(samples, channel: place, incident: span, marks: marks)
                else { return nil }
                let unit = part.unit.map { " (\($0))" } ?? ""
                return "\(series).\(part.name)\(unit)\n" + chart.lines.joined(separator: "\n")
            }
            guard !charts.isEmpty else { continue }
            return charts.joined(separator: "\n\n")
                + "\n\(marks.value) value   \(marks.band) expected band   \(marks.incident) incident   times are UTC"
        }
        return nil
    }
}
