import Alerting
import Persistence
import StatusServer
import TimeSeries

/// What is answered about single series.
extension OperatorAPI {
    private static let mostListed = 1_000
    /// Scores of a series in a list.
    private static let listedScores = 120
    private static let mostScored = 50
    private static let usualSamples = 600
    private static let mostSamples = 5_000
    /// Values in an answer, of all channels.
    private static let mostValues = 200_000

    /// Series in the order in which a person wants to see them, with their last scores where there are few.
    func list(_ request: HTTPRequest) async -> HTTPResponse {
        guard let most = Self.count(request.query["limit"], usual: Self.usualSeries, most: Self.mostListed) else {
            return Self.failure("limit is a whole number up to \(Self.mostListed)", status: 400)
        }
        let all = await streams.seriesStatuses()
        let text = (request.query["q"] ?? "").lowercased()
        let found = all.filter { $0.isFound(by: text) }.sorted(by: SeriesStatus.comesFirst)
        let listed = found.prefix(most)
        let scores = await SampleReader(streams: streams, store: store).lastScores(
            of: listed.prefix(Self.mostScored).map(\.name), most: Self.listedScores)
        return .json(
            Self.text(
                .object([
                    ("series_count", .integer(all.count)), ("found", .integer(found.count)),
                    (
                        "series",
                        .list(
                            listed.map { status in
                                status.json(
                                    with: [
                                        (
                                            "last_scores",
                                            .list((scores[status.name] ?? []).compactMap { .finite(Double("\($0)")) })
                                        )
                                    ])
                            })
                    ),
                ])))
    }

    /// The last samples of a series in a span of event time.
    func samples(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let series = request.query["series"] else { return Self.failure("series is missing", status: 400) }
        guard let most = Self.count(request.query["limit"], usual: Self.usualSamples, most: Self.mostSamples) else {
            return Self.failure("limit is a whole number up to \(Self.mostSamples)", status: 400)
        }
        var span = SampleReader.Span()
        for (name, end) in [("from", \SampleReader.Span.from), ("to", \.to)] {
            guard let text = request.query[name] else { continue }
            guard let time = Timestamp(rfc3339: text) else {
                return Self.failure("\(name) is a time such as 2026-03-02T06:50:24Z", status: 400)
            }
            span[keyPath: end] = time
        }
        var stream = request.query["stream"]
        if stream == nil {
            let found = await streams.streams(having: series)
            guard found.count < 2 else {
                return Self.failure(
                    "\(series) is a series of the streams \(found.joined(separator: ", "))", status: 409)
            }
            stream = found.first
        }
        guard let stream else { return Self.failure("there is no series \(series)", status: 404) }
        let name = SeriesName(stream: stream, series: series)
        let reader = SampleReader(streams: streams, store: store)
        guard
            let channels = await streams.channelCount(of: name),
            let view = try await reader.view(
                of: name, in: span, most: min(most, Self.mostValues / max(1, channels)), at: ProcessUsage.now().seconds)
        else { return Self.failure("there is no series \(series) of the stream \(stream)", status: 404) }
        return .json(Self.text(view.json))
    }
}

extension StreamTable {
    func channelCount(of name: SeriesName) async -> Int? {
        await pipelines[name.stream]?.channels(of: name.series)?.count
    }
}

extension SeriesStatus {
    var name: SeriesName { SeriesName(stream: stream, series: series) }

    /// Whether the names have a text, which is in lower case.
    func isFound(by text: String) -> Bool {
        func has(_ name: String) -> Bool {
            let name = name.lowercased().utf8
            return name.indices.contains { name[$0...].starts(with: text.utf8) }
        }
        return text.isEmpty || has(series) || has(stream)
    }
}

extension SeriesView {
    var json: JSONWriter.Value {
        status.json(
            with: [
                (
                    "channels",
                    .list(channels.map { .object([("name", .text($0.name)), ("unit", $0.unit.map { .text($0) })]) })
                ),
                ("samples", .list(samples.map(\.json))),
            ])
    }
}

extension HistorySample {
    fileprivate var json: JSONWriter.Value {
        .object([
            ("time", .text("\(time)")), ("score", Self.short(score)), ("threshold", Self.short(threshold)),
            ("severity", Self.short(severity)), ("abnormal", isAbnormal ? .boolean(true) : nil),
            (
                "channels",
                .list(
                    channels.map { channel in
                        .object([
                            ("value", .finite(channel.value)), ("expected", Self.short(channel.expected)),
                            ("low", Self.short(channel.low)), ("high", Self.short(channel.high)),
                        ])
                    })
            ),
        ])
    }

    /// As few digits as its own precision has.
    private static func short(_ number: Float?) -> JSONWriter.Value? { .finite(number.flatMap { Double("\($0)") }) }
}
