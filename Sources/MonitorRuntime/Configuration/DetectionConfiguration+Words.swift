internal import AnomalyDetection
internal import NeuralNet

extension DetectionConfiguration {
    /// Which detectors take part, and whether networks do, in one line: what profile, `detectors` and `networks` come to.
    var takingPart: String {
        let names = detectors.kinds.map(\.name).joined(separator: ", ")
        guard usesNetworks else {
            let reason = profile.detectors.usesNetworks ? "" : ": the profile \(profile.rawValue) has none"
            return "\(detectors.kinds.count) detectors take part: \(names); no networks"
                + (allowsNetworks ? reason : ": networks = false")
        }
        return "\(detectors.kinds.count) detectors take part: \(names); networks: forecaster \(forecaster.rawValue), "
            + "autoencoder \(autoencoder.rawValue)"
    }

    /// Remarks on entries of `detectors` that change nothing.
    var idleEntryRemarks: [String] {
        profile.detectors.idle(among: chosenDetectors).map { entry in
            let state = entry.hasPrefix("+") ? "takes part already" : "does not take part anyway"
            return
                "detectors: \"\(entry)\" changes nothing: \(entry.dropFirst()) \(state) in the profile \(profile.rawValue)"
        }
    }
}
