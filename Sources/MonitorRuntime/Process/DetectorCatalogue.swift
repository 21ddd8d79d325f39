public import AnomalyDetection
import NeuralNet

/// What `monitord detectors` lists: every detector and network that configuration can choose, with what it takes.
public struct DetectorCatalogue: Sendable {
    /// One detector.
    public struct Entry: Sendable {
        /// Which it is.
        public let kind: DetectorKind
        /// Bytes that it takes of each series, without its calibration.
        public let bytes: Int
        /// Processor time of a sample on this machine, scored and learned, without the networks.
        public let microseconds: Double
    }

    /// The channels that the figures are for.
    public let channelCount: Int
    /// All detectors, in their order.
    public let entries: [Entry]
    /// What a series takes under each profile, all included, and the processor time of a sample with training.
    public let profiles: [(profile: DetectionProfile, bytes: Int, microseconds: Int)]

    private static let warmUpSamples = 400

    /// Measures all detectors, one after another.
    ///
    /// - Parameters:
    ///   - channelCount: 1 to 4,096.
    ///   - seconds: wall-clock time that measuring the detectors takes, about.
    public static func measured(channelCount: Int, seconds: Double = 0.4) -> DetectorCatalogue {
        let share = seconds / Double(2 * DetectorKind.allCases.count)
        let entries = DetectorKind.allCases.map { kind in
            var trial = DetectorTrial(kind, channelCount: channelCount)
            for _ in 0..<warmUpSamples { trial.step() }
            let whole = time(of: share) { trial.step() }
            let samples = time(of: share) { trial.makeSample() }
            return Entry(kind: kind, bytes: trial.memoryBytes, microseconds: max(0, whole - samples))
        }
        let profiles = DetectionProfile.allCases.map { profile in
            let detection = DetectionConfiguration(profile: profile)
            let cost = SeriesCost.measure(channelCount: channelCount, detection: detection)
            return (profile, cost.bytes, cost.microseconds)
        }
        return DetectorCatalogue(channelCount: channelCount, entries: entries, profiles: profiles)
    }

    /// Microseconds of processor time of one call, measured over so many seconds.
    private static func time(of seconds: Double, _ call: () -> Void) -> Double {
        let begin = ProcessUsage.now()
        var calls = 0
        var now = begin
        repeat {
            for _ in 0..<50 { call() }
            calls += 50
            now = ProcessUsage.now()
        } while now.seconds - begin.seconds < seconds
        return (now.cpuSeconds - begin.cpuSeconds) / Double(calls) * 1e6
    }

    /// A network that a key chooses.
    public struct Network: Sendable {
        /// The key, with its value.
        public let choice: String
        /// What it takes.
        public let size: NetworkSize
    }

    /// The forecasters, heads and horizons, then the autoencoders.
    public var networks: [Network] {
        let cells = ForecasterCell.allCases.map { cell in
            network("forecaster = \"\(cell.rawValue)\"", ForecasterVariant(cell: cell))
        }
        let heads = OutputHead.allCases.map { head in
            network("forecast_head = \"\(head.rawValue)\"", ForecasterVariant(cell: .lstm, head: head))
        }
        let horizons = [4, 8].map { network("horizon = \($0)", ForecasterVariant(cell: .lstm, horizon: $0)) }
        let autoencoders = AutoencoderArchitecture.allCases.map {
            Network(
                choice: "autoencoder = \"\($0.rawValue)\"", size: .autoencoder($0, channelCount: channelCount))
        }
        return cells + heads + horizons + autoencoders
    }

    private func network(_ choice: String, _ variant: ForecasterVariant) -> Network {
        Network(choice: choice, size: .forecaster(variant, channelCount: channelCount))
    }
}
