import ArgumentParser

/// The options that say what is read, the same for every verb.
struct InputOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Configuration file (TOML).", valueName: "FILE"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Line format: auto, csv or jsonl. By default it is found from the first lines.", valueName: "NAME"))
    var format: String?

    @Option(name: .long, help: ArgumentHelp("Directory of the state.", valueName: "DIR"))
    var state: String?
}
