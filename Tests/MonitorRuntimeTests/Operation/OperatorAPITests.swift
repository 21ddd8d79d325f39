import Alerting
import AnomalyDetection
import Foundation
import Ingest
import Logging
import Persistence
import StatusServer
import TestSupport
import Testing
import TimeSeries

@testable import MonitorRuntime

/// What is answered by the port and by the control socket, asked without a socket.
@Suite struct OperatorAPITests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let token = "0123456789abcdef"

    /// Streams with some samples, and what is asked about them.
    private final class Asked {
        let table: StreamTable
        let store: StateStore
        let desk: AlertDesk
        let hub = EventHub()
        let api: OperatorAPI
        private let source = SourceConfiguration(input: .standardInput, interval: 1)
        private var decoders: [String: LineDecoder] = [:]
        private var generator = SeededGenerator(seed: 23)
        private var tick = 0

        init(keepsHistory: Bool, hasPage: Bool = true, logger: Logger) throws {
            var configuration = MonitorConfiguration(sources: [source])
            configuration.detection.allowsNetworks = false
            // Nothing is written there: who takes the history is the test.
            configuration.stateDirectory = keepsHistory ? "/nonexistent" : nil
            desk = AlertDesk(policy: AlertPolicy()) { _ in }
            table = StreamTable(
                configuration: configuration, allowance: configuration.seriesAllowance(), desk: desk, stored: [:],
                logger: logger)
            store = try StateStore(directory: nil)
            let keeper = StatusKeeper(
                streams: table, desk: desk, router: AlertRouter(sinks: [], outbox: StoredOutbox(store: store)),
                startedAt: 0)
            api = OperatorAPI(
                keeper: keeper, streams: table, store: store, snapshots: nil, history: nil,
                live: LiveEvents(hub: hub, keeper: keeper),
                pageGuard: PageGuard(token: OperatorAPITests.token), hasPage: hasPage)
        }

        /// Feeds a sample of each of some series for each of so many ticks.
        func feed(_ names: [String], ticks: Int, stream: String = "input") async throws {
            var lines = decoders[stream] == nil ? "time,series,temp [°C],flow\n" : ""
            for _ in 0..<ticks {
                for name in names {
                    lines += "\(1_767_225_600 + tick),\(name),\(60 + 0.3 * normal(&generator)),\(tick)\n"
                }
                tick += 1
            }
            var batch = RecordBatch()
            batch.stream = stream
            var decoder =
                decoders[stream] ?? LineDecoder(configuration: source, seriesName: stream, admission: .atOnce)
            decoder.decode(Array(lines.utf8), into: &batch)
            decoders[stream] = decoder
            try await table.process(batch, of: source, number: 0)
        }

        /// What the history's writer does each second.
        func writeHistory() async throws {
            for taken in await table.takeHistory() where !taken.chunks.isEmpty {
                try await store.appendHistory(
                    taken.chunks, of: taken.stream, now: 0, keeping: 1e9, mostBytes: 1 << 30)
            }
        }

        func response(
            _ target: String, method: String = "GET", headers: [String: String] = ["host": "localhost:9464"],
            door: HTTPRequest.Door = .port
        ) async throws -> HTTPResponse {
            let request = HTTPRequest(
                method: method, target: target, headers: headers, door: door, localPort: door == .port ? 9_464 : nil)
            return await api.respond(to: try #require(request))
        }

        func ask(_ target: String) async throws -> [String: Any] {
            let response = try await response(target)
            guard case .bytes(let bytes) = response.body else { return [:] }
            return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        }

        /// The second channel of the samples, which counts the ticks.
        func ticks(_ target: String) async throws -> [Int] {
            let samples = try #require(try await ask(target)["samples"] as? [[String: Any]])
            return try samples.map { sample in
                let channels = try #require(sample["channels"] as? [[String: Any]])
                return try #require(channels[1]["value"] as? Int)
            }
        }
    }

    // MARK: Rights

    @Test func `the port answers by the names of this machine only, and says so to the browser`() async throws {
        let asked = try Asked(keepsHistory: false, logger: quiet)
        for target in ["/", "/page.js", "/metrics", "/healthz", "/api/v1/status", "/api/v1/events", "/api/v1/series"] {
            let answered = try await asked.response(target)
            #expect(answered.status == 200, "\(target)")
            #expect(answered.headers.contains { $0.name == "Content-Security-Policy" }, "\(target)")
            let rebound = try await asked.response(target, headers: ["host": "attacker.example:9464"])
            #expect(rebound.status == 403, "\(target)")
        }
    }

    @Test func `an act by the port wants the token, the host and no other origin`() async throws {
        let asked = try Asked(keepsHistory: false, logger: quiet)
        let target = "/api/v1/incidents/00/accept"
        let ours = ["host": "localhost:9464", "x-monitord-token": Self.token]
        // There is no such incident: it was asked.
        #expect(try await asked.response(target, method: "POST", headers: ours).status == 404)
        for (name, value) in [
            ("host", "attacker.example:9464"), ("origin", "http://attacker.example"), ("x-monitord-token", "0"),
        ] {
            let headers = ours.merging([name: value]) { $1 }
            #expect(try await asked.response(target, method: "POST", headers: headers).status == 403, "\(name)")
        }
        let bare = try await asked.response(target, method: "POST")
        #expect(bare.status == 403)
        #expect(try await asked.response(target, method: "POST", headers: [:], door: .control).status == 404)
    }

    @Test func `without a page the metrics are there and nothing is changed, token or not`() async throws {
        let asked = try Asked(keepsHistory: false, hasPage: false, logger: quiet)
        #expect(try await asked.response("/").status == 404)
        #expect(try await asked.response("/metrics").status == 200)
        let headers = ["host": "localhost:9464", "x-monitord-token": Self.token]
        let refused = try await asked.response("/api/v1/incidents/00/accept", method: "POST", headers: headers)
        #expect(refused.status == 403)
    }

    // MARK: Series

    @Test func `series are listed by attention and found by a part of their names`() async throws {
        let asked = try Asked(keepsHistory: false, logger: quiet)
        try await asked.feed(["Pump1", "Pump2", "Fan"], ticks: 300)
        let all = try await asked.ask("/api/v1/series")
        #expect(all["series_count"] as? Int == 3 && all["found"] as? Int == 3)
        let found = try await asked.ask("/api/v1/series?q=pUM&limit=1")
        #expect(found["found"] as? Int == 2 && (found["series"] as? [Any])?.count == 1)
        #expect(try await asked.ask("/api/v1/series?q=input")["found"] as? Int == 3)
        #expect(try await asked.ask("/api/v1/series?q=pumps")["found"] as? Int == 0)
        #expect(try await asked.response("/api/v1/series?limit=-1").status == 400)
    }

    @Test func `without a history the samples are kept from the first look on`() async throws {
        let asked = try Asked(keepsHistory: false, logger: quiet)
        try await asked.feed(["a", "b"], ticks: 300)
        #expect(try await asked.ticks("/api/v1/samples?series=a").isEmpty)
        try await asked.feed(["a", "b"], ticks: 50)
        #expect(try await asked.ticks("/api/v1/samples?series=a") == Array(300..<350))
        // b was not looked at, and is from now on.
        #expect(try await asked.ticks("/api/v1/samples?series=b").isEmpty)
        try await asked.feed(["a", "b"], ticks: 2_000)
        let kept = try await asked.ticks("/api/v1/samples?series=a&limit=5000")
        #expect(kept.last == 2_349 && kept == Array((2_350 - kept.count)..<2_350))
        #expect((Shard.lookedAtSamples...2 * Shard.lookedAtSamples).contains(kept.count))
        await asked.table.endOldLooks(at: ProcessUsage.now().seconds + 2 * SeriesLooks.patience)
        #expect(try await asked.ticks("/api/v1/samples?series=a").isEmpty)
    }

    @Test func `what is stored, what waits and what is collected follow each other without a gap`() async throws {
        let asked = try Asked(keepsHistory: true, logger: quiet)
        try await asked.feed(["a", "b"], ticks: 500)
        try await asked.writeHistory()
        try await asked.feed(["a", "b"], ticks: 300)
        #expect(try await asked.ticks("/api/v1/samples?series=b&limit=5000") == Array(0..<800))
        #expect(try await asked.ticks("/api/v1/samples?series=b&limit=100") == Array(700..<800))
        // Once it is looked at, what came since is in memory, also while a chunk is on its way to the disk.
        for round in 0..<40 {
            try await asked.feed(["a", "b"], ticks: 17)
            _ = await asked.table.takeHistory()
            let last = 799 + 17 * round
            let from = Timestamp(nanoseconds: Int64(1_767_225_600 + last) * 1_000_000_000)
            let since = try await asked.ticks("/api/v1/samples?series=b&from=\(from)")
            #expect(since == Array(last...last + 17), "\(since)")
        }
    }

    @Test func `a span of the history is cut out, however many rows lie above it`() async throws {
        let asked = try Asked(keepsHistory: true, logger: quiet)
        for _ in 0..<40 {
            try await asked.feed(["a", "b"], ticks: 128)
            try await asked.writeHistory()
        }
        let (from, to) = (1_767_225_600 + 200, 1_767_225_600 + 310)
        let span = [from, to].map { Timestamp(nanoseconds: Int64($0) * 1_000_000_000) }
        let found = try await asked.ticks("/api/v1/samples?series=a&from=\(span[0])&to=\(span[1])")
        #expect(found == Array(200...310))
        let scores = try #require(try await asked.ask("/api/v1/series?q=a")["series"] as? [[String: Any]])
        #expect((scores.first?["last_scores"] as? [Any])?.count == 120)
    }

    @Test func `samples tell their bands and scores, and a name may hold anything`() async throws {
        let asked = try Asked(keepsHistory: true, logger: quiet)
        let name = "/../a b%&?#ü"
        try await asked.feed([name], ticks: 300)
        let answer = try await asked.ask("/api/v1/samples?stream=input&series=\(HTTPRequest.encoded(name))")
        #expect(answer["series"] as? String == name && answer["stream"] as? String == "input")
        let channels = try #require(answer["channels"] as? [[String: Any]])
        #expect(channels[0]["name"] as? String == "temp" && channels[0]["unit"] as? String == "°C")
        let last = try #require((answer["samples"] as? [[String: Any]])?.last)
        let value = try #require((last["channels"] as? [[String: Any]])?[0] as? [String: Double])
        let (low, expected, high) = (value["low"] ?? .nan, value["expected"] ?? .nan, value["high"] ?? .nan)
        #expect(low < expected && expected < high && (58...60).contains(low) && (60...62).contains(high), "\(value)")
        #expect(last["score"] is Double && last["threshold"] is Double && last["severity"] is Double)
    }

    @Test func `what cannot be answered says why`() async throws {
        let asked = try Asked(keepsHistory: false, logger: quiet)
        try await asked.feed(["a"], ticks: 5)
        try await asked.feed(["a"], ticks: 5, stream: "other")
        for (query, status) in [
            ("", 400), ("series=b", 404), ("series=a", 409), ("series=a&stream=none", 404),
            ("series=a&stream=other", 200),
            ("series=a&stream=other&limit=x", 400), ("series=a&stream=other&from=yesterday", 400),
        ] {
            #expect(try await asked.response("/api/v1/samples?\(query)").status == status, "\(query)")
        }
    }

    // MARK: News

    @Test func `who listens is told how it stands at once, and alerts when they come`() async throws {
        let asked = try Asked(keepsHistory: false, logger: quiet)
        try await asked.feed(["a"], ticks: 5)
        let response = try await asked.response("/api/v1/events")
        #expect(response.contentType == "text/event-stream")
        guard case .stream(let events) = response.body else { throw CancellationError() }
        asked.hub.tell(EventHub.event("alert", "{}"))
        var heard: [String] = []
        for await text in events {
            heard.append(text)
            if heard.count == 3 { break }
        }
        #expect(heard[0].hasPrefix("retry: "))
        #expect(heard[1].hasPrefix("event: status\ndata: {") && heard[1].contains("\"series_count\":1"))
        #expect(heard[2] == "event: alert\ndata: {}\n\n")
        guard case .bytes(let none) = try await asked.response("/api/v1/events", method: "HEAD").body else {
            throw CancellationError()
        }
        #expect(none.isEmpty)
    }

    @Test func `series that nobody has asked for lately are forgotten, and too many at once`() {
        var looks = SeriesLooks()
        func name(_ number: Int) -> SeriesName { SeriesName(stream: "s", series: "\(number)") }
        for number in 0..<SeriesLooks.most { #expect(looks.note(name(number), at: Double(number)) == nil) }
        #expect(looks.note(name(0), at: 20) == nil)
        #expect(looks.note(name(99), at: 21) == name(1))
        #expect(looks.expire(at: 2 + SeriesLooks.patience + 0.5) == [name(2)])
        #expect(Set(looks.expire(at: 1_000)).count == SeriesLooks.most - 1)
        #expect(looks.expire(at: 2_000).isEmpty)
    }
}
