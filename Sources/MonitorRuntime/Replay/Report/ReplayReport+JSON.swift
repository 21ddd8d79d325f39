import Alerting
import Ingest
import StatusServer
import TimeSeries

extension ReplayReport {
    /// What a page says beside what was seen.
    public struct Heading: Sendable {
        /// Recordings, or the state, that were run through.
        public var madeFrom: [String]
        /// The configuration's file, in words where there is none.
        public var configuration: String
        /// The budgets as they are written: of all series together, and of each.
        public var budget: (daemon: String, series: String)
        /// What became of the lines, by name.
        public var counts: [(name: String, count: UInt64)]
        /// Figures against labels; empty without any.
        public var figures: [(name: String, value: String, note: String?)] = []
        /// What the labels name: RFC 3339 times, the series where they name one.
        public var labels: [(series: String?, from: String, until: String)] = []

        /// Creates a heading.
        public init(
            madeFrom: [String], configuration: String, budget: (daemon: String, series: String),
            counts: [(name: String, count: UInt64)]
        ) {
            self.madeFrom = madeFrom
            self.configuration = configuration
            self.budget = budget
            self.counts = counts
        }
    }

    /// Numbers that a page carries, at most, in its overviews.
    private static let mostNumbers = 600_000
    private static let mostShown = 48
    private static let channelsInChart = 3

    /// Writes one page with all of it.
    ///
    /// - Parameter path: `-` is standard output.
    /// - Throws: ``OutputError``.
    public func write(to path: String, _ heading: Heading) throws(OutputError) {
        var writer = JSONWriter()
        writer.write(json(heading))
        let file = try OutputFile(path: path)
        try file.write(PageAssets.report(of: writer.text))
        try file.flush()
    }

    func json(_ heading: Heading) -> JSONWriter.Value {
        let all = all
        let shown = Self.shown(of: all)
        let manyStreams = Set(all.names.map(\.stream)).count > 1
        let stretches = all.series.values.compactMap(\.envelope?.stretches)
        let from = stretches.compactMap(\.first?.first).min()
        let to = stretches.compactMap(\.last?.last).max()
        let series = shown.compactMap { name in
            all.series[name].map { Self.json($0, name, all.incidents, namesStream: manyStreams) }
        }
        var members: [(String, JSONWriter.Value?)] = [
            ("version", .text(Version.text)), ("made_from", .list(heading.madeFrom.map { .text($0) })),
            ("configuration", .text(heading.configuration)), ("from", from.map { .text("\($0)") } ?? .null),
            ("to", to.map { .text("\($0)") } ?? .null),
        ]
        for (name, count) in heading.counts { members.append((name, .integer(Int(clamping: count)))) }
        members += [
            ("series_count", .integer(all.names.count)), ("series_shown", .integer(shown.count)),
            (
                "budget",
                .object([("daemon", .text(heading.budget.daemon)), ("series", .text(heading.budget.series))])
            ),
            ("series", .list(series)), ("incidents", .list(all.incidents.map { Self.json($0, all.series) })),
            ("detectors", Self.detectors(of: all.incidents)), ("evaluation", Self.evaluation(heading)),
        ]
        return .object(members)
    }

    /// The series that are drawn: those with incidents first, as many as the page may carry.
    private static func shown(of all: Contents) -> [Name] {
        let told = Set(all.incidents.flatMap { $0.messages.flatMap(\.seriesNames) })
        let drawn = all.names.filter { all.series[$0]?.envelope != nil }
        let ordered = drawn.filter { told.contains($0.series) } + drawn.filter { !told.contains($0.series) }
        var numbers = 0
        return ordered.prefix(mostShown).enumerated().filter { index, name in
            guard let series = all.series[name], let envelope = series.envelope else { return false }
            numbers += envelope.stretches.count * (6 + 6 * series.channels.count)
            return index == 0 || numbers <= mostNumbers
        }.map(\.element)
    }

    private static func json(
        _ series: Series, _ name: Name, _ incidents: [Incident], namesStream: Bool
    ) -> JSONWriter.Value {
        let stretches = series.envelope?.stretches ?? []
        let own = incidents.filter { $0.messages.contains { $0.seriesNames.contains(name.series) } }
        let channels = series.channels.indices
        func column(_ number: (SeriesEnvelope.Stretch) -> JSONWriter.Value) -> JSONWriter.Value {
            .list(stretches.map(number))
        }
        return .object([
            ("name", .text(namesStream ? "\(name.series) (\(name.stream))" : name.series)),
            ("samples", .integer(series.samples)),
            ("incidents", .list(own.compactMap { $0.messages.first.map { .text($0.id) } })),
            ("channels", .list(series.channels.map(json))), ("times", column { .text("\($0.first)") }),
            ("ends", column { .text("\($0.last)") }), ("score", column { short($0.score) }),
            ("threshold", column { short($0.threshold) }),
            ("abnormal", column { short(Float($0.abnormal) / Float(max(1, $0.samples))) }),
            ("learning", column { .boolean($0.score == nil) }),
            (
                "values",
                .list(
                    channels.map { index in
                        .object([
                            ("low", column { number($0.channels[index].low) }),
                            ("high", column { number($0.channels[index].high) }),
                            ("mean", column { number($0.channels[index].mean) }),
                            ("expected", column { number($0.channels[index].band?.expected) }),
                            ("band_low", column { number($0.channels[index].band?.low) }),
                            ("band_high", column { number($0.channels[index].band?.high) }),
                        ])
                    })
            ),
        ])
    }

