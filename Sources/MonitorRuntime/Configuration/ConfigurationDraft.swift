internal import Alerting
internal import AnomalyDetection
internal import Ingest

/// A configuration while it is filled: the values of each section, the place that each came from, and the problems met.
struct ConfigurationDraft: Equatable, Sendable {
    /// A section with the places of its values by key; a key without a place has its built-in default.
    struct Section<Target: Equatable & Sendable>: Equatable, Sendable {
        var target: Target
        var places: [String: ConfigurationPlace] = [:]
        /// Where the section itself begins.
        var place = ConfigurationPlace.builtIn
        /// Whether a key was refused that names the input, or the place of a sink, or may have been meant to.
        var isInputRefused = false
    }

    var global = Section(target: GlobalDraft())
    var defaults = Section(target: SeriesRule.builtIn)
    var rules: [Section<SeriesRule>] = []
    var sources: [Section<SourceDraft>] = []
    var sinks: [Section<SinkDraft>] = []
    var problems: [ConfigurationProblem] = []

    /// The finished value. Call it when there are no problems.
    var configuration: MonitorConfiguration {
        var result = MonitorConfiguration()
        result.sources = sources.compactMap(\.target.configuration)
        result.sinks = sinks.compactMap(\.target.configuration)
        result.seriesRules = rules.map(\.target)
        let all = global.target
        result.stateDirectory = all.stateDirectory
        result.commitEvery = all.commitEvery ?? result.commitEvery
        result.mostStateWrites = all.mostStateWrites ?? result.mostStateWrites
        result.keptSnapshots = all.keptSnapshots ?? result.keptSnapshots
        result.historySeconds = all.historySeconds ?? result.historySeconds
        result.historyBytes = all.historyBytes ?? result.historyBytes
        result.mostSeries = all.mostSeries ?? result.mostSeries
        result.mostMemory = all.mostMemory ?? result.mostMemory
        result.detection.allowsNetworks = all.usesNetworks ?? result.detection.allowsNetworks
        result.detection.forecaster = all.forecaster ?? result.detection.forecaster
        result.detection.autoencoder = all.autoencoder ?? result.detection.autoencoder
        result.detection.forecastHead = all.forecastHead ?? result.detection.forecastHead
        result.detection.horizon = all.horizon ?? result.detection.horizon
        result.detection.profile = all.profile ?? result.detection.profile
        result.detection.chosenDetectors = all.detectors ?? []
        result.detection.seed = all.seed.map { UInt64($0) } ?? result.detection.seed
        result.detection.falseAlarmsPerSecond =
            defaults.target.falseAlarmsPerSecond ?? result.detection.falseAlarmsPerSecond
        result.detection.adaptation = defaults.target.adaptation ?? result.detection.adaptation
        result.detection.explanation = defaults.target.explanation ?? result.detection.explanation
        result.silence = defaults.target.silence ?? []
        result.alerting.daemonFalseAlarmsPerSecond =
            all.falseAlarmsPerSecond ?? result.alerting.daemonFalseAlarmsPerSecond
        result.alerting.criticalMargin = defaults.target.criticalMargin ?? result.alerting.criticalMargin
        result.alerting.runbook = defaults.target.runbook
        result.alerting.logPath = all.log == "none" ? nil : all.log
        let log = result.alerting.logLimits
        result.alerting.logLimits = RollingLogLimits(
            bytesPerFile: all.logBytes ?? log.bytesPerFile, keptFiles: all.logKeep ?? log.keptFiles,
            totalBytes: all.logTotal ?? log.totalBytes, secondsPerFile: all.logSeconds ?? log.secondsPerFile)
        result.alerting.writesJournal = all.writesJournal ?? result.alerting.writesJournal
        result.controlPath = all.control == "none" ? nil : all.control
        result.httpAddress = all.http.flatMap(HTTPAddress.init)
        result.hasPage = all.hasPage ?? result.hasPage
        return result
    }

    /// Takes in a document, key by key in the order of its text.
    mutating func apply(_ document: TOMLDocument, file: String) {
        let reader = DocumentReader(document: document, file: file)
        for (key, node) in reader.children(of: document.root, at: TOMLPath()) {
            let path = TOMLPath().appending(key)
            switch key {
            case "source": applySources(node, at: path, reader)
            case "sink": applySinks(node, at: path, reader)
            case "defaults": apply(node, at: path, keys: ConfigurationKeys.series, to: \.defaults, reader)
            case "series": applyRules(node, at: path, reader)
            default: set(key, to: node, at: path, keys: ConfigurationKeys.global, in: \.global, reader)
            }
        }
    }

