internal import Alerting
internal import AnomalyDetection
internal import Ingest
internal import NeuralNet
internal import TimeSeries

/// One key of the configuration: its name, what it takes, and how it gets into and out of the value that it fills.
///
/// Files, environment and flags all go through `read`, so that a value is judged once and in the same words. `write` is
/// what `monitord check` prints and what the sample file is compared with.
struct ConfigurationKey<Target>: Sendable {
    /// The name inside its section.
    let name: String
    /// What a value must be, to follow "expected": `a duration such as "1s"`.
    let expected: String
    /// Takes the value into the target; `false` when the value is not what is expected, the target being unchanged.
    let read: @Sendable (TOMLNode, inout Target) -> Bool
    /// The present value as TOML; `nil` when it is unset.
    let write: @Sendable (Target) -> String?
    /// Takes the value of the first target over into the second.
    let copy: @Sendable (Target, inout Target) -> Void
    /// What is wrong with a value that `read` refuses, where more can be said than what is expected; `nil` for that.
    var fault: @Sendable (TOMLNode) -> String? = { _ in nil }

    /// The key with words of its own for values that it refuses.
    func telling(_ fault: @escaping @Sendable (TOMLNode) -> String?) -> Self {
        var key = self
        key.fault = fault
        return key
    }
}

extension ConfigurationKey {
    /// A key whose value goes through one type.
    ///
    /// - Parameters:
    ///   - parse: the value, or `nil` when it is not what is expected.
    ///   - format: the value as TOML.
    init<Value>(
        _ name: String, expected: String, _ keyPath: any WritableKeyPath<Target, Value?> & Sendable,
        parse: @escaping @Sendable (TOMLNode) -> Value?, format: @escaping @Sendable (Value) -> String
    ) {
        self.init(
            name: name, expected: expected,
            read: { node, target in
                guard let value = parse(node) else { return false }
                target[keyPath: keyPath] = value
                return true
            },
            write: { target in target[keyPath: keyPath].map(format) },
            copy: { source, target in target[keyPath: keyPath] = source[keyPath: keyPath] })
    }
}