    private static func json(_ incident: Incident, _ series: [Name: Series]) -> JSONWriter.Value {
        .object([
            ("messages", .list(incident.messages.map(\.json))),
            (
                "chart",
                incident.chart.flatMap { chart in series[chart.name].map { json(chart, $0, incident.messages) } }
                    ?? .null
            ),
        ])
    }

    /// The samples of the channels that the incident names, else of the first ones.
    private static func json(_ chart: Chart, _ series: Series, _ messages: [AlertRecord]) -> JSONWriter.Value {
        let named = messages.first?.channels.compactMap { part in
            // Of several series that went at once, a channel is named with its series.
            series.channels.firstIndex { $0.name == part.name || "\(chart.name.series).\($0.name)" == part.name }
        }
        let channels = (named.flatMap { $0.isEmpty ? nil : $0 } ?? Array(series.channels.indices))
            .prefix(channelsInChart)
        func column(_ value: (HistorySample) -> JSONWriter.Value) -> JSONWriter.Value {
            .list(chart.samples.map(value))
        }
        return .object([
            ("series", .text(chart.name.series)), ("channels", .list(channels.map { json(series.channels[$0]) })),
            ("times", column { .text("\($0.time)") }), ("score", column { short($0.score) }),
            ("threshold", column { short($0.threshold) }), ("abnormal", column { .boolean($0.isAbnormal) }),
            (
                "values",
                .list(
                    channels.map { index in
                        .object([
                            ("value", column { number($0.channels[index].value) }),
                            ("expected", column { short($0.channels[index].expected) }),
                            ("low", column { short($0.channels[index].low) }),
                            ("high", column { short($0.channels[index].high) }),
                        ])
                    })
            ),
        ])
    }

    /// What each detector said, over the messages by which incidents were opened and in which it has a part.
    private static func detectors(of incidents: [Incident]) -> JSONWriter.Value {
        var sums: [String: (incidents: Int, leading: Int, weight: Double, score: Double)] = [:]
        for record in incidents.compactMap(\.messages.first) {
            let leading = record.detectors.max { $0.weight < $1.weight }?.name
            for part in record.detectors where part.weight > 0 {
                let sum = sums[part.name] ?? (0, 0, 0, 0)
                sums[part.name] = (
                    sum.incidents + 1, sum.leading + (part.name == leading ? 1 : 0), sum.weight + part.weight,
                    sum.score + part.score
                )
            }
        }
        return .list(
            sums.sorted { ($1.value.weight, $0.key) < ($0.value.weight, $1.key) }.map { name, sum in
                let count = Double(sum.incidents)
                return .object([
                    ("name", .text(name)), ("incidents", .integer(sum.incidents)), ("leading", .integer(sum.leading)),
                    ("weight", short(Float(sum.weight / count))), ("score", short(Float(sum.score / count))),
                ])
            })
    }

    private static func evaluation(_ heading: Heading) -> JSONWriter.Value {
        guard !heading.figures.isEmpty else { return .null }
        return .object([
            (
                "rows",
                .list(
                    heading.figures.map { figure in
                        .object([
                            ("name", .text(figure.name)), ("value", .text(figure.value)),
                            ("note", figure.note.map { .text($0) }),
                        ])
                    })
            ),
            (
                "labels",
                .list(
                    heading.labels.map { label in
                        .object([
                            ("series", label.series.map { .text($0) } ?? .null), ("from", .text(label.from)),
                            ("until", .text(label.until)),
                        ])
                    })
            ),
        ])
    }

    private static func json(_ channel: Channel) -> JSONWriter.Value {
        .object([("name", .text(channel.name)), ("unit", channel.unit.map { .text($0) } ?? .null)])
    }

    /// As few digits as single precision has; nothing where it is not known.
    private static func short(_ number: Float?) -> JSONWriter.Value {
        .finite(number.flatMap { Double("\($0)") }) ?? .null
    }

    private static func number(_ number: Double?) -> JSONWriter.Value { short(number.map(Float.init)) }
}
