import NeuralNet
import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// Contributions by scoring once more: right, bounded, and without a trace in the series.
@Suite struct AttributionTests {
    private static let everything =
        DetectorKind.allCases.filter { !DetectorSet.full.contains($0) }.map { "+" + $0.name }

    /// A monitor of eight channels that go together in two groups, with networks that learn as in a run.
    private struct Bench {
        var configuration: DetectionConfiguration
        var monitor: SeriesMonitor
        var scratch: ScoringScratch
        var log = TrainingLog()
        var models: GroupModels
        let trainer: GroupTrainer
        let channels: Int
        private var generator: SeededGenerator
        private var common = SIMD2<Double>()
        private(set) var tick = 0

        init(channels: Int, detectors: [String], method: ExplanationMethod = .occlusion, seed: UInt64) {
            configuration = DetectionConfiguration(falseAlarmsPerSecond: 1.0 / 30, detectors: detectors)
            configuration.explanation = method
            self.channels = channels
            monitor = SeriesMonitor(channelCount: channels, configuration: configuration, seriesSeed: seed)
            scratch = ScoringScratch(channelCount: channels, configuration: configuration, kernels: .best)
            trainer = GroupTrainer(channelCount: channels, configuration: configuration, kernels: .best)
            models = trainer.models()
            generator = SeededGenerator(seed: seed)
        }

        /// The next sample, changed by the caller.
        @discardableResult
        mutating func step(
            trains: Bool, _ change: (inout [Double]) -> Void = { _ in }, isTold: (Verdict) -> Bool = { _ in true }
        ) -> Verdict {
            for index in 0..<2 { common[index] = 0.9 * common[index] + 0.44 * normal(&generator) }
            let wave = cosine(Double(tick) / 40)
            var values = (0..<channels).map {
                10 * ($0 % 2 == 0 ? wave + common[0] : common[1]) + 3 * normal(&generator)
            }
            change(&values)
            tick += 1
            let verdict = monitor.observe(
                SampleInput(time: Timestamp(nanoseconds: Int64(tick) * 1_000_000_000), interval: 1),
                values: values.span,
                models: models, scratch: &scratch, log: &log, isTold: isTold)
            if tick % 8 == 0 {
                if trains {
                    let round = UInt64(tick / 8)
                    trainer.absorb(log, round: round)
                    trainer.train(round: round)
                    models = trainer.models()
                }
                log.removeAll()
            }
            return verdict
        }
    }

    /// Whether the largest part of a detector's score is that of the one channel of eight that jumps by ten of its deviations, at
    /// the first sample that is told; `nil` when none is, or when the detector has no say in it.
    private func leads(_ kind: DetectorKind, method: ExplanationMethod, seed: UInt64) -> Bool? {
        // Those that open nothing by themselves are asked what they make of a sample that the level opens.
        let isAlone = kind.aspect != nil && !kind.usesNetworks || kind == .stuck || kind == .reconstructionWindow
        var bench = Bench(
            channels: 8, detectors: isAlone ? [kind.name] : [kind.name, "level"], method: method, seed: seed)
        let planted = Int(splitMix(seed) % 8)
        for step in 0..<640 { bench.step(trains: kind.usesNetworks && step < 320) }
        for step in 0..<24 {
            let verdict = bench.step(trains: false) { values in
                switch kind {
                case .stuck: values[planted] = 3
                case .volatility, .likelihood, .matrixProfile: values[planted] += step % 2 == 0 ? 80 : -80
                default: values[planted] += 80
                }
            }
            // A mean over tens of samples has hardly moved at the first.
            let isSlow = kind == .shift || kind == .slowShift
            guard isSlow ? step == 20 : verdict.isEvent else { continue }
            guard !isAlone else { return bench.monitor.explain().channels[0].channel == planted }
            var parts = Array(repeating: 0.0, count: 8)
            bench.monitor.bank[kind]?.contributions(into: &parts)
            if let found = bench.monitor.attribution?.parts[kind.rawValue], !found.isEmpty { parts = found }
            return parts.firstIndex(of: parts.max() ?? 0) == planted
        }
        return nil
    }