    private mutating func applySources(_ node: TOMLNode, at path: TOMLPath, _ reader: DocumentReader) {
        guard case .array(let elements) = node else {
            return refuse(node, at: path, expected: "tables that begin with [[source]], in two brackets", reader)
        }
        for (index, element) in elements.enumerated() {
            sources.append(Section(target: SourceDraft(), place: reader.place(of: path.appending(index))))
            let last = sources.count - 1
            apply(element, at: path.appending(index), keys: ConfigurationKeys.source, to: \.sources[last], reader)
        }
    }

    private mutating func applySinks(_ node: TOMLNode, at path: TOMLPath, _ reader: DocumentReader) {
        guard case .array(let elements) = node else {
            return refuse(node, at: path, expected: "tables that begin with [[sink]], in two brackets", reader)
        }
        for (index, element) in elements.enumerated() {
            sinks.append(Section(target: SinkDraft(), place: reader.place(of: path.appending(index))))
            let last = sinks.count - 1
            apply(element, at: path.appending(index), keys: ConfigurationKeys.sink, to: \.sinks[last], reader)
        }
    }

    private mutating func applyRules(_ node: TOMLNode, at path: TOMLPath, _ reader: DocumentReader) {
        guard case .table(let patterns) = node else {
            return refuse(
                node, at: path, expected: "tables that begin with [series.\"pattern\"], in one bracket", reader)
        }
        for (pattern, table) in reader.children(of: patterns, at: path) {
            let path = path.appending(pattern)
            guard case .table = table else {
                // A key straight below [series] is most likely meant for all series.
                let known = ConfigurationKeys.series.contains { $0.name == pattern }
                problems.append(
                    .unknownKey(
                        place: reader.place(of: path), key: path.description,
                        nearest: known ? "defaults.\(pattern)" : nil))
                continue
            }
            // The table of another file with the same pattern is continued, as every other table is.
            let known = rules.firstIndex { $0.target.pattern == pattern }
            if known == nil {
                rules.append(Section(target: SeriesRule(pattern: pattern), place: reader.place(of: path)))
            }
            apply(table, at: path, keys: ConfigurationKeys.series, to: \.rules[known ?? rules.count - 1], reader)
        }
    }

    private mutating func apply<Target>(
        _ node: TOMLNode, at path: TOMLPath, keys: [ConfigurationKey<Target>],
        to section: WritableKeyPath<ConfigurationDraft, Section<Target>>, _ reader: DocumentReader
    ) {
        guard case .table(let table) = node else {
            self[keyPath: section].isInputRefused = true
            return refuse(node, at: path, expected: "a table", reader)
        }
        for (key, value) in reader.children(of: table, at: path) {
            set(key, to: value, at: path.appending(key), keys: keys, in: section, reader)
        }
    }

    private mutating func set<Target>(
        _ name: String, to node: TOMLNode, at path: TOMLPath, keys: [ConfigurationKey<Target>],
        in section: WritableKeyPath<ConfigurationDraft, Section<Target>>, _ reader: DocumentReader
    ) {
        let place = reader.place(of: path)
        guard let key = keys.first(where: { $0.name == name }) else {
            let nearest = Self.nearest(to: name, at: path, known: keys.map(\.name))
            self[keyPath: section].isInputRefused = true
            problems.append(.unknownKey(place: place, key: path.description, nearest: nearest))
            return
        }
        set(key, to: node, called: path.description, place: place, in: section)
    }

    mutating func set<Target>(
        _ key: ConfigurationKey<Target>, to node: TOMLNode, called name: String, place: ConfigurationPlace,
        in section: WritableKeyPath<ConfigurationDraft, Section<Target>>
    ) {
        guard key.read(node, &self[keyPath: section].target) else {
            problems.append(
                key.fault(node).map { .conflict(place: place, key: name, reason: $0) }
                    ?? .unexpected(
                        place: place, key: name, found: node.description,
                        expected: key.expected + suggestion(for: key, node, in: self[keyPath: section].target)))
            if ["file", "udp", "stdin", "mqtt", "topics", "kafka", "alertmanager", "webhook", "syslog"].contains(
                key.name)
            {
                self[keyPath: section].isInputRefused = true
            }
            return
        }
        self[keyPath: section].places[key.name] = place
    }

