import Alerting
import AnomalyDetection
import Ingest
import Testing

@testable import MonitorRuntime

@Suite struct ConfigurationChangeTests {
    private func load(_ text: String) throws -> LoadedConfiguration {
        let files = ConfigurationFiles(
            read: { path throws(ConfigurationFiles.Failure) in path == "m.toml" ? Array(text.utf8) : nil },
            list: { _ throws(ConfigurationFiles.Failure) in [] })
        return try ConfigurationLoader(environment: [:], isRoot: false, files: files)
            .load(ConfigurationOverrides(file: "m.toml"))
    }

    private func change(_ old: String, _ new: String) throws -> ConfigurationChange {
        try ConfigurationChange(from: load(old), to: load(new))
    }

    @Test func `the same configuration changes nothing`() throws {
        let text = "seed = 4\n[[source]]\nfile = \"a\"\n[series.x]\nrunbook = \"y\""
        #expect(try change(text, text).isEmpty)
        #expect(try change(text, text).result.configuration == load(text).configuration)
    }

    @Test(
        arguments: [
            ("", "false_alarms = \"3/day\"", "false_alarms: 1/day -> 3/day"),
            ("commit_every = \"5min\"", "", "commit_every: 5min -> 1min"),
            ("log = \"/a\"", "log = \"none\"", "log: /a -> none"),
            ("", "log_size = \"1MiB\"", "log_size: 10MiB -> 1MiB"),
            ("", "log_age = \"1d\"", "log_age: 1week -> 1d"),
            ("", "log_total = \"1GiB\"", "log_total: 64MiB -> 1GiB"),
            ("", "log_keep = 2", "log_keep: 7 -> 2"),
            ("", "journal = false", "journal: true -> false"),
            ("", "max_series = 5", "max_series: 10000 -> 5"),
            ("max_memory = \"1GiB\"", "max_memory = \"2GiB\"", "max_memory: 1GiB -> 2GiB"),
            ("", "[defaults]\nrunbook = \"look here\"", "defaults.runbook: not set -> look here"),
            (
                "[series.\"pump*\"]\nfalse_alarms = \"1/week\"", "[series.\"pump*\"]\nfalse_alarms = \"1/day\"",
                "false_alarms of pump*: 1/week -> 1/day"
            ),
            ("", "[series.x]\ncritical_above = 3", "critical_above of x: not set -> 3"),
            ("[series.x]\ncritical_above = 3", "", "critical_above of x: 3 -> not set"),
            (
                "[[source]]\nfile = \"a\"", "[[source]]\nfile = \"a\"\n[[source]]\nudp = \"[::]:5140\"",
                "source udp [::]:5140: new"
            ),
        ] as [(String, String, String)])
    func `budgets, limits, sinks, labels and new sources are taken over`(old: String, new: String, line: String) throws
    {
        let change = try change(old, new)
        #expect(change.applied == [line])
        #expect(change.refused.isEmpty)
        #expect(try change.result.configuration == load(new).configuration)
    }

    private static let reset =
        "what was learned rests on it; stop monitord, remove its state directory, and start it again"
    private static let restart = "it takes a restart: systemctl restart monitord"

