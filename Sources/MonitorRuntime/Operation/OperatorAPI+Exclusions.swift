import Alerting
import FoundationEssentials
import StatusServer
import TimeSeries

/// What a series is not to learn from.
extension OperatorAPI {
    private struct Wish: Decodable {
        var series: String
        var from: String
        var to: String
        var stream: String?
    }

    func exclude(_ request: HTTPRequest) async -> HTTPResponse {
        guard let wish = try? JSONDecoder().decode(Wish.self, from: Data(request.body)),
            let from = Timestamp(rfc3339: wish.from), let until = Timestamp(rfc3339: wish.to), from < until
        else {
            return Self.failure(
                "expected {\"series\": NAME, \"from\": TIME, \"to\": a later TIME}, as 2026-03-15T08:00:00Z",
                status: 400)
        }
        let outcome: ExclusionOutcome
        do {
            outcome = try await streams.exclude(
                Exclusion(from: from, until: until), series: wish.series, stream: wish.stream, store: store,
                snapshots: snapshots, history: history)
        } catch {
            return Self.failure("\(error)", status: 500)
        }
        guard case .excluded(let excluded) = outcome else {
            return Self.failure("no series \(wish.series)", status: 404)
        }
        return .json(
            Self.text(
                .list(
                    excluded.map { one in
                        .object([
                            ("stream", .text(one.stream)), ("series", .text(one.series)),
                            ("samples_learned_again", .integer(one.learned)),
                            ("snapshot", one.snapshot.map { .text($0) }),
                            ("was_learned_from", .boolean(one.isPast)),
                        ])
                    })))
    }
}