/// All keys, section by section. A key that is not here is refused.
enum ConfigurationKeys {
    /// Keys above the first table.
    static let global: [ConfigurationKey<GlobalDraft>] = [
        .init(
            "false_alarms",
            expected:
                "a rate such as \"1/day\" or \"20/day\", at most \"1/s\", above 0: with none it would tell nothing",
            \.falseAlarmsPerSecond, parse: { node in rate(node).flatMap { $0 > 0 ? $0 : nil } }, format: rateText),
        .init("state", expected: pathExpected, \.stateDirectory, parse: text, format: TOMLDocument.quoted),
        .init(
            "commit_every", expected: "a duration from \"1s\" to \"1d\"", \.commitEvery,
            parse: { duration($0, in: 1...86_400) }, format: durationText),
        .init(
            "state_writes", expected: "a size from \"16MiB\" to \"1TiB\"", \.mostStateWrites,
            parse: { size($0, in: (16 << 20)...(1 << 40)) }, format: sizeText),
        .init(
            "snapshots", expected: "a whole number from 0 to 365", \.keptSnapshots,
            parse: { integer($0, in: 0...365) }, format: { String($0) }),
        .init(
            "history", expected: "a duration up to \"1year\", or \"0s\" for none", \.historySeconds,
            parse: { duration($0, in: 0...31_536_000) }, format: durationText),
        .init(
            "history_size", expected: "a size from \"1MiB\" to \"1TiB\"", \.historyBytes,
            parse: { size($0, in: (1 << 20)...(1 << 40)) }, format: sizeText),
        .init(
            "log", expected: "a path that is not empty, or \"none\"", \.log, parse: text, format: TOMLDocument.quoted),
        .init(
            "log_size", expected: "a size from \"4KiB\" to \"1GiB\"", \.logBytes,
            parse: { size($0, in: (4 << 10)...(1 << 30)) }, format: sizeText),
        .init(
            "log_age", expected: "a duration from \"1min\" to \"1year\"", \.logSeconds,
            parse: { duration($0, in: 60...31_536_000) }, format: durationText),
        .init(
            "log_keep", expected: "a whole number from 0 to 1000", \.logKeep, parse: { integer($0, in: 0...1_000) },
            format: { String($0) }),
        .init(
            "log_total", expected: "a size from \"8KiB\" to \"1TiB\"", \.logTotal,
            parse: { size($0, in: (8 << 10)...(1 << 40)) }, format: sizeText),
        .init("journal", expected: "true or false", \.writesJournal, parse: boolean, format: { String($0) }),
        .init(
            "control", expected: "a path of at most 103 bytes, or \"none\"", \.control,
            parse: { text($0).flatMap { $0.utf8.count <= 103 ? $0 : nil } }, format: TOMLDocument.quoted),
        .init(
            "http", expected: "an address of this machine such as \"127.0.0.1:9464\", or \"none\"", \.http,
            parse: { text($0).flatMap { $0 == "none" || HTTPAddress($0) != nil ? $0 : nil } },
            format: TOMLDocument.quoted),
        .init("page", expected: "true or false", \.hasPage, parse: boolean, format: { String($0) }),
        .init(
            "seed", expected: "a whole number from 0 to 9223372036854775807", \.seed,
            parse: { integer($0, in: 0...Int.max) }, format: { String($0) }),
        .init(
            "max_series", expected: "a whole number from 1 to 1000000", \.mostSeries,
            parse: { integer($0, in: 1...1_000_000) }, format: { String($0) }),
        .init(
            "max_memory", expected: "a size from \"32MiB\" to \"1TiB\"", \.mostMemory,
            parse: { size($0, in: (32 << 20)...(1 << 40)) }, format: sizeText),
        .init("networks", expected: "true or false", \.usesNetworks, parse: boolean, format: { String($0) }),
        .init(
            "forecaster", expected: "\"lstm\", \"gru\", \"rnn\" or \"cnn\"", \.forecaster,
            parse: { text($0).flatMap(ForecasterCell.init) }, format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "forecast_head", expected: "\"student\", \"gaussian\" or \"quantile\"", \.forecastHead,
            parse: { text($0).flatMap(OutputHead.init) }, format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "horizon", expected: "a whole number from 1 to 8", \.horizon,
            parse: { integer($0, in: ForecasterVariant.horizons) }, format: { String($0) }),
        .init(
            "autoencoder",
            expected: "one of "
                + AutoencoderArchitecture.allCases.map { TOMLDocument.quoted($0.rawValue) }.joined(separator: ", "),
            \.autoencoder, parse: { text($0).flatMap(AutoencoderArchitecture.init) },
            format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "profile", expected: DetectionProfile.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or "),
            \.profile, parse: { text($0).flatMap(DetectionProfile.init) }, format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "detectors",
            expected:
                "a list such as [\"+isolation\", \"-range\"], or of all that take part, of the names of `monitord detectors`",
            \.detectors,
            parse: { node in
                // The set it is applied to does not decide whether the list is understood.
                texts(node).flatMap { (try? DetectionProfile.full.detectors.changed(by: $0)) == nil ? nil : $0 }
            }, format: listText
        ).telling { node in texts(node).flatMap(faultOfDetectors) },
    ]

