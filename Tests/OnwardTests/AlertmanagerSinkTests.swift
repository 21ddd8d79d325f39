import Alerting
import Foundation
import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import Onward

/// A real Alertmanager.
@Suite(.enabled(if: Alertmanager.isExpected, "\(Alertmanager.absence)"), .serialized)
struct AlertmanagerSinkTests {
    private static func now() -> Timestamp {
        Timestamp(nanoseconds: Int64(Date.now.timeIntervalSince1970 * 1e9))
    }

    private func sink(_ alertmanager: Alertmanager, resend: Double = 60) throws -> any AlertSink {
        var configuration = try OnwardTests.alertmanager(alertmanager.address)
        configuration.labels = ["site": "north"]
        configuration.resendSeconds = resend
        return try configuration.makeSink(page: "http://127.0.0.1:9464/") {
            EmissionStamp(host: "gw7", version: "1.2.3", emitted: Self.now())
        }
    }

    private func incident(_ id: String, _ alert: Alertmanager.Alert) -> Bool {
        alert.labels["incident"]?.hasSuffix(id) == true
    }

    @Test func `an incident is shown, rises, and is resolved, and people hear of each`() async throws {
        let alertmanager = try await Alertmanager()
        let sink = try sink(alertmanager)
        let since = Self.now().advanced(bySeconds: -30)
        try await sink.deliver(record(since: since))
        try await sink.deliver(record("bb", series: "pump4", since: since))
        let open = try await alertmanager.alerts { $0.count == 2 }
        let first = try #require(open.first { incident("aa", $0) })
        #expect(
            first.labels == [
                "alertname": "MonitordAnomaly", "severity": "warning", "kind": "anomaly", "series": "pump3",
                "instance": "gw7", "incident": "00000000000000aa", "site": "north",
            ])
        #expect(first.annotations["summary"] == record().message && first.generator == "http://127.0.0.1:9464/")
        #expect(first.startsAt.prefix(19) == since.description.prefix(19))

        try await sink.deliver(record(seq: 1, event: .update, severity: .critical, since: since))
        let risen = try await alertmanager.alerts { $0.contains { $0.labels["severity"] == "critical" } }
        #expect(risen.filter { incident("aa", $0) }.map { $0.labels["severity"] } == ["critical"])

        try await sink.deliver(record(seq: 2, event: .close, severity: .critical, since: since, until: Self.now()))
        let left = try await alertmanager.alerts { !$0.contains { incident("aa", $0) } }
        #expect(left.count == 1 && incident("bb", left[0]))

        let told = try await alertmanager.notifications.requests.wait { requests in
            Alertmanager.told(requests).contains { $0.labels["severity"] == "critical" && $0.status == "resolved" }
        }
        let aboutFirst = Alertmanager.told(told).filter { $0.labels["series"] == "pump3" }
        let words = aboutFirst.map { "\($0.labels["severity"] ?? "") \($0.status)" }
        for word in ["warning firing", "warning resolved", "critical firing", "critical resolved"] {
            #expect(words.filter { $0 == word }.count == 1, "\(words)")
        }
    }

    /// Runs a router with what is open; a tick of its timer is a step of the test's.
    private func running(
        _ router: AlertRouter, open: [String], _ body: () async throws -> Void
    ) async throws {
        await router.setOpenIncidents { open.map { String(repeating: "0", count: 14) + $0 } }
        let run = Task { await router.run() }
        try await body()
        run.cancel()
        await run.value
    }

    @Test func `what is open is told again to one that was started anew, and to one that had resolved it`() async throws
    {
        let alertmanager = try await Alertmanager(resolveTimeout: "2s")
        let outbox = MemoryOutbox()
        let sink = try sink(alertmanager, resend: 0.5)
        let since = Self.now().advanced(bySeconds: -30)
        try await outbox.append(
            [
                record("aa", since: since), record("bb", since: since), record("cc", since: since),
                record("cc", seq: 1, event: .close, since: since, until: Self.now()),
                record("dd", since: since), record("dd", seq: 1, event: .update, severity: .critical, since: since),
            ].map { OutboxMessage($0) })
        // A run before this one had told it all of that.
        try await outbox.acknowledge(sink: sink.name, upTo: 6)
        let router = AlertRouter(sinks: [sink], outbox: outbox)
        // bb is open by no policy any more; cc is, by one that was set back, and its end was told.
        try await running(router, open: ["aa", "cc", "dd"]) {
            func isRight(_ alerts: [Alertmanager.Alert]) -> Bool {
                Set(alerts.map { "\($0.labels["incident"]?.suffix(2) ?? "") \($0.labels["severity"] ?? "")" })
                    == ["aa warning", "dd critical"]
            }
            #expect(isRight(try await alertmanager.alerts(until: isRight)))
            // Longer than it takes to resolve what it does not hear of: both are there at the end as at the beginning.
            let firing = try await alertmanager.notifications.requests.wait { Alertmanager.told($0).count >= 2 }
            #expect(Alertmanager.told(firing).map(\.status) == ["firing", "firing"])
            alertmanager.stop()
            try await alertmanager.start()
            #expect(isRight(try await alertmanager.alerts(until: isRight)))
        }
        // Nobody tells of them any more: Alertmanager resolves them by itself.
        let told = try await alertmanager.notifications.requests.wait { requests in
            Alertmanager.told(requests).filter { $0.status == "resolved" }.count >= 2
        }
        #expect(Alertmanager.told(told).filter { $0.status == "resolved" }.count == 2)
        #expect(await router.status[0].delivered == 0)
    }

    @Test func `an end is not followed by another telling that it is open`() async throws {
        let alertmanager = try await Alertmanager()
        let outbox = MemoryOutbox()
        let sink = try sink(alertmanager)
        let ticks = AsyncStream.makeStream(of: Void.self)
        let router = AlertRouter(
            sinks: [sink], outbox: outbox,
            sleep: { _ in
                for await _ in ticks.stream { return }
                throw CancellationError()
            })
        let since = Self.now().advanced(bySeconds: -30)
        try await running(router, open: ["aa"]) {
            try await router.submit([record(since: since)])
            #expect(try await alertmanager.alerts { $0.count == 1 }.count == 1)
            // The policy still says that it is open, as one that is set back does.
            try await router.submit([record(seq: 1, event: .close, since: since, until: Self.now())])
            #expect(try await alertmanager.alerts { $0.isEmpty }.isEmpty)
            ticks.continuation.yield()
            try await router.submit([record("bb", since: since)])
            let left = try await alertmanager.alerts { $0.contains { incident("bb", $0) } }
            #expect(left.count == 1)
        }
        ticks.continuation.finish()
    }
}
