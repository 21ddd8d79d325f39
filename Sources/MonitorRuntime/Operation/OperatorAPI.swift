import Alerting
import Persistence
import StatusServer
import TimeSeries

/// Answers what is asked of the running daemon: by its verbs on the control socket, by programs and the status page.
///
///     GET  /                                  the status page
///     GET  /healthz  /readyz  /metrics
///     GET  /api/v1/status?series=N            how it stands, with the N series to look at first
///     GET  /api/v1/events                     the same each second, and alerts when they are told (server-sent events)
///     GET  /api/v1/series?limit=N&q=TEXT      series to look at first, of those whose names have the text
///     GET  /api/v1/samples?stream=S&series=N  the last samples of one series, with bands and scores
///     GET  /api/v1/incidents?limit=N          the newest messages, newest first
///     GET  /api/v1/incidents/ID               all messages of one incident
///     GET  /api/v1/answers                    what people have said of incidents, by id
///     POST /api/v1/incidents/ID/accept        what its series do now is usual
///     POST /api/v1/incidents/ID/feedback      real or false, as the body: what it was
///     GET  /api/v1/silences                   those that hold
///     POST /api/v1/silences                   {"series": PATTERN, "seconds": N, "stream": NAME or absent}
///     POST /api/v1/silences/end               {"series": PATTERN}
///
///     POST /api/v1/exclusions                 {"series": NAME, "from": TIME, "to": TIME, "stream": NAME or absent}
///
/// By the port only who asks by the name of this machine is answered, and what changes something is taken with the page's
/// token only, see `PageGuard`; by the control socket, which has rights of its own, everything is.
struct OperatorAPI: HTTPHandler {
    /// Series in an answer when nobody says how many.
    static let usualSeries = 20
    private static let mostSeries = 100_000
    private static let usualMessages = 100
    static let mostMessages = 10_000

