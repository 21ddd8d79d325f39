internal import Ingest

extension ConfigurationDraft {
    /// Takes in the command line. Call it after `checkSources`: what it replaces is judged before.
    mutating func apply(_ overrides: ConfigurationOverrides) {
        if !overrides.inputs.isEmpty {
            sources = overrides.inputs.map(source(reading:))
        }
        if let format = overrides.format {
            for index in sources.indices {
                sources[index].target.format = format
                sources[index].places["format"] = .flag("--format")
            }
        }
        if let timezone = overrides.timezone {
            for index in sources.indices {
                sources[index].target.timezone = timezone
                sources[index].places["timezone"] = .flag("--timezone")
            }
        }
        set("state", to: overrides.stateDirectory.map(TOMLNode.string), flag: "--state")
        set("log", to: overrides.log.map(TOMLNode.string), flag: "--log")
        set(
            "journal", to: overrides.journal.map(TOMLNode.boolean),
            flag: overrides.journal == false ? "--no-journal" : "--journal")
        set("control", to: overrides.control.map(TOMLNode.string), flag: "--control")
        set("false_alarms", to: overrides.falseAlarms.map(TOMLNode.string), flag: "--false-alarms")
        if let rate = overrides.seriesFalseAlarms,
            let key = ConfigurationKeys.series.first(where: { $0.name == "false_alarms" })
        {
            set(
                key, to: .string(rate), called: "false_alarms", place: .flag("--series-false-alarms"), in: \.defaults)
        }
    }

    private mutating func set(_ name: String, to node: TOMLNode?, flag: String) {
        guard let node, let key = ConfigurationKeys.global.first(where: { $0.name == name }) else { return }
        set(key, to: node, called: name, place: .flag(flag), in: \.global)
    }

    /// How an input that the command line names is to be read: as the source of the files with the same input; else,
    /// when the files have exactly one source, as that one; else by the defaults. So `replay --config FILE PATH` reads
    /// as the daemon would.
    private func source(reading input: SourceConfiguration.Input) -> Section<SourceDraft> {
        if let same = sources.first(where: { $0.target.configuration?.input == input }) { return same }
        var section = sources.count == 1 ? sources[0] : Section(target: SourceDraft())
        section.target.forgetBroker()
        switch input {
        case .kafka: break  // No flag names one.
        case .standardInput:
            (section.target.file, section.target.udp, section.target.standardInput) = (nil, nil, true)
            section.places["stdin"] = .flag("--stdin")
        case .file(let pattern):
            (section.target.file, section.target.udp, section.target.standardInput) = (pattern, nil, false)
            section.places["file"] = .flag("--file")
        case .udp(let address):
            (section.target.file, section.target.udp, section.target.standardInput) = (nil, address, false)
            section.places["udp"] = .flag("--udp")
        case .mqtt(let address, _):
            (section.target.file, section.target.udp, section.target.standardInput) = (nil, nil, false)
            section.target.mqtt = address
        }
        return section
    }
}
