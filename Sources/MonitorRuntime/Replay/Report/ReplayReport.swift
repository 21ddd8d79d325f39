import Alerting
import Ingest
import Persistence
import Synchronization
import TimeSeries

/// What a replay has seen, as far as one page shows it: each series in few numbers, and the samples around each incident.
///
/// What it takes is bounded, whatever the length of a recording and the number of its series.
public final class ReplayReport: Sendable {
    /// A series as incidents call it, in one stream.
    struct Name: Hashable, Sendable {
        var stream: String
        var series: String
    }

    /// One series.
    struct Series: Sendable {
        var channels: [Channel]
        var envelope: SeriesEnvelope?
        /// Its last samples, for an incident that is about to open.
        var recent: [HistorySample] = []
        var samples = 0
    }

    /// The samples around the beginning of an incident. They come after its first message, a stretch at a time.
    struct Chart: Sendable {
        let name: Name
        let since: Timestamp
        private var before: [HistorySample] = []
        private var behind: [HistorySample] = []

        init(name: Name, since: Timestamp, recent: [HistorySample]) {
            (self.name, self.since) = (name, since)
            take(recent)
        }

        var samples: [HistorySample] { before + behind }
        var isFull: Bool { behind.count >= samplesBehind }

        mutating func take(_ samples: [HistorySample]) {
            before = (before + samples.filter { $0.time < since }).suffix(samplesBefore)
            behind += samples.filter { $0.time >= since }.prefix(samplesBehind - behind.count)
        }
    }

    /// An incident with its messages.
    struct Incident: Sendable {
        var messages: [AlertRecord]
        var chart: Chart?
    }

    struct Contents: Sendable {
        /// In the order in which they were met.
        var names: [Name] = []
        var series: [Name: Series] = [:]
        var incidents: [Incident] = []
        var places: [String: Int] = [:]
        /// Incidents whose chart goes on.
        var growing: [Name: [Int]] = [:]
    }

    /// Series that are drawn as a whole, at most: the first ones.
    private static let mostEnvelopes = 300
    /// Incidents that are listed, and those of them with a chart.
    private static let mostIncidents = 1_000
    private static let mostCharts = 200
    /// Samples of a chart before the incident began, and behind.
    private static let samplesBefore = 120
    private static let samplesBehind = 240
    /// Series from which on fewer samples before are kept of each.
    private static let manySeries = 500

    private let contents = Mutex(Contents())

    /// Creates an empty report.
    public init() {}

    var all: Contents { contents.withLock { $0 } }

    /// Takes messages, before the samples of the same lines.
    func take(_ records: [AlertRecord]) {
        contents.withLock { contents in
            for record in records {
                if let place = contents.places[record.id] {
                    contents.incidents[place].messages.append(record)
                    continue
                }
                guard contents.incidents.count < Self.mostIncidents else { continue }
                contents.places[record.id] = contents.incidents.count
                var incident = Incident(messages: [record])
                // Records name no stream: of two series with one name it is the first.
                if contents.incidents.count < Self.mostCharts,
                    let name = contents.names.first(where: { $0.series == record.series })
                {
                    incident.chart = Chart(
                        name: name, since: record.since, recent: contents.series[name]?.recent ?? [])
                    contents.growing[name, default: []].append(contents.incidents.count)
                }
                contents.incidents.append(incident)
            }
        }
    }

    /// Takes samples out of the history of a stream.
    ///
    /// - Parameter pipeline: the stream's, which knows the channels.
    func take(_ collected: CollectedHistory, of pipeline: Pipeline) async {
        for chunk in collected.chunks {
            guard let samples = try? SeriesHistory.samples(of: chunk.bytes) else { continue }
            let name = Name(stream: collected.stream, series: chunk.series)
            if !contents.withLock({ $0.series[name] != nil }) {
                guard let channels = await pipeline.channels(of: chunk.series) else { continue }
                meet(name, channels)
            }
            take(samples, of: name)
        }
    }

    /// Makes a series known, so that an incident of its first samples finds it.
    private func meet(_ name: Name, _ channels: [Channel]) {
        contents.withLock { contents in
            guard contents.series[name] == nil else { return }
            contents.series[name] = Series(
                channels: channels, envelope: contents.names.count < Self.mostEnvelopes ? SeriesEnvelope() : nil)
            contents.names.append(name)
        }
    }

    private func take(_ samples: [HistorySample], of name: Name) {
        contents.withLock { contents in
            guard var series = contents.series.removeValue(forKey: name) else { return }
            let before = contents.names.count < Self.manySeries ? Self.samplesBefore : Self.samplesBefore / 4
            series.samples += samples.count
            for sample in samples where sample.channels.count == series.channels.count {
                series.envelope?.take(sample)
            }
            for place in contents.growing[name] ?? [] { contents.incidents[place].chart?.take(samples) }
            contents.growing[name]?.removeAll { contents.incidents[$0].chart?.isFull ?? true }
            series.recent = (series.recent + samples).suffix(before)
            contents.series[name] = series
        }
    }
}
