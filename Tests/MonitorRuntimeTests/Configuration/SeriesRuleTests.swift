import Alerting
import AnomalyDetection
import Testing

@testable import MonitorRuntime

@Suite struct SeriesRuleTests {
    @Test(
        arguments: [
            ("pump3", "pump3", true), ("pump3", "pump33", false), ("pump*", "pump", true), ("pump*", "pump/3", true),
            ("*3", "pump33", true), ("*3", "pump34", false), ("p*m*3", "pump mm3", true), ("p?mp", "pump", true),
            ("p?mp", "pmp", false), ("*", "", true), ("", "", true), ("", "a", false), ("**a*", "bab", true),
            ("a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaa", false), ("Pump", "pump", false), ("?", "°", true),
            ("[ab]", "a", false),
        ] as [(String, String, Bool)])
    func `a pattern matches the whole key`(pattern: String, key: String, matches: Bool) {
        #expect(SeriesRule(pattern: pattern).matches(key) == matches)
    }

    @Test func `the later rule wins key by key`() {
        let configuration = MonitorConfiguration(seriesRules: [
            SeriesRule(pattern: "pump*", falseAlarmsPerSecond: 0.5, criticalMargin: 3),
            SeriesRule(pattern: "*3", falseAlarmsPerSecond: 0.25, runbook: "three"),
        ])
        #expect(configuration.detection(forSeries: "pump3").falseAlarmsPerSecond == 0.25)
        #expect(configuration.detection(forSeries: "pump4").falseAlarmsPerSecond == 0.5)
        #expect(configuration.detection(forSeries: "fan") == configuration.detection)
        #expect(configuration.alerting(forSeries: "pump3").criticalMargin == 3)
        #expect(configuration.alerting(forSeries: "pump3").runbook == "three")
        #expect(configuration.alerting(forSeries: "fan") == configuration.alerting)
    }
}