    let keeper: StatusKeeper
    let streams: StreamTable
    let store: StateStore
    /// Of the state; `nil` where it lives in memory.
    let snapshots: SnapshotFolder?
    let history: HistoryWriter?
    let live: LiveEvents
    let pageGuard: PageGuard
    /// Whether there is a status page; without it nothing is changed by the port.
    let hasPage: Bool

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard request.door == .port else { return await answer(request) }
        var response: HTTPResponse
        if let refusal = pageGuard.refusal(of: request) {
            response = Self.failure("\(refusal)", status: 403)
        } else if !hasPage, request.method == "POST" {
            response = Self.failure("this is done by the control socket", status: 403)
        } else {
            response = await answer(request)
        }
        response.headers += PageAssets.headers
        return response
    }

    private func answer(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            switch request.method {
            case "GET", "HEAD": return try await read(request)
            case "POST": return await act(request)
            default: return Self.failure("there is no \(request.method)", status: 405)
            }
        } catch {
            return Self.failure("\(error)", status: 500)
        }
    }

    private func read(_ request: HTTPRequest) async throws -> HTTPResponse {
        switch request.path {
        case ["healthz"]: return health()
        case ["readyz"]: return .text("ok\n")
        case ["metrics"]:
            let status = await keeper.status(mostSeries: 0, at: ProcessUsage.now().seconds)
            return HTTPResponse(
                contentType: MetricsText.contentType, body: .bytes(Array(MetricsText(status).text.utf8)))
        case ["api", "v1", "status"]: return await status(request)
        case ["api", "v1", "events"]: return await live.response(to: request)
        case ["api", "v1", "series"]: return await list(request)
        case ["api", "v1", "samples"]: return try await samples(request)
        case ["api", "v1", "incidents"]: return try await incidents(request)
        case ["api", "v1", "answers"]:
            let answers = try await store.answers().sorted { $0.key < $1.key }
            return .json(Self.text(.object(answers.map { ($0.key, .text($0.value)) })))
        case ["api", "v1", "silences"]:
            return .json(Self.text(.list(await streams.silences().map(\.json))))
        case let path where path.starts(with: ["api", "v1", "incidents"]) && path.count == 4:
            return try await incident(path[3])
        case let path where path.first == "api": return Self.failure("there is no such thing", status: 404)
        case let path:
            let asset = hasPage ? PageAssets.response(at: path, token: pageGuard.token) : nil
            return asset ?? .text("there is no such page\n", status: 404)
        }
    }

    private func act(_ request: HTTPRequest) async -> HTTPResponse {
        let path = request.path
        switch path.dropFirst(2) {
        case ["silences"]: return await silence(request)
        case ["exclusions"]: return await exclude(request)
        case ["silences", "end"]: return await endSilence(request)
        case let rest where rest.first == "incidents" && rest.count == 3 && rest.last == "accept":
            return await accept(path[3])
        case let rest where rest.first == "incidents" && rest.count == 3 && rest.last == "feedback":
            return await feedback(path[3], request)
        default: return Self.failure("there is no such thing", status: 404)
        }
    }

    static func failure(_ reason: String, status: Int) -> HTTPResponse {
        .json(text(.object([("error", .text(reason))])), status: status)
    }

    static func text(_ value: JSONWriter.Value) -> String {
        var writer = JSONWriter()
        writer.write(value)
        return writer.text
    }

    /// Whether the work goes on.
    private func health() -> HTTPResponse {
        let hanging = streams.work.hanging
        return hanging.isEmpty ? .text("ok\n") : .text("no progress: \(hanging.joined(separator: ", "))\n", status: 503)
    }

    private func status(_ request: HTTPRequest) async -> HTTPResponse {
        guard let most = Self.count(request.query["series"], usual: Self.usualSeries, most: Self.mostSeries) else {
            return Self.failure("series is a whole number up to \(Self.mostSeries)", status: 400)
        }
        return .json(Self.text(await keeper.status(mostSeries: most, at: ProcessUsage.now().seconds).json))
    }

    private func incidents(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let most = Self.count(request.query["limit"], usual: Self.usualMessages, most: Self.mostMessages) else {
            return Self.failure("limit is a whole number up to \(Self.mostMessages)", status: 400)
        }
        let messages = try await store.history(limit: most)
        return .json("[" + messages.map { String(decoding: $0.payload, as: UTF8.self) }.joined(separator: ",") + "]")
    }

    private func incident(_ prefix: String) async throws -> HTTPResponse {
        let messages = try await store.history(limit: Self.mostMessages).filter { $0.id.hasPrefix(prefix) }
        guard let id = messages.first?.id else { return Self.failure("no incident \(prefix)", status: 404) }
        guard messages.allSatisfy({ $0.id == id }) else {
            return Self.failure("\(prefix) is the beginning of several incidents", status: 409)
        }
        return .json(
            "[" + messages.reversed().map { String(decoding: $0.payload, as: UTF8.self) }.joined(separator: ",") + "]")
    }

    private func accept(_ prefix: String) async -> HTTPResponse {
        switch await streams.accept(incident: prefix) {
        case .accepted(let id, let series):
            try? await store.keepAnswer("accepted", to: id)
            return .json(
                Self.text(.object([("id", .text(id)), ("accepted", .list(series.map { .text($0) }))])))
        case .unknown: return Self.failure("no open incident \(prefix)", status: 404)
        case .ambiguous(let ids):
            return Self.failure("\(prefix) is the beginning of \(ids.joined(separator: ", "))", status: 409)
        case .nothingToAccept:
            return Self.failure(
                "there is nothing to accept: its series are as usual, or it is of a kind that nothing is learned from",
                status: 409)
        }
    }

    static func count(_ text: String?, usual: Int, most: Int) -> Int? {
        guard let text else { return usual }
        guard let count = Int(text), (0...most).contains(count) else { return nil }
        return count
    }
}
