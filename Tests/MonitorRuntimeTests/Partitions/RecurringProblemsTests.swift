import Testing

@testable import MonitorRuntime

@Suite("problems that go on") struct RecurringProblemsTests {
    private func text(_ milliseconds: Int, _ broker: String = "a:9092") -> String {
        "\(broker)/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after \(milliseconds)ms in state CONNECT"
            + (milliseconds % 3 == 0 ? ", \(milliseconds) identical error(s) suppressed)" : ")")
    }

    @Test func `a broker that is away is told of less and less often, in whatever words of how long it took`() {
        var problems = RecurringProblems()
        let told = (0..<7_200).filter { problems.note(text($0 % 5), at: Double($0)) }
        #expect(told == [0, 60, 180, 420, 900, 1_800, 2_700, 3_600, 4_500, 5_400, 6_300])
    }

    @Test func `another problem is told at once, and what comes back within a minute`() {
        var problems = RecurringProblems()
        for second in 0..<600 { _ = problems.note(text(1), at: Double(second)) }
        var told = [problems.note(text(1, "b:9092"), at: 600), problems.note(text(1), at: 600)]
        #expect(told == [true, false])
        problems.end()
        told = [601, 602, 661].map { problems.note(text(2), at: $0) }
        #expect(told == [true, false, true])
    }

    @Test func `of many problems the oldest is forgotten`() {
        var problems = RecurringProblems()
        func name(_ number: Int) -> String { String(repeating: "x", count: number + 1) }
        let told = (0..<40).map { problems.note(name($0), at: Double($0) / 100) }
        #expect(told.allSatisfy { $0 })
        let again = [39, 0].map { problems.note(name($0), at: 1) }
        #expect(again == [false, true], "the first was forgotten")
    }
}
