import Alerting
import Persistence
import StatusServer

/// What people say of incidents.
extension OperatorAPI {
    func feedback(_ prefix: String, _ request: HTTPRequest) async -> HTTPResponse {
        let isReal: Bool
        switch String(decoding: request.body, as: UTF8.self) {
        case "real": isReal = true
        case "false": isReal = false
        default: return Self.failure("expected real or false", status: 400)
        }
        let messages: [AlertRecord]
        do {
            messages = try await store.history(limit: Self.mostMessages).filter { $0.id.hasPrefix(prefix) }.compactMap {
                try? AlertRecord(json: $0.payload)
            }
        } catch {
            return Self.failure("\(error)", status: 500)
        }
        guard let newest = messages.first else { return Self.failure("no incident \(prefix)", status: 404) }
        guard messages.allSatisfy({ $0.id == newest.id }) else {
            return Self.failure("\(prefix) is the beginning of several incidents", status: 409)
        }
        let before = try? await store.answers()[newest.id]
        let series = await streams.answer(isReal, series: newest.seriesNames, since: newest.since)
        guard !series.isEmpty else {
            let reason =
                before.map { "it was answered already, as \($0)" }
                ?? "it is too long ago, is of a kind without a score, or its series has the profile lean"
            return Self.failure("nothing is learned from \(newest.id): \(reason)", status: 409)
        }
        // What is learned is in the state of its series; that it was said is for people, and lost with a disk that is full.
        try? await store.keepAnswer(isReal ? "real" : "false", to: newest.id)
        return .json(
            Self.text(
                .object([
                    ("id", .text(newest.id)), ("real", .boolean(isReal)),
                    ("series", .list(series.map { .text($0) })),
                ])))
    }
}
