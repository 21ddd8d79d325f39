import Testing

@testable import MonitorRuntime

@Suite struct RuleWatchTests {
    private let rules = [SeriesRule(pattern: "pump*"), SeriesRule(pattern: "fna*"), SeriesRule(pattern: "late")]

    @Test func `a rule that matches no series is told once, with series that there are`() {
        var watch = RuleWatch(rules: rules)
        #expect(watch.observe(stream: "a", names: ["pump1"], lines: 5_000).isEmpty)
        #expect(watch.observe(stream: "b", names: ["fan1", "late"], lines: 4_999).isEmpty)
        #expect(
            watch.observe(stream: "a", names: ["pump1", "pump2"], lines: 1) == [
                #"the rule [series."fna*"] matches no series after 10000 lines; there are pump1, fan1, late, pump2"#
            ])
        #expect(watch.observe(stream: "a", names: ["pump1", "pump2"], lines: 1_000_000).isEmpty)
    }

    @Test func `rules that match say nothing`() {
        var watch = RuleWatch(rules: Array(rules.prefix(1)))
        #expect(watch.observe(stream: "a", names: ["pump1"], lines: 1_000_000).isEmpty)
    }

    @Test func `of many series some are named`() {
        var watch = RuleWatch(rules: [SeriesRule(pattern: "x")])
        let told = watch.observe(stream: "a", names: (0..<100).map { "s\($0)" }, lines: 10_000)
        #expect(
            told == ["the rule [series.\"x\"] matches no series after 10000 lines; there are s0, s1, s2, s3, s4, …"])
    }
}