    /// What a refused value was probably meant to be, to follow what is expected.
    private func suggestion<Target>(for key: ConfigurationKey<Target>, _ node: TOMLNode, in target: Target) -> String {
        if case .table(let children) = node {
            // `[log] size` for `log_size`.
            let names = children.keys.sorted().map { "\(key.name)_\($0)" }
            let near = names.first { name in ConfigurationKeys.global.contains { $0.name == name } }
            return near.map { "; did you mean \"\($0)\"? It belongs above the first [table]" } ?? ""
        }
        return key.repaired(node, in: target).map { "; did you mean \($0.description)?" } ?? ""
    }

    private mutating func refuse(_ node: TOMLNode, at path: TOMLPath, expected: String, _ reader: DocumentReader) {
        problems.append(
            .unexpected(
                place: reader.place(of: path), key: path.description, found: node.description, expected: expected))
    }

    /// What an unknown key may have been meant to be: a near one of its own table, else the same one of another table.
    private static func nearest(to name: String, at path: TOMLPath, known: [String]) -> String? {
        var table = path
        table.steps.removeLast()
        let names = table.steps.isEmpty ? known + ConfigurationKeys.tables : known
        // By meaning before by letters: `offset` is not `dates`.
        if table.description == "source", let known = ConfigurationKeys.kafkaSynonyms[name] {
            return table.appending(known).description
        }
        if let near = EditDistance.nearest(to: name, among: names) { return table.appending(near).description }
        // `secret` for `secret_file`.
        if let longer = known.first(where: { $0.hasPrefix(name + "_") }) { return table.appending(longer).description }
        if ConfigurationKeys.global.contains(where: { $0.name == name }) { return name }
        if ConfigurationKeys.series.contains(where: { $0.name == name }) { return "defaults.\(name)" }
        if ConfigurationKeys.source.contains(where: { $0.name == name }) { return "source.\(name)" }
        if ConfigurationKeys.sink.contains(where: { $0.name == name }) { return "sink.\(name)" }
        return nil
    }

    /// Finds what is wrong with the sources taken together.
    ///
    /// - Parameter isInputNamed: whether the command line names the input; then a lone source that names none says how it
    ///   is read.
    mutating func checkSources(isInputNamed: Bool = false) {
        var seen: [(input: SourceConfiguration.Input, place: ConfigurationPlace)] = []
        for source in sources {
            guard let input = source.target.configuration?.input else {
                if isInputNamed, sources.count == 1, source.target.namesNoInput { continue }
                // What was refused already is not reported a second time as missing.
                if !source.isInputRefused {
                    let named = [
                        source.target.file == nil ? nil : "file", source.target.udp == nil ? nil : "udp",
                        source.target.standardInput == true ? "stdin" : nil,
                        source.target.mqtt == nil ? nil : "mqtt", source.target.kafka.brokers == nil ? nil : "kafka",
                    ].compactMap { $0 }
                    let reason =
                        named.isEmpty
                        ? "it names no input; give it file = \"…\", udp = \"…\", mqtt = \"…\", kafka = \"…\" or stdin = true"
                        : named == ["kafka"]
                            ? "kafka needs topics = [\"…\"]"
                            : "it has \(named.joined(separator: " and ")); a source has one input: make two [[source]] of it"
                    problems.append(.conflict(place: source.place, key: "source", reason: reason))
                }
                continue
            }
            if let first = seen.first(where: { $0.input == input }) {
                var reason = "the same input is read by the source at \(first.place)"
                if case .mqtt = input { reason += "; two sources at one broker need a client_id each" }
                problems.append(.conflict(place: source.place, key: "source", reason: reason))
            } else {
                seen.append((input, source.place))
            }
        }
        checkBrokers()
    }

    /// Finds sources of network flows that are put together by what flows do not have. Of a source whose format is found from
    /// its lines that is known only then, and refused then.
    mutating func checkFlowSeries() {
        for source in sources where source.target.format?.isOfFlows == true {
            guard let fault = source.target.configuration?.faultOfFlowSeries else { continue }
            let problem = ConfigurationProblem.conflict(
                place: source.places["series"] ?? .builtIn, key: "source.series", reason: "\(fault)")
            if !problems.contains(problem) { problems.append(problem) }
        }
    }

