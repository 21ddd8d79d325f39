internal import Ingest

extension ConfigurationDraft {
    /// Variables that begin like ours but belong to the build of this repository, not to the daemon.
    private static let buildVariables: Set<String> = [
        "MONITORD_BINARY", "MONITORD_PACK", "MONITORD_EVALUATE", "MONITORD_SETS", "MONITORD_KERNELS",
    ]

    /// Takes in `MONITORD_…` in the order of the names.
    mutating func apply(environment: [String: String]) {
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard variable.hasPrefix("MONITORD_"), !Self.buildVariables.contains(variable) else { continue }
            // Kubernetes gives every container variables about each service; one that is called monitord has these.
            if variable.hasPrefix("MONITORD_SERVICE_") || variable.hasPrefix("MONITORD_PORT") { continue }
            apply(variable: variable, value: value)
        }
    }

    private mutating func apply(variable: String, value: String) {
        let place = ConfigurationPlace.environment(variable)
        if let key = ConfigurationKeys.global.first(where: { Self.variable($0.name) == variable }) {
            set(key, toText: value, called: key.name, place: place, in: \.global)
        } else if let key = ConfigurationKeys.series.first(where: { Self.variable("defaults__" + $0.name) == variable })
        {
            set(key, toText: value, called: "defaults.\(key.name)", place: place, in: \.defaults)
        } else if let table = ["source", "sink", "series"].first(where: { variable.hasPrefix(Self.variable($0 + "__")) }
        ) {
            problems.append(.conflict(place: place, key: table, reason: "it has no variables; use a file or flags"))
        } else {
            let known =
                ConfigurationKeys.global.map { Self.variable($0.name) }
                + ConfigurationKeys.series.map { Self.variable("defaults__" + $0.name) }
            let nearest = EditDistance.nearest(to: variable, among: known)
            problems.append(.unknownKey(place: place, key: variable, nearest: nearest))
        }
    }

    private static func variable(_ name: String) -> String { "MONITORD_" + name.uppercased() }

    /// Sets a key from bare text: as the TOML value it is (`true`, `7`, `"1/day"`), else as the text of a string.
    private mutating func set<Target>(
        _ key: ConfigurationKey<Target>, toText text: String, called name: String, place: ConfigurationPlace,
        in section: WritableKeyPath<ConfigurationDraft, Section<Target>>
    ) {
        var readings = [TOMLNode.string(text)]
        if let document = try? TOMLDocument(text: "value = \(text)"), document.root.count == 1,
            let value = document.root["value"]
        {
            readings.insert(value, at: 0)
        }
        var target = self[keyPath: section].target
        let accepted = readings.first { key.read($0, &target) }
        set(key, to: accepted ?? readings[0], called: name, place: place, in: section)
    }
}
