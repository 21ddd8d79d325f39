import AnomalyDetection
import NeuralNet
import TimeSeries

/// A series as its shard has it: what one sample costs from its values to its verdict, learning included.
///
/// `observe` is a sample scored and learned by everything that is the series' own. `round` is that of eight samples and what
/// the group's networks then learn from them, with the weights that the next round is scored with.
func registerObserving() {
    let sets: [(name: String, configuration: DetectionConfiguration)] = [
        ("full", DetectionConfiguration(profile: .full)),
        ("lean", DetectionConfiguration(profile: .lean)),
        // As in full-work.toml.
        ("full work", DetectionConfiguration(detectors: ["forecast", "reconstruction"])),
    ]
    for (name, configuration) in sets {
        for channels in channelCounts {
            registerObserve(name, configuration, channels)
            if configuration.usesNetworks { registerRound(name, configuration, channels) }
        }
    }
}

private let samplesOfRound = 8
/// Rounds that fill every ring: the thresholds remember 400 blocks of 120 samples. Learned, as in a daemon that has run long.
private let warmUpRounds = 7_500
private let rounds = 100

/// One series with its group's networks.
private struct MonitoredSeries {
    private let trains: Bool
    private let trainer: GroupTrainer
    private var models: GroupModels
    private var monitor: SeriesMonitor
    private var scratch: ScoringScratch
    private var log = TrainingLog()
    private var signal: Signal
    private var tick = 0

    init(_ detection: DetectionConfiguration, channels: Int) {
        // Asked once: it works the set of detectors out.
        trains = detection.usesNetworks
        trainer = GroupTrainer(channelCount: channels, configuration: detection, kernels: .best)
        models = trainer.models()
        monitor = SeriesMonitor(channelCount: channels, configuration: detection, seriesSeed: 1)
        scratch = ScoringScratch(channelCount: channels, configuration: detection, kernels: .best)
        signal = Signal(channels: channels)
        for _ in 0..<warmUpRounds {
            observeRound()
            learn()
        }
    }

    /// Scores and learns a round of samples, without the networks' training.
    mutating func observeRound() {
        log.removeAll()
        for _ in 0..<samplesOfRound {
            signal.advance()
            let sample = SampleInput(time: time(60 * tick), interval: 60)
            Self.observe(&monitor, sample, signal.values, models, &scratch, &log)
            tick += 1
        }
    }

    // Static, so that the parts are separate accesses and not several to `self`.
    private static func observe(
        _ monitor: inout SeriesMonitor, _ sample: SampleInput, _ values: [Double], _ models: GroupModels,
        _ scratch: inout ScoringScratch, _ log: inout TrainingLog
    ) {
        // Nobody is told: an explanation is made of the few samples that open an incident, and it may call malloc.
        _ = monitor.observe(
            sample, values: values.span, models: models, scratch: &scratch, log: &log, isTold: { _ in false })
    }

    /// Trains the networks on the round, and takes over their weights.
    mutating func learn() {
        guard trains else { return }
        let round = UInt64(tick / samplesOfRound)
        trainer.absorb(log, round: round)
        trainer.train(round: round)
        models = trainer.models()
    }
}

private func registerObserve(_ name: String, _ configuration: DetectionConfiguration, _ channels: Int) {
    measure("observe: \(name), \(channelsText(channels)) [sample]", .none) {
        MonitoredSeries(configuration, channels: channels)
    } run: { series in
        for _ in 0..<rounds { series.observeRound() }
        return Amount(units: rounds * samplesOfRound)
    }
}

private func registerRound(_ name: String, _ configuration: DetectionConfiguration, _ channels: Int) {
    measure("observe and train: \(name), \(channelsText(channels)) [sample]", .none) {
        MonitoredSeries(configuration, channels: channels)
    } run: { series in
        for _ in 0..<rounds {
            series.observeRound()
            series.learn()
        }
        return Amount(units: rounds * samplesOfRound)
    }
}
