import AnomalyDetection
import Ingest
import NeuralNet
import Persistence
import Synchronization
import TimeSeries

/// What watching one series costs once all its rings are full, found by filling one.
struct SeriesCost: Sendable {
    /// Memory of the series.
    var bytes: Int
    /// Its piece of a stored state.
    var pieceBytes: Int
    /// Processor time of a sample, training included.
    var microseconds: Int

    /// Samples after which every ring has its last size.
    static let samples = 10_000
    /// Bytes that a sample takes on its way through a tick, when a tick of all series comes at once.
    static let bytesInHand = 2 * (MemoryLayout<StreamSequencer.Step>.stride + MemoryLayout<LineOutcome>.stride)

    /// Measures with random values, a second apart.
    ///
    /// - Parameter samples: after which the series takes so much, at least 1.
    static func measure(
        channelCount: Int, detection: DetectionConfiguration, samples: Int = SeriesCost.samples
    ) -> SeriesCost {
        let trainer = GroupTrainer(channelCount: channelCount, configuration: detection, kernels: .best)
        var models = trainer.models()
        var monitor = SeriesMonitor(channelCount: channelCount, configuration: detection, seriesSeed: 1)
        var scratch = ScoringScratch(channelCount: channelCount, configuration: detection, kernels: .best)
        var log = TrainingLog()
        var generator = SeededGenerator(seed: 1)
        let begin = ProcessUsage.now().cpuSeconds
        for tick in 0..<samples {
            let sample = SampleInput(time: Timestamp(nanoseconds: Int64(tick) * 1_000_000_000), interval: 1)
            let numbers = (0..<channelCount).map { _ in generator.uniform() }
            _ = monitor.observe(sample, values: numbers.span, models: models, scratch: &scratch, log: &log)
            guard tick % StreamSequencer.samplesPerSeries == StreamSequencer.samplesPerSeries - 1 else { continue }
            let round = UInt64(tick / StreamSequencer.samplesPerSeries)
            trainer.absorb(log, round: round)
            log.removeAll()
            if detection.usesNetworks { trainer.train(round: round) }
            models = trainer.models()
        }
        let seconds = ProcessUsage.now().cpuSeconds - begin
        let sensors = SensorIncidents(channelCount: channelCount, falseAlarmsPerSecond: 0, missing: .gap)
        var writer = StateWriter()
        monitor.encode(to: &writer)
        sensors.encode(to: &writer)
        return SeriesCost(
            bytes: monitor.memoryBytes + sensors.memoryBytes + SilenceWatch.bytesPerSeries,
            pieceBytes: writer.bytes.count,
            microseconds: Int((seconds / Double(samples) * 1e6).rounded(.up)))
    }
}

extension MonitorConfiguration {
    /// What the detectors of one series of so many channels cost as they are configured.
    func seriesCost(channelCount: Int, samples: Int = SeriesCost.samples) -> SeriesCost {
        SeriesCost.measure(channelCount: channelCount, detection: detection, samples: samples)
    }

    /// The bound on series and on the memory of the process, of which the program itself has its part already.
    ///
    /// A series is reckoned at what one with so many channels takes when its rings are full, with what its state and its
    /// history take beside it; measured once for each number of channels.
    func seriesAllowance() -> SeriesAllowance {
        let known = Mutex<[Int: Int]>([:])
        let configuration = self
        let allowance = SeriesAllowance(mostSeries: mostSeries, mostBytes: mostMemory) { channels in
            known.withLock { known in
                if let bytes = known[channels] { return bytes }
                let count = max(1, channels)
                let bytes = ResidentMemory.atMost(
                    configuration.residentBytes(
                        configuration.seriesCost(channelCount: count), channelCount: count))
                known[channels] = bytes
                return bytes
            }
        }
        allowance.reserve(bytes: programBytes)
        return allowance
    }
}
