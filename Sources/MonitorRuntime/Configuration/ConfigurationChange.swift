internal import Ingest
internal import Onward

/// What another reading of the configuration changes, key by key, and how much of it a running monitord can take over.
///
/// Budgets, limits, sinks, labels and new sources are taken over; anything else keeps its value and is refused by name,
/// with what would apply it. A key that is in neither list below is one that needs a restart, so that a new key is never
/// half applied by being forgotten here.
struct ConfigurationChange {
    /// Global keys that are taken over.
    static let liveGlobalKeys: Set<String> = [
        "false_alarms", "commit_every", "state_writes", "snapshots", "history", "history_size", "log", "log_size",
        "log_age", "log_keep", "log_total", "journal",
        "max_series", "max_memory",
    ]
    /// Keys of `[defaults]` and `[series."pattern"]` that are taken over.
    static let liveSeriesKeys: Set<String> = ["false_alarms", "critical_above", "runbook", "adapt", "explain"]
    /// Keys on which what was learned rests: a restart with the old state would not do.
    static let learnedKeys: Set<String> = ["channels", "interval", "window", "members", "networks", "seed", "series"]

    /// What is taken over, a line each: `false_alarms of pump*: 1/week -> 1/day`.
    private(set) var applied: [String] = []
    /// What is not, a line each, with what would apply it.
    private(set) var refused: [String] = []
    /// What follows from it later, a line each.
    private(set) var notes: [String] = []
    /// The sources that are new, in their order.
    private(set) var newSources: [SourceConfiguration] = []
    /// The configuration to go on with: the new values of what is taken over, the old ones of the rest.
    private(set) var result: LoadedConfiguration

    /// Compares.
    ///
    /// - Parameters:
    ///   - old: the configuration in force.
    ///   - new: the one that was read.
    init(from old: LoadedConfiguration, to new: LoadedConfiguration) {
        result = new
        result.draft = old.draft
        result.draft.global = merge(
            old.draft.global, new.draft.global, ConfigurationKeys.global, live: Self.liveGlobalKeys
        ) { $0 }
        result.draft.defaults = merge(
            old.draft.defaults, new.draft.defaults, ConfigurationKeys.series, live: Self.liveSeriesKeys
        ) { "defaults.\($0)" }
        mergeRules(old.draft.rules, new.draft.rules)
        mergeSources(old.draft.sources, new.draft.sources)
        mergeSinks(old.draft.sinks, new.draft.sinks)
        result.configuration = result.draft.configuration
        result.merged = result.draft.merged(files: new.files)
    }

    /// Whether nothing differs.
    var isEmpty: Bool { applied.isEmpty && refused.isEmpty }

    private mutating func merge<Target>(
        _ old: ConfigurationDraft.Section<Target>, _ new: ConfigurationDraft.Section<Target>,
        _ keys: [ConfigurationKey<Target>], live: Set<String>, called name: (String) -> String
    ) -> ConfigurationDraft.Section<Target> {
        var merged = new
        for key in keys {
            let (before, after) = (key.write(old.target), key.write(new.target))
            guard before != after else { continue }
            let words = "\(name(key.name)): \(Self.bare(before)) -> \(Self.bare(after))"
            if live.contains(key.name) {
                applied.append(words)
            } else {
                refused.append("\(words) is not applied: \(Self.advice(for: key.name))")
                key.copy(old.target, &merged.target)
                merged.places[key.name] = old.places[key.name]
            }
        }
        return merged
    }

    private mutating func mergeRules(
        _ old: [ConfigurationDraft.Section<SeriesRule>], _ new: [ConfigurationDraft.Section<SeriesRule>]
    ) {
        // The order is the new one: of several rules that match, the later wins.
        let gone = old.filter { rule in !new.contains { $0.target.pattern == rule.target.pattern } }
        let removed = gone.map { ConfigurationDraft.Section(target: SeriesRule(pattern: $0.target.pattern)) }
        var rules: [ConfigurationDraft.Section<SeriesRule>] = []
        for rule in removed + new {
            let pattern = rule.target.pattern
            let before =
                old.first { $0.target.pattern == pattern }
                ?? ConfigurationDraft.Section(target: SeriesRule(pattern: pattern))
            let merged = merge(before, rule, ConfigurationKeys.series, live: Self.liveSeriesKeys) {
                "\($0) of \(pattern)"
            }
            // A rule that is gone stays only for what could not be taken from it.
            if merged.target != SeriesRule(pattern: pattern) || new.contains(where: { $0.target.pattern == pattern }) {
                rules.append(merged)
            }
        }
        result.draft.rules = rules
    }