    @Test(arguments: DetectorKind.allCases.filter { $0 != .seasonal })
    func `an anomaly of one channel of eight is that channel's, to each detector by itself`(kind: DetectorKind) {
        for method in kind.isOccluded ? ExplanationMethod.allCases : [.occlusion] {
            let found = (1...4).compactMap { leads(kind, method: method, seed: UInt64($0)) }
            let right = found.count { $0 }
            // All of them, as it stands, where one of eight would lead by chance; of the narrow layer, which no channel is close
            // to, half.
            #expect(!found.isEmpty && right >= (kind == .latent ? found.count / 2 : found.count), "\(method): \(found)")
        }
    }

    @Test func `explaining leaves no trace in the series`() {
        var told = Bench(channels: 4, detectors: Self.everything, seed: 3)
        var sampled = Bench(channels: 4, detectors: Self.everything, method: .shapley, seed: 3)
        var untold = Bench(channels: 4, detectors: Self.everything, seed: 3)
        var explained = 0
        for step in 0..<700 {
            let change: (inout [Double]) -> Void = { if step % 90 > 85, step > 300 { $0[step / 90 % 4] += 100 } }
            let verdict = told.step(trains: step < 300, change)
            #expect(sampled.step(trains: step < 300, change) == verdict)
            #expect(untold.step(trains: step < 300, change, isTold: { _ in false }) == verdict)
            let isExplained = told.monitor.attribution?.sampleNumber == UInt64(step)
            guard isExplained else { continue }
            explained += 1
            let before = told.monitor.bytes
            #expect(told.monitor.explain() == told.monitor.explain())
            #expect(told.monitor.bytes == before)
            #expect(sampled.monitor.bytes == before && untold.monitor.bytes == before)
        }
        #expect(explained > 0 && untold.monitor.attribution == nil)
        #expect(told.monitor.bytes == untold.monitor.bytes)
    }

    @Test func `the same sample scores the same again, and so does what comes after it`() {
        var bench = Bench(channels: 5, detectors: Self.everything, seed: 5)
        for step in 0..<500 { bench.step(trains: step < 200) }
        var asked = 0
        for step in 0..<40 {
            bench.step(trains: false) { if step == 30 { $0[2] += 60 } }
            // The sample is learned by now: score the next one by hand, as the monitor would.
            var monitor = bench.monitor
            let kinds = monitor.bank.kinds
            var raw = bench.scratch.evidence.raw
            monitor.bank.score(monitor.frame, into: &raw)
            var again = CounterfactualScores(
                kinds.compactMap { monitor.bank[$0] }, networks: nil, frame: monitor.frame,
                location: monitor.location)
            var scores = Array(repeating: 0.0, count: kinds.count)
            var other = scores
            let isAside = [false, true, true, false, true]
            again.score(isAside: isAside, models: bench.models, scratch: &bench.scratch, into: &other)
            again.score(
                isAside: Array(repeating: false, count: 5), models: bench.models, scratch: &bench.scratch, into: &scores
            )
            for (index, kind) in kinds.enumerated() {
                #expect(scores[index] == Double(raw[kind.rawValue]), "\(kind)")
                if other[index] != scores[index] { asked += 1 }
            }
        }
        #expect(asked > 0)
    }

    @Test func `of many channels those furthest from their usual value are put aside`() {
        var frame = Frame(channelCount: 100)
        for index in 0..<100 {
            frame.isPresent[index] = index != 7
            frame.isScaled[index] = true
            frame.scaled[index] = index % 3 == 0 ? 5 : 0.1 * Float(index % 5)
        }
        let scores = CounterfactualScores(
            [], networks: nil, frame: frame, location: Array(repeating: 0, count: 100))
        #expect(scores.players.count == CounterfactualScores.mostPlayers)
        #expect(Set(stride(from: 0, to: 100, by: 3)).isSubset(of: scores.players))
        #expect(!scores.players.contains(7) && scores.players == scores.players.sorted())
    }
}