    /// Keys of `[defaults]` and of every `[series."pattern"]`.
    static let series: [ConfigurationKey<SeriesRule>] = [
        .init("false_alarms", expected: rateExpected, \.falseAlarmsPerSecond, parse: rate, format: rateText),
        .init(
            "critical_above", expected: "a number from 0 to 100", \.criticalMargin,
            parse: { node in
                switch node {
                case .integer(let value) where 0...100 ~= value: Double(value)
                case .number(let value) where 0...100 ~= value: value
                default: nil
                }
            }, format: { Int(exactly: $0).map(String.init) ?? String($0) }),
        .init(
            "adapt", expected: "\"auto\", \"ask\" or \"off\"", \.adaptation,
            parse: { text($0).flatMap(Adaptation.init) }, format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "explain", expected: "\"occlusion\" or \"shapley\"", \.explanation,
            parse: { text($0).flatMap(ExplanationMethod.init) }, format: { TOMLDocument.quoted($0.rawValue) }),
        .init("runbook", expected: "a text that is not empty", \.runbook, parse: text, format: TOMLDocument.quoted),
        .init(
            "silence",
            expected:
                "a list of windows such as [\"Sat 22:00-Sun 04:00\", \"Mon-Fri 12:00-12:30\", \"23:30-00:30\"], each once",
            \.silence,
            parse: { node in
                if case .array(let nodes) = node, nodes.isEmpty { return [] }
                guard let written = texts(node) else { return nil }
                let windows = written.compactMap(MaintenanceWindow.init)
                return windows.count == written.count ? windows : nil
            }, format: { "[" + $0.map { TOMLDocument.quoted($0.text) }.joined(separator: ", ") + "]" }),
    ]

    /// What is wrong with a list of detectors; `nil` when nothing is.
    private static func faultOfDetectors(_ entries: [String]) -> String? {
        do throws(DetectorSetError) {
            _ = try DetectionProfile.full.detectors.changed(by: entries)
            return nil
        } catch {
            guard case .unknown(let name) = error,
                let near = EditDistance.nearest(to: name, among: DetectorKind.allCases.map(\.name))
            else { return "\(error)" }
            return "no detector is called \"\(name)\"; did you mean \"\(near)\"? `monitord detectors` lists them all"
        }
    }

    /// Keys of every `[[source]]`.
    static let source = plainSource + kafka