    private mutating func mergeSources(
        _ old: [ConfigurationDraft.Section<SourceDraft>], _ new: [ConfigurationDraft.Section<SourceDraft>]
    ) {
        var sources: [ConfigurationDraft.Section<SourceDraft>] = []
        for section in old {
            guard let input = section.target.configuration?.input else { continue }
            if let same = new.first(where: { $0.target.configuration?.input == input }) {
                // Of a source that is read, no key can be changed under its reader.
                sources.append(
                    merge(section, same, ConfigurationKeys.source, live: []) { "\($0) of source \(Self.name(input))" })
                // The zone's rules are found from the key, and follow it.
                sources[sources.count - 1].target = section.target
            } else {
                refused.append(
                    "source \(Self.name(input)) is removed: it is watched until a restart: systemctl restart monitord")
                sources.append(section)
            }
        }
        for section in new {
            guard let source = section.target.configuration,
                !old.contains(where: { $0.target.configuration?.input == source.input })
            else { continue }
            applied.append("source \(Self.name(source.input)): new")
            newSources.append(source)
            sources.append(section)
        }
        result.draft.sources = sources
        // A source is called `input` only while it is alone.
        if old.count == 1, !newSources.isEmpty, let only = old[0].target.configuration?.input, Self.isRenamed(only) {
            notes.append(
                "source \(Self.name(only)) is no longer alone: from the next start on its stream has a name of its own "
                    + "instead of input, and what it learned so far stays behind")
        }
    }

    /// Sinks are taken over whole. Addresses and labels are not told: those of chat systems hold secrets.
    private mutating func mergeSinks(
        _ old: [ConfigurationDraft.Section<SinkDraft>], _ new: [ConfigurationDraft.Section<SinkDraft>]
    ) {
        func name(_ section: ConfigurationDraft.Section<SinkDraft>) -> String? { section.target.configuration?.name }
        for sink in new {
            guard let called = name(sink) else { continue }
            guard let before = old.first(where: { name($0) == called }) else {
                applied.append("sink \(called): new")
                continue
            }
            let keys = ConfigurationKeys.sink.filter { $0.write(before.target) != $0.write(sink.target) }.map(\.name)
            if !keys.isEmpty { applied.append("sink \(called): other \(keys.joined(separator: ", "))") }
        }
        for sink in old {
            guard let called = name(sink), !new.contains(where: { name($0) == called }) else { continue }
            applied.append("sink \(called): gone; what it has not had yet is not sent any more")
        }
        result.draft.sinks = new
    }

    /// Whether a source's stream gets another name when it is not the only one.
    private static func isRenamed(_ input: SourceConfiguration.Input) -> Bool {
        switch input {
        case .standardInput, .kafka: false
        case .udp, .mqtt: true
        case .file(let pattern): !pattern.contains { "*?[".contains($0) }
        }
    }

    /// What would apply a key that cannot be changed while monitord runs.
    private static func advice(for key: String) -> String {
        learnedKeys.contains(key)
            ? "what was learned rests on it; stop monitord, remove its state directory, and start it again"
            : "it takes a restart: systemctl restart monitord"
    }

    private static func name(_ input: SourceConfiguration.Input) -> String {
        switch input {
        case .standardInput: "stdin"
        case .file(let pattern): pattern
        case .udp(let address): "udp \(address)"
        case .mqtt(let address, let client): client.map { "\(address) as \($0)" } ?? address
        case .kafka(let input): "kafka \(input.brokers)"
        }
    }

    /// A value without the quotes of a text that needs none to be understood.
    private static func bare(_ value: String?) -> String {
        guard let value else { return "not set" }
        guard value.hasPrefix("\""), value.hasSuffix("\""), value.count > 2, !value.contains("\\") else { return value }
        return String(value.dropFirst().dropLast())
    }
}
