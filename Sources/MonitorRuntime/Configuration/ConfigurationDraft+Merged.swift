internal import Ingest
internal import Onward

extension ConfigurationDraft {
    /// The configuration as TOML with the place of each value: what `monitord check` prints.
    ///
    /// - Parameter files: the files that were read, in order.
    func merged(files: [String]) -> String {
        var lines = files.isEmpty ? ["# no file was read"] : files.map { "# read \($0)" }
        lines += self.lines(of: global, keys: ConfigurationKeys.global)
        lines.append("# \(configuration.detection.takingPart)")
        lines += ["", "[defaults]"] + self.lines(of: defaults, keys: ConfigurationKeys.series)
        for source in sources {
            // Of a source that has no broker its keys are not shown as missing.
            let keys = ConfigurationKeys.source.filter { source.target.isAtBroker(for: $0.name) }
            lines += ["", "[[source]]"] + self.lines(of: source, keys: keys)
            if source.target.timezone == nil { lines.append("# the time zone is \(source.target.zone.summary)") }
        }
        for sink in sinks {
            let keys = ConfigurationKeys.sink.filter { sink.target.takes($0.name) }
            lines += ["", "[[sink]]"] + self.lines(of: sink, keys: keys)
            if let name = sink.target.configuration?.name { lines.append("# it is called \(name)") }
        }
        for rule in rules {
            lines += ["", "[series.\(TOMLDocument.quoted(rule.target.pattern))]"]
            lines += self.lines(of: rule, keys: ConfigurationKeys.series)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line for each key: `log_keep = 7  # default`. What is unset is a comment.
    private func lines<Target>(of section: Section<Target>, keys: [ConfigurationKey<Target>]) -> [String] {
        keys.map { key in
            guard let value = key.write(section.target) else { return "# \(key.name) is not set" }
            let place = section.places[key.name] ?? .builtIn
            return "\(key.name) = \(value)  # \(place)"
        }
    }
}