    /// Finds the rules of every source's time zone.
    ///
    /// - Returns: what is to be said: why the machine's zone is not what it names.
    mutating func resolveZones(_ zones: SystemTimeZones) -> [String] {
        let machine = zones.local()
        var usesMachine = false
        for index in sources.indices {
            guard let name = sources[index].target.timezone else {
                usesMachine = true
                sources[index].target.zone = SourceZone(rules: machine.rules, origin: .machine)
                continue
            }
            do {
                sources[index].target.zone = SourceZone(rules: try zones.rules(named: name), origin: .configured)
            } catch {
                let near = zones.name(near: name).map { "; did you mean \"\($0)\"?" } ?? ""
                let problem = ConfigurationProblem.conflict(
                    place: sources[index].places["timezone"] ?? .builtIn, key: "source.timezone",
                    reason: "\(error)\(near)")
                if !problems.contains(problem) { problems.append(problem) }
            }
        }
        guard usesMachine, let problem = machine.problem else { return [] }
        return ["\(problem); the machine's time zone is taken to be UTC"]
    }

    /// Finds what is wrong with global keys taken together.
    mutating func checkGlobal() {
        guard let size = global.target.logBytes, let total = global.target.logTotal, total < 2 * size else { return }
        // Whichever of the two somebody set last is the one to change.
        let key = global.places["log_total"] == nil ? "log_size" : "log_total"
        problems.append(
            .conflict(
                place: global.places[key] ?? .builtIn, key: key,
                reason: "log_total (\(ConfigurationUnits.text(size: total))) must be at least twice log_size "
                    + "(\(ConfigurationUnits.text(size: size))): one file is written while one is kept"))
    }

    /// Fills in where state and rolling log live when no key says so.
    ///
    /// - Parameter isService: whether a configuration says what is watched, and not flags alone: then the verbs find it.
    mutating func resolvePlaces(environment: [String: String], isRoot: Bool, isService: Bool) {
        // systemd separates several folders by colons; the first is the one of the unit's name.
        func folder(_ variable: String) -> String? {
            environment[variable]?.split(separator: ":").first.map(String.init)
        }
        if global.target.stateDirectory == nil, let state = folder("STATE_DIRECTORY") {
            global.target.stateDirectory = state
            global.places["state"] = .environment("STATE_DIRECTORY")
        }
        if global.target.control == nil {
            let path = isService ? ControlPath(environment: environment, isRoot: isRoot) : nil
            global.target.control = path?.path ?? "none"
            if let variable = path?.variable { global.places["control"] = .environment(variable) }
        }
        guard global.target.log == nil else { return }
        if let logs = folder("LOGS_DIRECTORY") {
            global.target.log = logs + "/alerts.jsonl"
            global.places["log"] = .environment("LOGS_DIRECTORY")
        } else if isRoot {
            global.target.log = "/var/log/monitord/alerts.jsonl"
        } else if let home = environment["XDG_STATE_HOME"], home.hasPrefix("/") {
            // The XDG base directory specification has relative paths ignored.
            global.target.log = home + "/monitord/alerts.jsonl"
            global.places["log"] = .environment("XDG_STATE_HOME")
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            global.target.log = home + "/.local/state/monitord/alerts.jsonl"
            global.places["log"] = .environment("HOME")
        }
    }
}

extension SystemTimeZones {
    /// A zone that is there for a city without its continent ("berlin") or an offset from UTC ("+01:00"); `nil` when none is.
    fileprivate func name(near text: String) -> String? {
        if let sign = text.first, sign == "+" || sign == "-" {
            let parts = text.dropFirst().split(separator: ":")
            guard let hours = parts.first.flatMap({ Int($0) }), parts.dropFirst().allSatisfy({ Int($0) == 0 }) else {
                return nil
            }
            // The names of fixed offsets count westwards: Etc/GMT-1 is an hour ahead of UTC.
            let name = "Etc/GMT\(sign == "+" ? "-" : "+")\(hours)"
            return (try? rules(named: name)) == nil ? nil : name
        }
        let city = (text.split(separator: "/").last ?? "").split(whereSeparator: { " _/".contains($0) }).map {
            $0.prefix(1).uppercased() + $0.dropFirst()
        }
        .joined(separator: "_")
        let regions = ["Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian"]
        return regions.map { "\($0)/\(city)" }.first { (try? rules(named: $0)) != nil }
    }
}

/// The values of one document in the order of its text.
private struct DocumentReader {
    let document: TOMLDocument
    let file: String

    func place(of path: TOMLPath) -> ConfigurationPlace {
        let place = document.places[path]
        return .file(path: file, line: place.line, column: place.column)
    }

    /// The keys of a table as they are written, top to bottom.
    func children(of table: [String: TOMLNode], at path: TOMLPath) -> [(key: String, value: TOMLNode)] {
        table.sorted { first, second in
            let a = document.places[path.appending(first.key)]
            let b = document.places[path.appending(second.key)]
            return (a.line, a.column, first.key) < (b.line, b.column, second.key)
        }.map { ($0.key, $0.value) }
    }
}
