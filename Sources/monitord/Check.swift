import ArgumentParser
import Ingest
import Logging
import MonitorRuntime

/// `monitord check`.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate the configuration and say how input would be read, without watching anything.",
        discussion: """
            Prints the merged configuration, the value of every key with where it came from, and says which of its \
            files are not there, may not be read, or not by the service. With --sample it also says what was \
            recognised in a file's first lines and why, which lines cannot be used, and what watching it needs of \
            memory and processor. It ends with 65 when no line can be used, and with 66 when a file of a password, a \
            secret or a certificate cannot be read.
            """)

    @OptionGroup var input: InputOptions

    @Option(name: .long, help: ArgumentHelp("Say how this file would be read.", valueName: "FILE"), completion: .file())
    var sample: String?

    @Flag(name: .long, help: "Only list every key: its table, name, default and what it takes, with tabs between.")
    var keys = false

    func run() async throws {
        if keys { return try Start.show(ConfigurationReference.text) }
        var overrides = ConfigurationOverrides(
            file: input.config, format: input.format, timezone: input.timezone, stateDirectory: input.state)
        if let sample, input.config == nil { overrides.inputs = [.file(pattern: sample)] }
        let loaded = try Start.load(overrides)
        if sample == nil || input.config != nil {
            try Start.show(loaded.merged)
        }
        if sample == nil, loaded.configuration.sources.isEmpty {
            Start.say("no source is named: `run` will ask for one")
        }
        if sample == nil {
            let remarks = try await Start.exiting(on: Start.logger()) { try KafkaSetup(loaded.configuration).remarks() }
            for remark in remarks { Start.say(remark) }
        }
        if sample == nil { for remark in InputAccess(loaded.configuration).remarks() { Start.say(remark) } }
        let access = SinkAccess(loaded.configuration)
        for remark in access.remarks() { Start.say(remark) }
        guard let sample else {
            if !access.failures().isEmpty { throw ExitCode(66) }
            return
        }
        let source = loaded.configuration.sources.first ?? SourceConfiguration(input: .file(pattern: sample))
        let report = try await Start.exiting(on: Start.logger()) {
            try await SampleCheck(path: sample, source: source, configuration: loaded.configuration).run()
        }
        try Start.show(report.text)
        if !report.isUsable { throw ExitCode(65) }
    }
}
