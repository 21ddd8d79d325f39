import Alerting
import FoundationEssentials
import StatusServer
import TimeSeries

/// Silences that are asked for.
extension OperatorAPI {
    /// Seconds that a silence may last; a year and a day, so that nobody is silenced for good by a slip.
    static let longestSilence = 367 * 86_400.0

    private struct Wish: Decodable {
        var series: String
        var seconds: Double?
        var stream: String?
    }

    func silence(_ request: HTTPRequest) async -> HTTPResponse {
        guard let wish = Self.wish(request), let seconds = wish.seconds, (1...Self.longestSilence).contains(seconds)
        else {
            return Self.failure(
                "expected {\"series\": NAME or pattern, \"seconds\": 1 to \(Int(Self.longestSilence))}", status: 400)
        }
        switch await streams.silence(NamePattern(wish.series), stream: wish.stream, seconds: seconds) {
        case .silenced(let mutes): return .json(Self.text(.list(mutes.map(\.json))))
        case .unknown: return Self.failure("no series \(wish.series)", status: 404)
        case .tooMany:
            return Self.failure("there are \(AlertPolicy.mostMutes) silences already: end some first", status: 409)
        }
    }

    func endSilence(_ request: HTTPRequest) async -> HTTPResponse {
        guard let wish = Self.wish(request) else {
            return Self.failure("expected {\"series\": the pattern as it was given}", status: 400)
        }
        let ended = await streams.endSilence(NamePattern(wish.series))
        if ended.isEmpty { return Self.failure("no silence of \(wish.series) holds", status: 404) }
        return .json(Self.text(.list(ended.map(\.json))))
    }

    private static func wish(_ request: HTTPRequest) -> Wish? {
        let wish = try? JSONDecoder().decode(Wish.self, from: Data(request.body))
        return wish.flatMap { $0.series.isEmpty || $0.series.utf8.count > 1_000 ? nil : $0 }
    }
}

extension Mute {
    var json: JSONWriter.Value {
        .object([
            ("stream", .text(stream)), ("series", .text(pattern.text)), ("from", .text("\(from)")),
            ("until", .text("\(until)")), ("held_incidents", .integer(Int(clamping: heldIncidents))),
        ])
    }
}
