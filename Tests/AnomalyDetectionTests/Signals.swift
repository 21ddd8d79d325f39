import AnomalyDetection
import NeuralNet
import TestSupport
import TimeSeries

/// A monitor with all that it needs around it, driven one sample a second.
struct Rig {
    let configuration: DetectionConfiguration
    var monitor: SeriesMonitor
    var scratch: ScoringScratch
    var log = TrainingLog()
    var models: GroupModels
    var tick = 0

    init(
        channels: Int, networks: Bool = true, seed: UInt64 = 1, budget: Double = 1.0 / 604_800,
        forecaster: ForecasterVariant = ForecasterVariant(), autoencoder: AutoencoderArchitecture = .dense,
        profile: DetectionProfile = .full
    ) {
        configuration = DetectionConfiguration(
            falseAlarmsPerSecond: budget, seed: seed, usesNetworks: networks, forecaster: forecaster.cell,
            forecastHead: forecaster.head, horizon: forecaster.horizon, autoencoder: autoencoder, profile: profile)
        monitor = SeriesMonitor(channelCount: channels, configuration: configuration, seriesSeed: 11)
        scratch = ScoringScratch(channelCount: channels, configuration: configuration, kernels: .best)
        models = GroupModels(channelCount: channels, configuration: configuration)
    }

    mutating func observe(_ values: [Double], missed: Int = 0, restarts: Bool = false) -> Verdict {
        tick += missed + 1
        let sample = SampleInput(
            time: Timestamp(nanoseconds: Int64(tick) * 1_000_000_000), missedTicks: missed, windowRestarts: restarts,
            interval: 1)
        return monitor.observe(
            sample, values: values.span, models: models, scratch: &scratch, log: &log)
    }
}

/// Correlated channels: a common wave and noise of their own.
func wave(_ tick: Int, channels: Int, _ generator: inout SeededGenerator) -> [Double] {
    let common = cosine(Double(tick) / 40)
    return (0..<channels).map { Double($0 + 1) * (10 + common + 0.3 * normal(&generator)) }
}

extension StateWriter {
    /// The bytes that something writes.
    static func bytes(_ write: (inout StateWriter) -> Void) -> [UInt8] {
        var writer = StateWriter()
        write(&writer)
        return writer.bytes
    }
}

extension SeriesMonitor {
    /// The checkpoint.
    var bytes: [UInt8] { StateWriter.bytes { encode(to: &$0) } }
}
