import AnomalyDetection
import ArgumentParser
import FoundationEssentials
import MonitorRuntime

/// `monitord detectors`.
struct Detectors: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the detectors: what each sees, and what it costs on this machine.",
        discussion: """
            Bytes are those of one series. Times are processor time to score and learn a sample, measured when asked, \
            within a second, on synthetic samples that are the same each time. `detectors`, `profile`, `forecaster`, \
            `forecast_head`, `horizon` and `autoencoder` in the configuration choose among them.
            """)

    @Option(
        name: .long, help: ArgumentHelp("Channels of the series that the figures are for, 1 to 4096.", valueName: "N"))
    var channels = 1

    @Flag(name: .long, help: "Print one line of JSON.")
    var json = false

    func validate() throws {
        guard (1...4_096).contains(channels) else {
            throw ValidationError("--channels is 1 to 4096, not \(channels)")
        }
    }

    func run() throws {
        let catalogue = DetectorCatalogue.measured(channelCount: channels)
        try Start.show(json ? try Self.line(catalogue) : Self.table(catalogue))
    }

    private static func table(_ catalogue: DetectorCatalogue) -> String {
        let channels = catalogue.channelCount == 1 ? "1 channel" : "\(catalogue.channelCount) channels"
        var text =
            "Measured now, on this machine, on synthetic samples of \(channels): processor time of a sample, bytes a series.\n\n"
        text += row("detector", "in", "µs", "bytes", "what it sees (source)") + "\n"
        for entry in catalogue.entries {
            let facts = entry.kind.facts
            text +=
                row(
                    facts.name, profiles(of: entry.kind).joined(separator: " "), microseconds(entry.microseconds),
                    "\(entry.bytes)", "\(facts.summary) (\(facts.source))") + "\n"
        }
        text +=
            "\nWithout calibration and, of those that look at forecasts and reconstructions, without the networks.\n"
        for whole in catalogue.profiles {
            text +=
                "profile = \"\(whole.profile.rawValue)\": \(whole.bytes) bytes a series with everything, "
                + "\(whole.microseconds) µs a sample with training\n"
        }
        text += "\nNetworks, Float32; the weights are shared by the series of a group:\n"
        for network in catalogue.networks {
            text +=
                "  " + padded(network.choice, 32) + padded("\(network.size.weightBytes)", 8, isNumber: true)
                + " bytes of weights," + padded("\(network.size.stateBytes)", 7, isNumber: true) + " a series\n"
        }
        text +=
            "\nOf network flows, besides: peaks, by how far a host exceeds its own peaks, against how far all hosts do (peaks over "
            + "threshold on pooled block maxima: Pickands 1975, Hosking and Wallis 1997); it judges the others' score likewise.\n"
        return text + "forecast_head and horizon are those of the lstm; what is not said is as by default."
    }

    private static func row(_ name: String, _ set: String, _ time: String, _ bytes: String, _ sees: String) -> String {
        padded(name, 22) + padded(set, 10) + padded(time, 7, isNumber: true) + padded(bytes, 9, isNumber: true) + "  "
            + sees
    }

    private static func padded(_ text: String, _ width: Int, isNumber: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - text.count))
        return isNumber ? blanks + text : text + blanks
    }

    private static func profiles(of kind: DetectorKind) -> [String] {
        DetectionProfile.allCases.filter { $0.detectors.contains(kind) }.map(\.rawValue)
    }

    private static func microseconds(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private struct Listing: Codable {
        struct Detector: Codable {
            var name: String
            var summary: String
            var source: String
            var profiles: [String]
            var bytes: Int
            var microseconds: Double
        }
        struct Profile: Codable {
            var name: String
            var bytes: Int
            var microseconds: Int
        }
        struct Network: Codable {
            var choice: String
            var weight_bytes: Int
            var series_bytes: Int
        }
        var channels: Int
        var detectors: [Detector]
        var profiles: [Profile]
        var networks: [Network]
    }

    private static func line(_ catalogue: DetectorCatalogue) throws -> String {
        let listing = Listing(
            channels: catalogue.channelCount,
            detectors: catalogue.entries.map {
                .init(
                    name: $0.kind.name, summary: $0.kind.summary, source: $0.kind.facts.source,
                    profiles: profiles(of: $0.kind), bytes: $0.bytes,
                    microseconds: ($0.microseconds * 1_000).rounded() / 1_000)
            },
            profiles: catalogue.profiles.map {
                .init(name: $0.profile.rawValue, bytes: $0.bytes, microseconds: $0.microseconds)
            },
            networks: catalogue.networks.map {
                .init(choice: $0.choice, weight_bytes: $0.size.weightBytes, series_bytes: $0.size.stateBytes)
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(listing), as: UTF8.self)
    }
}
