import Testing
import TimeSeries

@testable import Alerting

/// What is told of series that somebody has silenced, or for which maintenance is planned.
@Suite struct SilencePolicyTests {
    private let tight = AlertingConfiguration(daemonFalseAlarmsPerSecond: 1.0 / 86_400, daemonBurst: 1)

    private func policy(silencing pattern: String = "a*", until seconds: Double = 100) -> AlertPolicy {
        var policy = AlertPolicy(configuration: tight)
        silenced(pattern, &policy, from: 0, until: seconds)
        return policy
    }

    /// Asks for a silence of the plant.
    private func silence(
        _ pattern: String, _ policy: inout AlertPolicy, from begin: Double, until end: Double
    ) -> Bool {
        policy.silence(Mute(stream: "plant", pattern: NamePattern(pattern), from: at(begin), until: at(end)))
    }

    /// Asks for a silence of the plant that is to be had.
    private func silenced(_ pattern: String, _ policy: inout AlertPolicy, from begin: Double, until end: Double) {
        let isTaken = silence(pattern, &policy, from: begin, until: end)
        #expect(isTaken)
    }

    @Test func `what begins and ends in a silence is neither told nor counted, and takes no token`() {
        var policy = policy()
        let open = policy.admit([change(.open, "a1", at: 10)], at: at(10))
        #expect(open.records.isEmpty && open.isPublished == [false] && policy.heldBackIncidents == 0)
        #expect(policy.openIncidents.isEmpty && policy.mutes[0].heldIncidents == 1)
        let result1 = policy.admit([change(.close, "a1", at: 20)], at: at(20))
        #expect(result1.records.isEmpty)
        let result2 = policy.advance("plant", to: at(200))
        #expect(result2.isEmpty)
        let result3 = policy.admit([change(.open, "b", at: 210)], at: at(210))
        #expect(result3.records.map(\.event) == [.open])
    }

    @Test func `what is open still when the silence is over is told then, and closes`() throws {
        var policy = policy()
        _ = policy.admit([change(.open, "a1", at: 10)], at: at(10))
        #expect(policy.nextEndOfSilence(of: "plant") == at(100))
        let result4 = policy.advance("other", to: at(150))
        #expect(result4.isEmpty)
        let told = policy.advance("plant", to: at(150))
        let record = try #require(told.first)
        #expect(told.count == 1 && record.event == .open && record.seq == 0)
        #expect(record.since == at(10) && record.time == at(100) && record.message.hasSuffix("its silence is over."))
        #expect(policy.openIncidents == [record.id] && policy.nextEndOfSilence(of: "plant") == nil)
        let close = policy.admit([change(.close, "a1", at: 160)], at: at(160)).records
        #expect(close.map(\.event) == [.close] && close.map(\.id) == [record.id] && close.map(\.seq) == [1])
    }

    @Test func `one that rises meanwhile is told as it is when the silence is over`() {
        var policy = policy()
        _ = policy.admit([change(.open, "a1", at: 10)], at: at(10))
        let rise = change(.update, "a1", at: 20, severity: .critical, score: 9)
        let result5 = policy.admit([rise], at: at(20))
        #expect(result5.records.isEmpty)
        let told = policy.advance("plant", to: at(100))
        #expect(told.map(\.severity) == [.critical] && told.map(\.seq) == [0] && told.map(\.score) == [9])
    }

    @Test func `incidents that were open before go on being told, and other series are told at once`() {
        var policy = AlertPolicy(configuration: AlertingConfiguration(daemonFalseAlarmsPerSecond: 1, daemonBurst: 9))
        _ = policy.admit([change(.open, "a1", at: 0)], at: at(0))
        silenced("a*", &policy, from: 1, until: 100)
        let both = [change(.open, "a2", at: 10), change(.open, "b", at: 10)]
        let decision = policy.admit(both, at: at(10))
        #expect(decision.records.map(\.series) == ["b"] && decision.isPublished == [false, true])
        let result6 = policy.admit([change(.close, "a1", at: 20)], at: at(20))
        #expect(result6.records.map(\.event) == [.close])
    }

    @Test func `a silence that is ended early tells what is open`() {
        var policy = policy(until: 1_000)
        _ = policy.admit([change(.open, "a1", at: 10)], at: at(10))
        let result7 = policy.endSilence(NamePattern("a"), at: ["plant": at(50)])
        #expect(result7.isEmpty)
        let result8 = policy.endSilence(NamePattern("a*"), at: ["plant": at(50)])
        #expect(result8.count == 1)
        #expect(policy.mutes.isEmpty)
        let result9 = policy.advance("plant", to: at(51))
        #expect(result9.map(\.event) == [.open])
    }

    @Test func `planned maintenance is a silence too`() {
        var policy = AlertPolicy(configuration: tight)
        let open = change(.open, "a", at: 10, mutedUntil: at(60))
        let result10 = policy.admit([open], at: at(10))
        #expect(result10.records.isEmpty)
        let result11 = policy.advance("plant", to: at(59))
        #expect(result11.isEmpty)
        let result12 = policy.advance("plant", to: at(60))
        #expect(result12.map(\.event) == [.open])
    }

    @Test func `one that is asked for again takes the place of the first, and there is a bound`() {
        var policy = policy()
        silenced("a*", &policy, from: 5, until: 50)
        #expect(policy.mutes.map(\.until) == [at(50)])
        for number in 1..<AlertPolicy.mostMutes {
            silenced("s\(number)", &policy, from: 5, until: 50)
        }
        let isTooMany = !silence("z", &policy, from: 5, until: 50)
        #expect(isTooMany)
        // Those that are over make room.
        silenced("z", &policy, from: 50, until: 90)
        #expect(policy.mutes.count == 1)
    }

    @Test func `a restart in a silence goes on with it`() throws {
        var policy = policy()
        _ = policy.admit([change(.open, "a1", at: 10), change(.open, "b", at: 10)], at: at(10))
        var writer = StateWriter()
        policy.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try AlertPolicy(configuration: tight, from: &reader)
        #expect(reader.remaining == 0 && restored.mutes == policy.mutes)
        let told = restored.advance("plant", to: at(150))
        let same = policy.advance("plant", to: at(150))
        #expect(told == same && told.map(\.event) == [.open])
    }
}