    private static let plainSource: [ConfigurationKey<SourceDraft>] = [
        .init("file", expected: pathExpected, \.file, parse: text, format: TOMLDocument.quoted),
        .init(
            "udp", expected: "an address in numbers and a port, such as \"0.0.0.0:5140\" or \"[::]:5140\"", \.udp,
            parse: { text($0).flatMap { SourceConfiguration.isUDPAddress($0) ? $0 : nil } }, format: TOMLDocument.quoted
        ),
        .init("stdin", expected: "true or false", \.standardInput, parse: boolean, format: { String($0) }),
        .init(
            "mqtt", expected: "a broker such as \"mqtt://broker:1883\" or, with TLS, \"mqtts://broker:8883\"", \.mqtt,
            parse: { text($0).flatMap { BrokerAddress($0) == nil ? nil : $0 } }, format: TOMLDocument.quoted),
        .init(
            "topics", expected: "a list of topics such as [\"plant/+/temp\", \"press/#\"], each once", \.topics,
            parse: { texts($0).flatMap { $0.contains { faultOfTopic($0) != nil } ? nil : $0 } },
            format: listText
        ).telling { node in
            texts(node)?.lazy.compactMap { topic in
                faultOfTopic(topic).map { "the topic \(TOMLDocument.quoted(topic)) \($0)" }
            }.first
        },
        .init("qos", expected: "0, 1 or 2", \.qos, parse: { integer($0, in: 0...2) }, format: { String($0) }),
        .init(
            "client_id", expected: "a text of at most 128 bytes that is not empty", \.client,
            parse: { text($0).flatMap { $0.utf8.count <= 128 ? $0 : nil } }, format: TOMLDocument.quoted),
        .init("username", expected: "a text that is not empty", \.username, parse: text, format: TOMLDocument.quoted),
        .init("password_file", expected: pathExpected, \.passwordFile, parse: text, format: TOMLDocument.quoted),
        .init("ca_file", expected: pathExpected, \.caFile, parse: text, format: TOMLDocument.quoted),
        .init("cert_file", expected: pathExpected, \.certFile, parse: text, format: TOMLDocument.quoted),
        .init("key_file", expected: pathExpected, \.keyFile, parse: text, format: TOMLDocument.quoted),
        choice("retained", \.retained),
        .init(
            "format",
            expected: "one of "
                + SourceConfiguration.Format.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "),
            \.format, parse: { text($0).flatMap(SourceConfiguration.Format.init) },
            format: { TOMLDocument.quoted($0.rawValue) }),
        .init(
            "timezone", expected: "the name of a time zone such as \"Europe/Berlin\" or \"UTC\"", \.timezone,
            parse: text,
            format: TOMLDocument.quoted),
        .init(
            "time", expected: "the name of a column, or of two: date and time of day", \.time,
            parse: { node in
                if let one = text(node) { return [one] }
                guard let names = texts(node), names.count == 2 else { return nil }
                return names
            }, format: { $0.count == 1 ? TOMLDocument.quoted($0[0]) : listText($0) }),
        .init(
            "series", expected: "the name of a column, a key or a tag", \.series, parse: text,
            format: TOMLDocument.quoted),
        .init(
            "channels", expected: "a list of one or more names of columns, each once", \.channels, parse: texts,
            format: listText),
        .init(
            "channel", expected: "the name of the column that names the channel of a line's one value", \.channel,
            parse: text, format: TOMLDocument.quoted),
        .init(
            "value", expected: "the name of the column of a line's one value", \.value, parse: text,
            format: TOMLDocument.quoted),
        .init(
            "records", expected: "the key of a list of objects, such as \"values[]\"", \.records, parse: text,
            format: TOMLDocument.quoted),
        .init("quality", expected: "the name of a column", \.quality, parse: text, format: TOMLDocument.quoted),
        .init(
            "columns", expected: "a list of one or more names, each once", \.columns, parse: texts, format: listText),
        .init("header", expected: "true or false", \.hasHeader, parse: boolean, format: { String($0) }),
        choice("delimiter", \.delimiter),
        choice("decimal", \.decimal),
        choice("dates", \.dates),
        .init(
            "interval", expected: "a duration such as \"1s\", \"5min\" or \"2h\", up to \"1year\"", \.interval,
            parse: { duration($0, in: 0.001...31_536_000) }, format: durationText),
        .init(
            "lateness", expected: "a duration from \"0s\" to \"1h\"", \.lateness,
            parse: { duration($0, in: 0...3_600) }, format: durationText),
        choice("missing", \.missing),
        .init(
            "counter", expected: "a list of one or more names of columns, each once", \.counters, parse: texts,
            format: listText),
        .init(
            "sentinel", expected: "a number, or a list of up to \(SampleConditions.mostSentinels) numbers", \.sentinels,
            parse: numbers, format: { "[" + $0.map(numberText).joined(separator: ", ") + "]" }),
        .init(
            "stalled_after", expected: "a duration from \"1s\" to \"1year\"", \.stalledAfter,
            parse: { duration($0, in: 1...31_536_000) }, format: durationText),
    ]

