import ArgumentParser
import MonitorRuntime

extension State {
    /// `monitord state export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the networks as safetensors and ONNX.",
            discussion: """
                For each stream and group of series with the same channels: NAME.safetensors with the weights, \
                NAME.forecaster.onnx and NAME.autoencoder.onnx with the networks, and NAME.json with the channels and how \
                each series is scaled. What is exported is the last commit; a daemon may have the state in use.
                """)

        @OptionGroup var place: Place

        @Option(name: .long, help: ArgumentHelp("Export this snapshot instead of the last commit.", valueName: "NAME"))
        var snapshot: String?

        @Option(name: .long, help: ArgumentHelp("Only this stream; `state list` names them.", valueName: "NAME"))
        var stream: String?

        @Option(name: .long, help: ArgumentHelp("Only the group of this number, from 0.", valueName: "NUMBER"))
        var group: Int?

        @Option(
            name: .long, help: ArgumentHelp("The folder to write to; made when it is missing.", valueName: "DIR"),
            completion: .directory)
        var to: String

        @Flag(name: .long, help: "Replace files that are there already.")
        var force = false

        func run() async throws {
            let directory = try place.directory()
            let export = try await Start.exiting(on: Start.logger()) {
                let export = try await ModelExport(
                    of: directory, ModelExport.Selection(snapshot: snapshot, stream: stream, group: group))
                try export.write(to: to, replacing: force)
                return export
            }
            for remark in export.remarks { Start.say("left out: \(remark)") }
            try Start.show(export.files.map { "\(to)/\($0.name)" }.joined(separator: "\n"))
        }
    }
}
