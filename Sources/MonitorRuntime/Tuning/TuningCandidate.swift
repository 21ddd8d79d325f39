import AnomalyDetection
import Ingest
import NeuralNet
import TimeSeries

/// One way to set monitord up that `tune` tries: the configuration in force with a few keys changed.
struct TuningCandidate: Sendable {
    /// A short name: `lean`.
    var name: String
    /// Why one might want it.
    var reason: String
    var configuration: MonitorConfiguration
    /// What to write into the configuration, a line of TOML each; comments where a key is to be taken away.
    var lines: [String]

    /// The configuration as it is, then the others; one that is as it is already is left out.
    ///
    /// - Parameter interval: what the recording shows, in seconds; `nil` when it has no times.
    static func all(of base: MonitorConfiguration, interval: Double?) -> [TuningCandidate] {
        var candidates = [
            TuningCandidate(name: "present", reason: "as it is", configuration: base, lines: [])
        ]
        func add(_ name: String, _ reason: String, _ lines: [String], _ change: (inout MonitorConfiguration) -> Void) {
            var changed = base
            change(&changed)
            guard changed != base else { return }
            candidates.append(TuningCandidate(name: name, reason: reason, configuration: changed, lines: lines))
        }
        add("full", "all detectors of the usual set", lines(.full, .full, of: base)) {
            $0.detection.profile = .full
            $0.detection.chosenDetectors = []
        }
        add(
            "lean", "statistics alone, short memories: a tenth of the memory", lines(.lean, .lean, of: base)
        ) {
            $0.detection.profile = .lean
            $0.detection.chosenDetectors = []
        }
        let bare = DetectorSet.full.withoutNetworks
        add("statistics", "the usual set without its networks", lines(.full, bare, of: base)) {
            $0.detection.profile = .full
            $0.detection.chosenDetectors = bare.kinds.map(\.name)
        }
        if let declared = base.sources.first?.interval {
            let shown =
                interval.map { " (the recording has one sample each \(ConfigurationUnits.text(duration: $0)))" } ?? ""
            add(
                "interval", "the interval is learned, not declared\(shown)",
                ["# [[source]]: take interval = \"\(ConfigurationUnits.text(duration: declared))\" away"]
            ) { $0.sources[0].interval = nil }
        }
        guard base.detection.usesNetworks else { return candidates }
        add("gru", "another forecaster", ["forecaster = \"gru\""]) { $0.detection.forecaster = .gru }
        add("lstm", "another forecaster", ["forecaster = \"lstm\""]) { $0.detection.forecaster = .lstm }
        add("cnn", "another forecaster", ["forecaster = \"cnn\""]) { $0.detection.forecaster = .cnn }
        add("quantile", "a forecast that states its quantiles", ["forecast_head = \"quantile\""]) {
            $0.detection.forecastHead = .quantile
        }
        add("far", "forecasts four samples ahead", ["horizon = 4"]) { $0.detection.horizon = 4 }
        add("convolutional", "another autoencoder", ["autoencoder = \"convolutional\""]) {
            $0.detection.autoencoder = .convolutional
        }
        return candidates
    }
    /// The keys that give a profile with these detectors, whatever the files before say.
    private static func lines(
        _ profile: DetectionProfile, _ detectors: DetectorSet, of base: MonitorConfiguration
    ) -> [String] {
        var lines: [String] = []
        if base.detection.profile != profile { lines.append("profile = \(TOMLDocument.quoted(profile.rawValue))") }
        // A list cannot be taken back by another file, only replaced.
        if detectors != profile.detectors || !base.detection.chosenDetectors.isEmpty {
            let names = detectors.kinds.map { TOMLDocument.quoted($0.name) }.joined(separator: ", ")
            lines.append("detectors = [\(names)]")
        }
        return lines
    }
}