    @Test(
        arguments: [
            ("", "seed = 2", "seed: 1 -> 2 is not applied: \(reset)"),
            ("", "networks = false", "networks: true -> false is not applied: \(reset)"),
            ("", "forecaster = \"cnn\"", "forecaster: lstm -> cnn is not applied: \(restart)"),
            (
                "forecast_head = \"gaussian\"", "forecast_head = \"quantile\"",
                "forecast_head: gaussian -> quantile is not applied: \(restart)"
            ),
            ("horizon = 4", "", "horizon: 4 -> 1 is not applied: \(restart)"),
            ("state = \"/a\"", "state = \"/b\"", "state: /a -> /b is not applied: \(restart)"),
            (
                "[[source]]\nfile = \"a\"\nchannels = [\"t\"]", "[[source]]\nfile = \"a\"\nchannels = [\"t\", \"u\"]",
                "channels of source a: [\"t\"] -> [\"t\", \"u\"] is not applied: \(reset)"
            ),
            (
                "[[source]]\nfile = \"a\"\ninterval = \"1s\"", "[[source]]\nfile = \"a\"\ninterval = \"2s\"",
                "interval of source a: 1s -> 2s is not applied: \(reset)"
            ),
            (
                "[[source]]\nfile = \"a\"", "[[source]]\nfile = \"a\"\nformat = \"jsonl\"",
                "format of source a: auto -> jsonl is not applied: \(restart)"
            ),
            (
                "[[source]]\nstdin = true\n[[source]]\nfile = \"a\"", "[[source]]\nstdin = true",
                "source a is removed: it is watched until a restart: systemctl restart monitord"
            ),
        ] as [(String, String, String)])
    func `anything else is refused by name with what would apply it, and keeps its value`(
        old: String, new: String, line: String
    ) throws {
        let change = try change(old, new)
        #expect(change.refused == [line])
        #expect(change.applied.isEmpty)
        #expect(try change.result.configuration == load(old).configuration)
    }

    @Test func `what is applied and what is refused do not stand in each other's way`() throws {
        let change = try change(
            "seed = 1\n[series.a]\nrunbook = \"1\"\n[series.b]\nrunbook = \"2\"",
            "seed = 2\nlog_keep = 3\n[series.b]\nrunbook = \"2\"\n[series.c]\nrunbook = \"3\"")
        #expect(change.applied == ["log_keep: 7 -> 3", "runbook of a: 1 -> not set", "runbook of c: not set -> 3"])
        #expect(change.refused.count == 1)
        #expect(change.result.configuration.detection.seed == 1)
        #expect(change.result.configuration.alerting.logLimits.keptFiles == 3)
        #expect(change.result.configuration.seriesRules.map(\.pattern) == ["b", "c"])
        // The next reload compares with what is in force, not with what was asked for.
        let again = ConfigurationChange(from: change.result, to: try load("seed = 2\nlog_keep = 3"))
        #expect(again.refused.count == 1)
        #expect(again.result.configuration.detection.seed == 1)
    }

    @Test func `a source that is no longer alone is told that its stream will be renamed`() throws {
        func notes(_ old: String) throws -> [String] {
            try change("[[source]]\n\(old)", "[[source]]\n\(old)\n[[source]]\nfile = \"new\"").notes
        }
        #expect(
            try notes("file = \"a\"") == [
                "source a is no longer alone: from the next start on its stream has a name of its own instead of input, "
                    + "and what it learned so far stays behind"
            ])
        #expect(try notes("udp = \"[::]:5140\"").count == 1)
        #expect(try notes("file = \"*.csv\"").isEmpty)
        #expect(try notes("stdin = true").isEmpty)
    }

    @Test func `the names of what can be applied are names of keys`() {
        let series = Set(ConfigurationKeys.series.map(\.name))
        #expect(ConfigurationChange.liveGlobalKeys.isSubset(of: ConfigurationKeys.global.map(\.name)))
        #expect(ConfigurationChange.liveSeriesKeys.isSubset(of: series))
    }

    @Test func `a file that is gone is no reason to forget what it said`() throws {
        let old = try load("seed = 4")
        let reload = DaemonReload(loaded: old, requests: AsyncStream { $0.finish() }) { () throws(ConfigurationError) in
            let none = ConfigurationFiles(
                read: { _ throws(ConfigurationFiles.Failure) in nil },
                list: { _ throws(ConfigurationFiles.Failure) in [] })
            return try ConfigurationLoader(environment: [:], isRoot: false, files: none).load()
        }
        guard case .refused(let error) = reload.read(after: old) else {
            Issue.record("not refused")
            return
        }
        #expect(error.description == "cannot read m.toml: it is gone")
    }
}