    /// A key that takes one of a few texts.
    private static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, _ keyPath: any WritableKeyPath<SourceDraft, Choice?> & Sendable
    ) -> ConfigurationKey<SourceDraft> where Choice.RawValue == String {
        .init(
            name,
            expected: "one of " + Choice.allCases.map { TOMLDocument.quoted($0.rawValue) }.joined(separator: ", "),
            keyPath, parse: { text($0).flatMap(Choice.init) }, format: { TOMLDocument.quoted($0.rawValue) })
    }

    /// The tables that may follow.
    static let tables = ["source", "sink", "defaults", "series"]

    private static let rateExpected = "a rate such as \"1/week\", \"3/day\" or \"0\", at most \"1/s\""
    static let pathExpected = "a path that is not empty"

    @Sendable private static func rate(_ node: TOMLNode) -> Double? {
        switch node {
        case .string(let text): ConfigurationUnits.rate(text).flatMap { $0 <= 1 ? $0 : nil }
        case .integer(0): 0
        default: nil
        }
    }

    @Sendable private static func rateText(_ perSecond: Double) -> String {
        TOMLDocument.quoted(ConfigurationUnits.text(rate: perSecond))
    }

    static func duration(_ node: TOMLNode, in range: ClosedRange<Double>) -> Double? {
        guard case .string(let text) = node, let value = ConfigurationUnits.duration(text) else { return nil }
        return range.contains(value) ? value : nil
    }

    @Sendable static func durationText(_ seconds: Double) -> String {
        TOMLDocument.quoted(ConfigurationUnits.text(duration: seconds))
    }

    private static func size(_ node: TOMLNode, in range: ClosedRange<Int>) -> Int? {
        guard case .string(let text) = node, let value = ConfigurationUnits.size(text) else { return nil }
        return range.contains(value) ? value : nil
    }

    @Sendable private static func sizeText(_ bytes: Int) -> String {
        TOMLDocument.quoted(ConfigurationUnits.text(size: bytes))
    }

    private static func integer(_ node: TOMLNode, in range: ClosedRange<Int>) -> Int? {
        guard case .integer(let value) = node, range.contains(value) else { return nil }
        return value
    }

    @Sendable private static func numbers(_ node: TOMLNode) -> [Double]? {
        switch node {
        case .integer(let value): return [Double(value)]
        case .number(let value): return value.isFinite ? [value] : nil
        case .array(let nodes):
            let lists = nodes.map { node -> [Double]? in if case .array = node { nil } else { numbers(node) } }
            guard !lists.isEmpty, lists.count <= SampleConditions.mostSentinels else { return nil }
            let values = lists.compactMap { $0?.first }
            return values.count == lists.count ? values : nil
        default: return nil
        }
    }

    @Sendable private static func numberText(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? String(number)
    }

    @Sendable private static func boolean(_ node: TOMLNode) -> Bool? {
        guard case .boolean(let value) = node else { return nil }
        return value
    }

    @Sendable static func text(_ node: TOMLNode) -> String? {
        guard case .string(let value) = node, !value.isEmpty else { return nil }
        return value
    }

    @Sendable static func texts(_ node: TOMLNode) -> [String]? {
        guard case .array(let nodes) = node, !nodes.isEmpty else { return nil }
        let texts = nodes.compactMap(text)
        return texts.count == nodes.count && Set(texts).count == texts.count ? texts : nil
    }

    @Sendable static func listText(_ names: [String]) -> String {
        "[" + names.map(TOMLDocument.quoted).joined(separator: ", ") + "]"
    }
}

/// The global keys as they are filled; what is `nil` has no built-in default.
struct GlobalDraft: Equatable, Sendable {
    var falseAlarmsPerSecond: Double?
    var stateDirectory: String?
    var commitEvery: Double?
    var mostStateWrites: Int?
    var keptSnapshots: Int?
    var historySeconds: Double?
    var historyBytes: Int?
    var log: String?
    var logBytes: Int?
    var logKeep: Int?
    var logSeconds: Double?
    var logTotal: Int?
    var writesJournal: Bool?
    var control: String?
    var http: String?
    var hasPage: Bool?
    var seed: Int?
    var usesNetworks: Bool?
    var forecaster: ForecasterCell?
    var forecastHead: OutputHead?
    var horizon: Int?
    var autoencoder: AutoencoderArchitecture?
    var profile: DetectionProfile?
    var detectors: [String]?
    var mostSeries: Int?
    var mostMemory: Int?

