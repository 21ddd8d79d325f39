import ArgumentParser
import MonitorRuntime
import Persistence

/// `monitord state`.
struct State: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, keep, go back to or drop what was learned.",
        discussion: """
            Without --state it is the state that the configuration names, else that of the service. `list`, `save` and `export` work while a daemon \
            has it in use; `rollback` and `reset` change it, and end with 69 then: stop the daemon first.
            """,
        subcommands: [List.self, Save.self, Rollback.self, Reset.self, Export.self])

    /// Where the state is.
    struct Place: ParsableArguments {
        @Option(name: .long, help: ArgumentHelp("Configuration file (TOML).", valueName: "FILE"), completion: .file())
        var config: String?

        @Option(name: .long, help: ArgumentHelp("Directory of the state.", valueName: "DIR"), completion: .directory)
        var state: String?

        /// The directory; `nil` where nobody names one.
        func find() throws -> String? {
            if let state { return state }
            let loaded = try Start.load(ConfigurationOverrides(file: config))
            return loaded.configuration.stateDirectory ?? (config == nil ? Start.serviceState : nil)
        }

        /// The directory; without one there is nothing to do, and that is told.
        func directory() throws -> String {
            guard let directory = try find() else {
                Start.say("no state: the configuration names none; name one with --state DIR")
                throw ExitCode(66)
            }
            return directory
        }
    }

    /// `monitord state list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List streams, their series, and snapshots.")

        @OptionGroup var place: Place

        func run() async throws {
            let directory = try place.directory()
            let inventory = try await Start.exiting(on: Start.logger()) {
                try await StateInventory(directory: directory)
            }
            try Start.show(inventory.text)
        }
    }

    /// `monitord state save`.
    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a snapshot of the last commit.",
            discussion: """
                A daemon keeps one a day by itself, as many as `snapshots` says; those are named by their date. One that \
                is given a name stays until somebody deletes its file.
                """)

        @OptionGroup var place: Place

        @Argument(help: ArgumentHelp("What to call it; by default the date.", valueName: "NAME"))
        var name: String?

        func run() async throws {
            let directory = try place.directory()
            let snapshot = try await Start.exiting(on: Start.logger()) {
                try StateKeeper(directory: directory).save(named: name)
            }
            try Start.show(snapshot.name)
        }
    }

    /// What `rollback` and `reset` share.
    struct Change: ParsableArguments {
        @OptionGroup var place: Place

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Only what is this series' own: its scaling, calibration, hidden state and incidents. May be a pattern.",
                valueName: "NAME"))
        var series: [String] = []

        @Flag(name: .long, help: "Do it; without this it only says what would change.")
        var yes = false

        func run(_ verb: String, _ plan: (StateKeeper) async throws -> StateKeeper.Plan) async throws {
            let directory = try place.directory()
            let keeper = StateKeeper(directory: directory)
            try await Start.exiting(on: Start.logger()) {
                let plan = try await plan(keeper)
                try Start.show(plan.touched.isEmpty ? "the state is empty" : "\(verb):\n\(plan.text)")
                guard yes else { return Start.say("nothing was changed; with --yes it is done") }
                let undo = try await keeper.carryOut(plan)
                Start.say(
                    "done"
                        + (undo.map { "; how it was is kept as \($0.name): monitord state rollback \($0.name)" } ?? ""))
            }
        }
    }

    /// `monitord state rollback`.
    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go back to a snapshot.",
            discussion: """
                All that was learned is as it was then, weights included, and files are read again from where they stood, \
                as far as they are still there; alerts that are raised again are known by their ids and not told twice. \
                With --series only what is those series' own goes back; weights are a group's, and stay.
                """)

        @OptionGroup var change: Change

        @Argument(help: ArgumentHelp("The snapshot.", valueName: "NAME"))
        var name: String

        func run() async throws {
            try await change.run("goes back to \(name)") { try await $0.planRollback(to: name, series: change.series) }
        }
    }

    /// `monitord state reset`.
    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drop what was learned, and begin anew.",
            discussion: """
                The history of alerts stays. Without --series the positions in files are dropped too: what is there is \
                read from the beginning.
                """)

        @OptionGroup var change: Change

        func run() async throws {
            try await change.run("begins anew") { try await $0.planReset(series: change.series) }
        }
    }
}
