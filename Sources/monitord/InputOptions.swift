public import ArgumentParser
public import Ingest
import MonitorRuntime

/// The options that say what is read, the same for every verb.
struct InputOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Configuration file (TOML).", valueName: "FILE"), completion: .file())
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Line format: auto, csv, jsonl, influx, logfmt, syslog, graphite or statsd. By default it is found from the first lines; see `monitord formats`.",
            valueName: "NAME"))
    var format: SourceConfiguration.Format?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Time zone of times that name none, such as Europe/Berlin. By default it is the machine's.",
            valueName: "NAME"))
    var timezone: String?

    @Option(name: .long, help: ArgumentHelp("Directory of the state.", valueName: "DIR"), completion: .directory)
    var state: String?
}

extension SourceConfiguration.Format: ExpressibleByArgument {}
