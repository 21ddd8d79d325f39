import Alerting
import AnomalyDetection
import Ingest
import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct ConfigurationLoaderTests {
    static let daemonRate =
        #"a rate such as "1/day" or "20/day", at most "1/s", above 0: with none it would tell nothing"#
    private static let standard = ConfigurationLoader.standardFile

    /// Loads from files that exist only here; a path that ends in "denied.toml" cannot be read.
    private func load(
        _ files: [String: String], environment: [String: String] = [:], isRoot: Bool = false,
        _ overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) throws(ConfigurationError) -> LoadedConfiguration {
        let access = ConfigurationFiles(
            read: { path throws(ConfigurationFiles.Failure) in
                if path.hasSuffix("denied.toml") { throw ConfigurationFiles.Failure(reason: "Permission denied") }
                return files[path].map { Array($0.utf8) }
            },
            list: { folder throws(ConfigurationFiles.Failure) in
                files.keys.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
            })
        // Whatever zone this machine is in.
        let environment = environment.merging(["TZ": "UTC"]) { own, _ in own }
        return try ConfigurationLoader(environment: environment, isRoot: isRoot, files: access).load(overrides)
    }

    private func problems(
        of text: String, environment: [String: String] = [:],
        _ overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) -> String {
        do {
            _ = try load([Self.standard: text], environment: environment, overrides)
            return "none"
        } catch {
            return error.description.replacing("/etc/monitord/", with: "")
        }
    }

    @Test func `nothing at all gives the built-in defaults`() throws {
        let loaded = try load([:])
        #expect(loaded.configuration == MonitorConfiguration())
        #expect(loaded.files.isEmpty)
    }

    @Test func `every key is taken in`() throws {
        let text = """
            false_alarms = "3/day"
            state = "/s"
            commit_every = "5min"
            log = "/l"
            log_size = "1MiB"
            log_age = "1d"
            log_keep = 3
            log_total = "9MiB"
            journal = false
            seed = 9
            [[source]]
            file = "/a/*.csv"
            format = "csv"
            timezone = "Europe/Berlin"
            time = ["date", "clock"]
            series = "machine"
            channels = ["t", "p"]
            interval = "2s"
            missing = "hold"
            counter = ["p"]
            sentinel = [-32768, 0.5]
            stalled_after = "5min"
            [[source]]
            stdin = true
            time = "ts"
            [defaults]
            false_alarms = "1/month"
            critical_above = 1.5
            runbook = "look"
            [series."b*"]
            false_alarms = 0
            [series."a*"]
            critical_above = 4
            """
        let configuration = try load([Self.standard: text]).configuration
        var expected = MonitorConfiguration(
            sources: [
                SourceConfiguration(
                    input: .file(pattern: "/a/*.csv"), format: .csv, time: ["date", "clock"], series: "machine",
                    channels: ["t", "p"], interval: 2,
                    zone: SourceZone(
                        rules: try SystemTimeZones(environment: [:]).rules(named: "Europe/Berlin"), origin: .configured),
                    conditions: SampleConditions(
                        missing: .hold, counters: ["p"], sentinels: [-32_768, 0.5], stalledAfter: 300)),
                SourceConfiguration(input: .standardInput, time: ["ts"]),
            ],
            alerting: AlertingConfiguration(
                daemonFalseAlarmsPerSecond: 3.0 / 86_400, criticalMargin: 1.5, runbook: "look", logPath: "/l",
                logLimits: RollingLogLimits(
                    bytesPerFile: 1 << 20, keptFiles: 3, totalBytes: 9 << 20, secondsPerFile: 86_400),
                writesJournal: false),
            seriesRules: [
                SeriesRule(pattern: "b*", falseAlarmsPerSecond: 0), SeriesRule(pattern: "a*", criticalMargin: 4),
            ],
            stateDirectory: "/s", commitEvery: 300)
        expected.detection.falseAlarmsPerSecond = 1.0 / 2_592_000
        expected.detection.seed = 9
        #expect(configuration == expected)
    }

    @Test func `a series that flows do not have is refused with its place where the format says that they are flows`() {
        let reason =
            #"cannot put network flows together by "sorce" (series): expected "source", "destination", "subnet", "service", "exporter" or "pair"; did you mean "source"?"#
        let text = "[[source]]\nstdin = true\nformat = \"zeek\"\nseries = \"sorce\""
        #expect(problems(of: text) == "monitord.toml:4:1: source.series: " + reason)
        #expect(problems(of: text.replacing("sorce", with: "subnet")) == "none")
        // Of other formats, and of those that are found from the lines, a series is a column.
        #expect(problems(of: text.replacing("zeek", with: "csv")) == "none")
        #expect(problems(of: text.replacing("zeek", with: "auto")) == "none")
        #expect(
            problems(
                of: text.replacing("zeek", with: "auto"), ConfigurationOverrides(file: Self.standard, format: .nfdump))
                == "monitord.toml:4:1: source.series: " + reason)
    }

    @Test func `a zone that is not there is refused with its place`() {
        #expect(
            problems(of: "[[source]]\nstdin = true\ntimezone = \"Europe/Bern\"")
                == "monitord.toml:3:1: source.timezone: cannot find the time zone Europe/Bern in /usr/share/zoneinfo")
        #expect(
            problems(
                of: "[[source]]\nstdin = true\ntimezone = \"../UTC\"",
                ConfigurationOverrides(file: Self.standard, timezone: "/etc/passwd"))
                == "flag --timezone: source.timezone: cannot use \"/etc/passwd\" as a time zone: "
                + "expected a name such as \"Europe/Berlin\" or \"UTC\"")
    }

    @Test func `without a key or a flag the zone is the machine's, and the flag stands above the key`() throws {
        let text = "[[source]]\nstdin = true\n[[source]]\nfile = \"a\"\ntimezone = \"Europe/Dublin\"\n"
        let loaded = try load([Self.standard: text], environment: ["TZ": "Europe/Berlin"])
        let zones = loaded.configuration.sources.map(\.zone)
        #expect(zones.map(\.rules.name) == ["Europe/Berlin", "Europe/Dublin"])
        #expect(zones.map(\.origin) == [.machine, .configured])
        #expect(loaded.merged.contains("# the time zone is Europe/Berlin, this machine's\n"))
        #expect(loaded.remarks.isEmpty)
        let flagged = try load([Self.standard: text], ConfigurationOverrides(timezone: "Asia/Tokyo"))
        #expect(flagged.configuration.sources.map(\.zone.rules.name) == ["Asia/Tokyo", "Asia/Tokyo"])
    }

    @Test func `a machine that names no zone is said to be at UTC`() throws {
        let loaded = try load(
            [Self.standard: "[[source]]\nstdin = true\n"], environment: ["TZ": "Middle/Earth"])
        #expect(loaded.configuration.sources.map(\.zone) == [.utc])
        #expect(loaded.remarks.count == 1)
        #expect(loaded.remarks.first?.contains("cannot find the time zone Middle/Earth") == true)
    }

    @Test func `later places override earlier ones`() throws {
        let files = [
            Self.standard: "seed = 1\nlog_keep = 1\nstate = \"one\"\ncommit_every = \"1s\"\n[[source]]\nfile = \"a\"\n",
            "/etc/monitord/conf.d/20.toml":
                "log_keep = 20\nstate = \"twenty\"\ncommit_every = \"20s\"\n[series.x]\nrunbook = \"2\"",
            "/etc/monitord/conf.d/10.toml":
                "log_keep = 10\n[[source]]\nfile = \"b\"\n[series.x]\nrunbook = \"1\"\ncritical_above = 1",
            "/etc/monitord/conf.d/.hidden.toml": "log_keep = 99",
            "/etc/monitord/conf.d/old.toml.bak": "log_keep = 99",
        ]
        let loaded = try load(
            files, environment: ["MONITORD_STATE": "environment", "MONITORD_COMMIT_EVERY": "30s"],
            ConfigurationOverrides(stateDirectory: "flag"))
        let configuration = loaded.configuration
        #expect(loaded.files == [Self.standard, "/etc/monitord/conf.d/10.toml", "/etc/monitord/conf.d/20.toml"])
        #expect(configuration.detection.seed == 1)
        #expect(configuration.alerting.logLimits.keptFiles == 20)
        #expect(configuration.commitEvery == 30)
        #expect(configuration.stateDirectory == "flag")
        #expect(configuration.sources.map(\.input) == [.file(pattern: "a"), .file(pattern: "b")])
        #expect(configuration.seriesRules == [SeriesRule(pattern: "x", criticalMargin: 1, runbook: "2")])
    }

    @Test(
        arguments: [
            ("false_alarm = \"1/day\"", #"monitord.toml:1:1: unknown key "false_alarm"; did you mean "false_alarms"?"#),
            (
                "[[source]]\nstdin = true\n  chanels = [\"a\"]",
                #"monitord.toml:3:3: unknown key "source.chanels"; did you mean "source.channels"?"#
            ),
            (
                "interval = \"1s\"",
                #"monitord.toml:1:1: unknown key "interval"; did you mean "source.interval"? It belongs below [[source]]"#
            ),
            (
                "[defaults]\nrunbock = 1\nzzzzzz = 1",
                "monitord.toml:2:1: unknown key \"defaults.runbock\"; did you mean \"defaults.runbook\"?\nmonitord.toml:3:1: unknown key \"defaults.zzzzzz\"; monitord.toml(5) has them all, and `monitord check --keys` shows them"
            ),
            (
                "[series.\"p*\"]\nfalse_alrams = \"1/day\"",
                #"monitord.toml:2:1: unknown key "series."p*".false_alrams"; did you mean "series."p*".false_alarms"?"#
            ),
            (
                "[series]\nrunbook = \"x\"",
                #"monitord.toml:2:1: unknown key "series.runbook"; did you mean "defaults.runbook"? It belongs below [defaults] or [series."pattern"]"#
            ),
            ("[sources]\nfile = \"a\"", #"monitord.toml:1:2: unknown key "sources"; did you mean "source"?"#),
            (
                "[[source]]\nstdin = true\ntimezoe = \"UTC\"",
                #"monitord.toml:3:1: unknown key "source.timezoe"; did you mean "source.timezone"?"#
            ),
            (
                "[[source]]\nstdin = true\nzzzzzz = \"UTC\"",
                #"monitord.toml:3:1: unknown key "source.zzzzzz"; monitord.toml(5) has them all, and `monitord check --keys` shows them"#
            ),
        ] as [(String, String)])
    func `an unknown key is refused with its place and the nearest known one`(text: String, problem: String) {
        #expect(problems(of: text) == problem)
    }

    @Test(
        arguments: [
            (
                "false_alarms = 3",
                #"1:1: false_alarms is 3; expected \#(daemonRate); did you mean "3/day"?"#
            ),
            (
                "false_alarms = \"daily\"",
                #"1:1: false_alarms is "daily"; expected \#(daemonRate); did you mean "1/day"?"#
            ),
            (
                "false_alarms = \"2/s\"",
                #"1:1: false_alarms is "2/s"; expected \#(daemonRate)"#
            ),
            ("false_alarms = \"0\"", #"1:1: false_alarms is "0"; expected \#(daemonRate)"#),
            (
                "[defaults]\nfalse_alarms = \"9/s\"",
                #"2:1: defaults.false_alarms is "9/s"; expected a rate such as "1/week", "3/day" or "0", at most "1/s""#
            ),
            ("state = \"\"", #"1:1: state is ""; expected a path that is not empty"#),
            (
                "commit_every = 60",
                #"1:1: commit_every is 60; expected a duration from "1s" to "1d"; did you mean "60s"?"#
            ),
            ("commit_every = \"2d\"", #"1:1: commit_every is "2d"; expected a duration from "1s" to "1d""#),
            (
                "log_size = 10485760",
                #"1:1: log_size is 10485760; expected a size from "4KiB" to "1GiB"; did you mean "10485760B"?"#
            ),
            ("log_keep = -1", "1:1: log_keep is -1; expected a whole number from 0 to 1000"),
            ("horizon = 9", "1:1: horizon is 9; expected a whole number from 1 to 8"),
            (
                "forecast_head = \"laplace\"",
                "1:1: forecast_head is \"laplace\"; expected \"student\", \"gaussian\" or \"quantile\""
            ),
            (
                "forecaster = \"mlp\"",
                "1:1: forecaster is \"mlp\"; expected \"lstm\", \"gru\", \"rnn\" or \"cnn\""
            ),
            ("log_keep = 1.5", "1:1: log_keep is 1.5; expected a whole number from 0 to 1000"),
            ("log_age = \"10s\"", #"1:1: log_age is "10s"; expected a duration from "1min" to "1year""#),
            ("log_total = 5", #"1:1: log_total is 5; expected a size from "8KiB" to "1TiB"; did you mean "5MiB"?"#),
            (
                "\nlog_size = \"40MiB\"",
                "2:1: log_size: log_total (64MiB) must be at least twice log_size (40MiB): one file is written while one is kept"
            ),
            (
                "log_total = \"10MiB\"",
                "1:1: log_total: log_total (10MiB) must be at least twice log_size (10MiB): one file is written while one is kept"
            ),
            ("journal = \"yes\"", #"1:1: journal is "yes"; expected true or false; did you mean true?"#),
            ("seed = 2026-11-21", "1:1: seed is 2026-11-21; expected a whole number from 0 to 9223372036854775807"),
            ("defaults.critical_above = nan", "1:10: defaults.critical_above is nan; expected a number from 0 to 100"),
            ("defaults = 1", "1:1: defaults is 1; expected a table"),
            (
                "source = { file = \"a\" }",
                "1:1: source is a table; expected tables that begin with [[source]], in two brackets"
            ),
            (
                "series = [1, 2, 3, 4, 5]",
                #"1:1: series is [1, 2, 3, 4, ...]; expected tables that begin with [series."pattern"], in one bracket"#
            ),
            ("source = [1]", "1:11: source is 1; expected a table"),
            ("[[source]]\nfile = 1", "2:1: source.file is 1; expected a path that is not empty"),
            (
                "[[source]]\nstdin = true\nformat = \"xml\"",
                #"3:1: source.format is "xml"; expected one of "auto", "csv", "jsonl""#
            ),
            (
                "[[source]]\nstdin = true\ntime = [\"a\", \"b\", \"c\"]",
                #"3:1: source.time is ["a", "b", "c"]; expected the name of a column, or of two: date and time of day"#
            ),
            (
                "[[source]]\nstdin = true\nchannels = [\"a\", \"a\"]",
                #"3:1: source.channels is ["a", "a"]; expected a list of one or more names of columns, each once; did you mean ["a"]?"#
            ),
            (
                "[[source]]\nstdin = true\ninterval = \"0s\"",
                #"3:1: source.interval is "0s"; expected a duration such as "1s", "5min" or "2h", up to "1year""#
            ),
            (
                "[[source]]\nstdin = true\nmissing = \"none\"",
                #"3:1: source.missing is "none"; expected one of "hold", "gap", "zero", "alarm""#
            ),
            (
                "[[source]]\nstdin = true\nsentinel = [1, \"x\"]",
                #"3:1: source.sentinel is [1, "x"]; expected a number, or a list of up to 16 numbers"#
            ),
            (
                "[[source]]\nstdin = true\nsentinel = [[1]]",
                #"3:1: source.sentinel is [[1]]; expected a number, or a list of up to 16 numbers; did you mean [1]?"#
            ),
            (
                "[[source]]\nstdin = true\nstalled_after = \"0s\"",
                #"3:1: source.stalled_after is "0s"; expected a duration from "1s" to "1year""#
            ),
        ] as [(String, String)])
    func `a wrong value is refused with what was found and what was expected`(text: String, problem: String) {
        let problems = problems(of: text)
        let expected = "monitord.toml:" + problem
        // What the list of formats says grows with the formats.
        if text.contains("xml") {
            #expect(
                problems.hasPrefix(
                    #"monitord.toml:3:1: source.format is "xml"; expected one of "auto", "csv", "jsonl""#))
        } else {
            #expect(problems == expected)
        }
    }

    @Test(
        arguments: [
            (
                "[[source]]\nformat = \"csv\"",
                #"1:3: source: it names no input; give it file = "…", udp = "…", mqtt = "…", kafka = "…" or stdin = true"#
            ),
            (
                "[[source]]\nfile = \"a\"\nstdin = true",
                "1:3: source: it has file and stdin; a source has one input: make two [[source]] of it"
            ),
            (
                "[[source]]\nstdin = true\n[[source]]\nstdin = true",
                "3:3: source: the same input is read by the source at monitord.toml:1:3"
            ),
            (
                "[[source]]\nfile = \"a\"\n[[source]]\nfile = \"a\"",
                "3:3: source: the same input is read by the source at monitord.toml:1:3"
            ),
        ] as [(String, String)])
    func `sources are judged together`(text: String, problem: String) {
        #expect(problems(of: text) == "monitord.toml:" + problem)
    }

    @Test func `all problems are reported, each on one line`() {
        let text = "sed = 1\nlog_keep = \"x\"\n[[source]]\nstdin = 1\n[defaults]\nrunbook = 2\n"
        let reported = problems(of: text, environment: ["MONITORD_JOURNAL": "maybe"], ConfigurationOverrides(log: ""))
        #expect(
            reported == """
                monitord.toml:1:1: unknown key "sed"; did you mean "seed"?
                monitord.toml:2:1: log_keep is "x"; expected a whole number from 0 to 1000
                monitord.toml:4:1: source.stdin is 1; expected true or false; did you mean true?
                monitord.toml:6:1: defaults.runbook is 2; expected a text that is not empty
                environment MONITORD_JOURNAL: journal is "maybe"; expected true or false
                flag --log: log is ""; expected a path that is not empty, or "none"
                """)
    }

    @Test func `a file that is not TOML is refused at the place where that shows, and the others are still judged`()
        throws
    {
        let files = [Self.standard: "seed = 1\nlog_keep = = 2\n", "/etc/monitord/conf.d/a.toml": "sed = 2"]
        let error = #expect(throws: ConfigurationError.self) { try load(files) }
        let problems = try #require(error).problems
        #expect(problems.count == 2)
        guard case .syntax(.file(let path, let line, let column), let reason) = problems.first else {
            Issue.record("\(problems)")
            return
        }
        #expect(path == Self.standard)
        #expect(line == 2)
        #expect(column == 12)
        #expect(!reason.contains("\n") && !reason.isEmpty)
    }

    @Test(arguments: ["a = 1\nb = \"x\0\"\n", "a = \0"])
    func `a NUL is refused, for the parser would stop reading at it`(text: String) {
        #expect(problems(of: text).hasSuffix("a NUL character is not allowed"))
    }

    @Test(
        arguments: [
            ([0x61, 0xff], "x.toml:1:2: not UTF-8 text: save the file as UTF-8"),
            (Array("a = 1\nb = \"é".utf8) + [0xc3, 0x28], "x.toml:2:7: not UTF-8 text: save the file as UTF-8"),
        ] as [([UInt8], String)])
    func `bytes that are no text are refused where they stand`(bytes: [UInt8], problem: String) {
        let files = ConfigurationFiles(
            read: { path throws(ConfigurationFiles.Failure) in path == "x.toml" ? bytes : nil },
            list: { _ throws(ConfigurationFiles.Failure) in [] })
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader(environment: [:], isRoot: false, files: files)
                .load(ConfigurationOverrides(file: "x.toml"))
        }
        #expect(error?.description == problem)
    }

    /// The layers in the order in which they override each other, each with a value of its own for one key.
    private static let layers = ["file", "conf.d/10.toml", "conf.d/20.toml", "variable", "flag"]

    @Test(arguments: 0..<32) func `of all layers that say something the last one wins, and is named`(chosen: Int) throws
    {
        let said = Self.layers.indices.filter { chosen >> $0 & 1 == 1 }
        var files: [String: String] = [:]
        let paths = [Self.standard, "/etc/monitord/conf.d/10.toml", "/etc/monitord/conf.d/20.toml"]
        for (index, path) in paths.enumerated() where said.contains(index) { files[path] = "log = \"/\(index)\"" }
        let loaded = try load(
            files, environment: said.contains(3) ? ["MONITORD_LOG": "/3"] : [:],
            ConfigurationOverrides(log: said.contains(4) ? "/4" : nil))
        let places = paths.map { "\($0):1:1" } + ["environment MONITORD_LOG", "flag --log"]
        #expect(loaded.configuration.alerting.logPath == said.last.map { "/\($0)" })
        #expect(loaded.merged.contains(said.last.map { "log = \"/\($0)\"  # \(places[$0])\n" } ?? "# log is not set\n"))
        #expect(loaded.files == paths.enumerated().filter { said.contains($0.offset) }.map(\.element))
    }

    @Test func `tables of a later layer go on where an earlier one stopped`() throws {
        let files = [
            Self.standard: "[defaults]\nfalse_alarms = \"1/month\"\nrunbook = \"a\"\n[series.x]\ncritical_above = 1",
            "/etc/monitord/conf.d/1.toml": "[defaults]\nrunbook = \"b\"\n[series.x]\nrunbook = \"c\"",
        ]
        let configuration = try load(files, environment: ["MONITORD_DEFAULTS__CRITICAL_ABOVE": "3"]).configuration
        #expect(configuration.detection.falseAlarmsPerSecond == 1.0 / 2_592_000)
        #expect(configuration.alerting.runbook == "b")
        #expect(configuration.alerting.criticalMargin == 3)
        #expect(configuration.seriesRules == [SeriesRule(pattern: "x", criticalMargin: 1, runbook: "c")])
    }

    @Test func `a file that was asked for must be there and readable`() {
        #expect(
            throws: ConfigurationError([.unreadable(path: "x.toml", reason: "no such file")])
        ) { try load([:], ConfigurationOverrides(file: "x.toml")) }
        #expect(
            throws: ConfigurationError([.unreadable(path: "/denied.toml", reason: "Permission denied")])
        ) { try load([:], ConfigurationOverrides(file: "/denied.toml")) }
    }

    @Test func `conf.d is read beside the file that was asked for`() throws {
        let files = ["x.toml": "seed = 1", "conf.d/a.toml": "seed = 2", Self.standard: "seed = 3"]
        let loaded = try load(files, ConfigurationOverrides(file: "x.toml"))
        #expect(loaded.configuration.detection.seed == 2)
        #expect(loaded.files == ["x.toml", "conf.d/a.toml"])
    }

    @Test func `inputs on the command line and a replay leave the standard file alone`() throws {
        let files = [Self.standard: "seed = 3\n[[source]]\nfile = \"a\""]
        let flagged = try load(files, ConfigurationOverrides(inputs: [.standardInput]))
        #expect(flagged.configuration == MonitorConfiguration(sources: [SourceConfiguration(input: .standardInput)]))
        #expect(
            try load(files, ConfigurationOverrides(readsStandardFile: false)).configuration == MonitorConfiguration())
    }

    @Test func `an input on the command line is read as the only source of the file says`() throws {
        let one = "[[source]]\nfile = \"a\"\nchannels = [\"t\"]\n"
        let two = one + "[[source]]\nfile = \"b\"\nchannels = [\"u\"]\n"
        func source(_ text: String, _ input: SourceConfiguration.Input) throws -> SourceConfiguration? {
            try load(["x": text], ConfigurationOverrides(file: "x", inputs: [input], format: .csv)).configuration
                .sources.first
        }
        #expect(
            try source(one, .standardInput) == SourceConfiguration(input: .standardInput, format: .csv, channels: ["t"])
        )
        #expect(try source(two, .standardInput) == SourceConfiguration(input: .standardInput, format: .csv))
        #expect(
            try source(two, .file(pattern: "b"))
                == SourceConfiguration(input: .file(pattern: "b"), format: .csv, channels: ["u"]))
    }

    @Test func `a variable takes bare text and TOML alike`() throws {
        let environment = [
            "MONITORD_FALSE_ALARMS": "2/day", "MONITORD_SEED": "7", "MONITORD_JOURNAL": "false",
            "MONITORD_STATE": "\"/a b\"",
            "MONITORD_DEFAULTS__RUNBOOK": "5", "MONITORD_DEFAULTS__FALSE_ALARMS": "0", "MONITORD_LOG": "/x\nseed = 3",
        ]
        let configuration = try load([:], environment: environment).configuration
        #expect(configuration.alerting.daemonFalseAlarmsPerSecond == 2.0 / 86_400)
        #expect(configuration.detection.seed == 7)
        #expect(!configuration.alerting.writesJournal)
        #expect(configuration.stateDirectory == "/a b")
        #expect(configuration.alerting.runbook == "5")
        #expect(configuration.detection.falseAlarmsPerSecond == 0)
        #expect(configuration.alerting.logPath == "/x\nseed = 3")
    }

    @Test(
        arguments: [
            (
                "MONITORD_FALSE_ALARM",
                #"environment MONITORD_FALSE_ALARM: unknown key "MONITORD_FALSE_ALARM"; did you mean "MONITORD_FALSE_ALARMS"?"#
            ),
            (
                "MONITORD_DEFAULTS_RUNBOOK",
                #"environment MONITORD_DEFAULTS_RUNBOOK: unknown key "MONITORD_DEFAULTS_RUNBOOK"; did you mean "MONITORD_DEFAULTS__RUNBOOK"?"#
            ),
            (
                "MONITORD_SOURCE__FILE",
                "environment MONITORD_SOURCE__FILE: source: it has no variables; use a file or flags"
            ),
            (
                "MONITORD_JOURNAL",
                "environment MONITORD_JOURNAL: journal is 1; expected true or false; did you mean true?"
            ),
            ("MONITORD_BINARY", "none"), ("MONITORD_SERVICE_HOST", "none"), ("MONITORD_PORT_514_UDP", "none"),
            ("HOME", "none"),
        ] as [(String, String)])
    func `an unknown variable is refused unless it is somebody else's`(variable: String, problem: String) {
        #expect(problems(of: "", environment: [variable: "1"]) == problem)
    }

    @Test(
        arguments: [
            (["LOGS_DIRECTORY": "/var/log/private/m:/other", "HOME": "/h"], true, "/var/log/private/m/alerts.jsonl"),
            (["HOME": "/root"], true, "/var/log/monitord/alerts.jsonl"),
            (["XDG_STATE_HOME": "/x", "HOME": "/h"], false, "/x/monitord/alerts.jsonl"),
            (["XDG_STATE_HOME": "relative", "HOME": "/h"], false, "/h/.local/state/monitord/alerts.jsonl"),
            ([:], false, nil),
            (["MONITORD_LOG": "none", "LOGS_DIRECTORY": "/l"], true, nil),
        ] as [([String: String], Bool, String?)])
    func `the rolling log is where the first of unit, root and user has it`(
        environment: [String: String], isRoot: Bool, path: String?
    ) throws {
        #expect(try load([:], environment: environment, isRoot: isRoot).configuration.alerting.logPath == path)
    }

    @Test func `the state is in the directory of the unit unless a key says otherwise`() throws {
        let environment = ["STATE_DIRECTORY": "/var/lib/monitord"]
        #expect(try load([:], environment: environment).configuration.stateDirectory == "/var/lib/monitord")
        #expect(
            try load([Self.standard: "state = \"/s\""], environment: environment).configuration.stateDirectory == "/s")
    }

    @Test func `what values mean is written as it is read`() throws {
        let text =
            "[[source]]\nstdin = true\nmissing = \"zero\"\ncounter = [\"n\"]\nsentinel = -1\nstalled_after = \"90s\""
        let loaded = try load([Self.standard: text])
        for line in [
            "missing = \"zero\"  # /etc/monitord/monitord.toml:3:1", "counter = [\"n\"]  # ", "sentinel = [-1]  # ",
            "stalled_after = \"90s\"  # ",
        ] {
            #expect(loaded.merged.contains("\n\(line)"), "\(line)")
        }
        #expect(
            try load(["again": loaded.merged], ConfigurationOverrides(file: "again")).configuration
                == loaded.configuration)
    }

    @Test func `the merged text says where each value came from`() throws {
        let files = [Self.standard: "seed = 4\n[[source]]\n\nfile = \"a\\\"b\"\n[series.\"p*\"]\nrunbook = \"x\""]
        let loaded = try load(
            files, environment: ["MONITORD_LOG_KEEP": "2", "MONITORD_FORECASTER": "gru", "STATE_DIRECTORY": "/s"],
            ConfigurationOverrides(format: .csv, journal: false))
        #expect(
            loaded.merged == """
                # read /etc/monitord/monitord.toml
                false_alarms = "1/day"  # default
                state = "/s"  # environment STATE_DIRECTORY
                commit_every = "1min"  # default
                state_writes = "4GiB"  # default
                snapshots = 7  # default
                history = "1week"  # default
                history_size = "256MiB"  # default
                # log is not set
                log_size = "10MiB"  # default
                log_age = "1week"  # default
                log_keep = 2  # environment MONITORD_LOG_KEEP
                log_total = "64MiB"  # default
                journal = false  # flag --no-journal
                control = "none"  # default
                http = "none"  # default
                page = true  # default
                seed = 4  # /etc/monitord/monitord.toml:1:1
                max_series = 10000  # default
                max_memory = "512MiB"  # default
                networks = true  # default
                forecaster = "gru"  # environment MONITORD_FORECASTER
                forecast_head = "student"  # default
                horizon = 1  # default
                autoencoder = "dense"  # default
                profile = "full"  # default
                # detectors is not set
                # 12 detectors take part: level, difference, volatility, range, shift, slow-shift, correlation, forecast, \
                reconstruction, reconstruction-window, stuck, seasonal; networks: forecaster gru, autoencoder dense

                [defaults]
                false_alarms = "1/week"  # default
                critical_above = 2  # default
                adapt = "auto"  # default
                explain = "occlusion"  # default
                # runbook is not set
                # silence is not set

                [[source]]
                file = "a\\"b"  # /etc/monitord/monitord.toml:4:1
                # udp is not set
                stdin = false  # default
                # mqtt is not set
                format = "csv"  # flag --format
                # timezone is not set
                # time is not set
                # series is not set
                # channels is not set
                # channel is not set
                # value is not set
                # records is not set
                # quality is not set
                # columns is not set
                # header is not set
                # delimiter is not set
                # decimal is not set
                # dates is not set
                # interval is not set
                # lateness is not set
                missing = "gap"  # default
                # counter is not set
                # sentinel is not set
                # stalled_after is not set
                # kafka is not set
                # the time zone is UTC, this machine's

                [series."p*"]
                # false_alarms is not set
                # critical_above is not set
                # adapt is not set
                # explain is not set
                runbook = "x"  # /etc/monitord/monitord.toml:6:1
                # silence is not set

                """)
        #expect(
            try load(["again": loaded.merged], ConfigurationOverrides(file: "again")).configuration
                == loaded.configuration)
    }
}