    /// The built-in defaults.
    init() {
        let built = MonitorConfiguration()
        falseAlarmsPerSecond = built.alerting.daemonFalseAlarmsPerSecond
        commitEvery = built.commitEvery
        mostStateWrites = built.mostStateWrites
        keptSnapshots = built.keptSnapshots
        historySeconds = built.historySeconds
        historyBytes = built.historyBytes
        logBytes = built.alerting.logLimits.bytesPerFile
        logKeep = built.alerting.logLimits.keptFiles
        logSeconds = built.alerting.logLimits.secondsPerFile
        logTotal = built.alerting.logLimits.totalBytes
        writesJournal = built.alerting.writesJournal
        http = "none"
        hasPage = true
        seed = Int(clamping: built.detection.seed)
        usesNetworks = built.detection.allowsNetworks
        forecaster = built.detection.forecaster
        forecastHead = built.detection.forecastHead
        horizon = built.detection.horizon
        autoencoder = built.detection.autoencoder
        profile = built.detection.profile
        mostSeries = built.mostSeries
        mostMemory = built.mostMemory
    }
}

/// One `[[source]]` as it is filled; what is `nil` is found from the first lines.
struct SourceDraft: Equatable, Sendable {
    var file: String?
    var udp: String?
    var standardInput: Bool? = false
    var mqtt: String?
    var topics: [String]?
    var qos: Int?
    var client: String?
    var username: String?
    var passwordFile: String?
    var caFile: String?
    var certFile: String?
    var keyFile: String?
    var retained: MQTTSettings.Retained?
    var kafka = KafkaDraft()
    var format: SourceConfiguration.Format? = .auto
    var timezone: String?
    /// The rules of `timezone`, or of the machine.
    var zone = SourceZone.utc
    var time: [String]?
    var series: String?
    var channels: [String]?
    var channel: String?
    var value: String?
    var records: String?
    var quality: String?
    var columns: [String]?
    var hasHeader: Bool?
    var delimiter: SourceConfiguration.Delimiter?
    var decimal: SourceConfiguration.DecimalMark?
    var dates: SourceConfiguration.DateOrder?
    var interval: Double?
    var lateness: Double?
    var missing: SampleConditions.Missing? = .gap
    var counters: [String]?
    var sentinels: [Double]?
    var stalledAfter: Double?

    /// Whether it says nothing of where lines come from.
    var namesNoInput: Bool {
        file == nil && udp == nil && mqtt == nil && kafka.brokers == nil && standardInput != true
    }

    /// The finished source; `nil` when it names no input or two.
    var configuration: SourceConfiguration? {
        var kafka = kafka
        kafka.topics = topics
        let inputs: [SourceConfiguration.Input?] = [
            file.map { .file(pattern: $0) }, udp.map { .udp(address: $0) },
            mqtt.map { .mqtt(address: $0, client: client) }, kafka.input.map { .kafka($0) },
            standardInput == true ? .standardInput : nil,
        ]
        let named = inputs.compactMap { $0 }
        guard let input = named.first, named.count == 1, kafka.brokers == nil || kafka.input != nil else { return nil }
        var source = SourceConfiguration(
            input: input, format: format ?? .auto, time: time ?? [], series: series, channels: channels ?? [],
            interval: interval, zone: zone)
        source.channel = channel
        source.value = value
        source.records = records
        source.quality = quality
        source.columns = columns ?? []
        source.hasHeader = hasHeader
        source.delimiter = delimiter
        source.decimal = decimal
        source.dates = dates
        source.lateness = lateness
        source.conditions = SampleConditions(
            missing: missing ?? .gap, counters: counters ?? [], sentinels: sentinels ?? [], stalledAfter: stalledAfter)
        if mqtt != nil { takeBroker(into: &source) }
        return source
    }
}

extension SeriesRule {
    /// The built-in `[defaults]`.
    static var builtIn: SeriesRule {
        let built = MonitorConfiguration()
        return SeriesRule(
            pattern: "*", falseAlarmsPerSecond: built.detection.falseAlarmsPerSecond,
            criticalMargin: built.alerting.criticalMargin, runbook: built.alerting.runbook,
            adaptation: built.detection.adaptation, explanation: built.detection.explanation)
    }
}
