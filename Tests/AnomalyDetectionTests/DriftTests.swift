import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// Slow changes that are learned, told apart from what only looks like one.
@Suite struct DriftTests {
    enum Background: CaseIterable {
        case noise, autoregressive, season, growingSeason, walk
    }

    private struct Signal {
        var background: Background
        var generator: SeededGenerator
        var last = 0.0
        var step = 0

        init(_ background: Background, seed: UInt64) {
            self.background = background
            generator = SeededGenerator(seed: seed)
        }

        mutating func next() -> Double {
            step += 1
            let noise = normal(&generator)
            let day = cosine(Double(step) * 6.283185307179586 / 288)
            switch background {
            case .noise: return noise
            case .autoregressive:
                last = 0.9 * last + 0.43588989 * noise
                return last
            case .season: return 1.2 * day + 0.5 * noise
            // A daily wave that grows, below the noise.
            case .growingSeason: return 0.8 * Double(step) / 16_000 * day + noise
            case .walk:
                last += noise
                return last
            }
        }
    }

    /// Feeds a watch alone, with scalers, every sample as usual.
    private struct Watched {
        var watch = DriftWatch(channelCount: 1)
        var scalers = [ChannelScaler()]
        var frame = Frame(channelCount: 1)
        var changes: [(sample: Int, change: DriftChange)] = []
        var sample = 0

        mutating func learn(_ value: Double) {
            let hasPrevious = frame.isPresent[0]
            frame.previousScaled[0] = frame.scaled[0]
            frame.isPresent[0] = true
            frame.presentCount = 1
            frame.hasChange[0] = hasPrevious
            frame.isScaled[0] = scalers[0].count >= 5
            frame.scale[0] = scalers[0].scale
            frame.values[0] = value
            frame.scaled[0] = Float((value - scalers[0].location) / frame.scale[0])
            watch.clear()
            watch.learn(frame, scalers: scalers, interval: 300)
            scalers[0].learn(value, isOpen: true)
            if let change = watch.change { changes.append((sample, change)) }
            sample += 1
        }

        var begun: [Drift] {
            changes.compactMap {
                guard case .begins(let drift) = $0.change else { return nil }
                return drift
            }
        }
    }

    @Test(arguments: Background.allCases) func `what goes nowhere, and what only wanders, is no drift`(
        background: Background
    ) {
        for seed in UInt64(1)...8 {
            var watched = Watched()
            var signal = Signal(background, seed: seed)
            for _ in 0..<16_000 { watched.learn(signal.next()) }
            #expect(watched.changes.isEmpty, "seed \(seed): \(watched.changes)")
        }
    }

    @Test(arguments: [Background.noise, .season, .autoregressive])
    func `a step is maintenance and no drift`(background: Background) {
        for size in [3.0, -8] {
            var watched = Watched()
            var signal = Signal(background, seed: 4)
            for step in 0..<12_000 { watched.learn(signal.next() + (step < 6_000 ? 0 : size)) }
            #expect(watched.changes.isEmpty, "\(size): \(watched.changes)")
        }
    }

    @Test(arguments: [(Background.noise, 3.0, 2_000), (.noise, -2, 1_000), (.season, 4, 2_000), (.season, -5, 4_000)])
    func `a slow ramp is told once, from where to where, and its end`(ramp: (Background, size: Double, samples: Int)) {
        var watched = Watched()
        var signal = Signal(ramp.0, seed: 3)
        for step in 0..<14_000 {
            let share = min(1, max(0, Double(step - 6_000) / Double(ramp.samples)))
            watched.learn(61 + signal.next() + ramp.size * share)
        }
        #expect(watched.begun.count == 1, "\(watched.changes)")
        guard let drift = watched.begun.first, let first = watched.changes.first, let last = watched.changes.last
        else { return }
        #expect((6_000..<(6_000 + ramp.samples + 800)).contains(first.sample), "\(first)")
        #expect(drift.quantity == .level && (drift.to - drift.from) * ramp.size > 0)
        #expect((drift.to - drift.from).magnitude <= ramp.size.magnitude + 0.6, "\(drift)")
        guard case .ends(let ended) = last.change else {
            Issue.record("never over: \(watched.changes)")
            return
        }
        #expect((ended.to - 61 - ramp.size).magnitude < 0.8, "\(ended)")
    }

    @Test func `a channel that grows rougher is told of its changes`() {
        var watched = Watched()
        var signal = Signal(.noise, seed: 3)
        for step in 0..<12_000 {
            let share = min(1, max(0, Double(step - 6_000) / 2_000))
            watched.learn((1 + 2 * share) * signal.next())
        }
        #expect(watched.begun.map(\.quantity) == [.roughness], "\(watched.changes)")
        #expect(watched.begun.allSatisfy { $0.to > 1.5 * $0.from })
    }

    @Test func `a drift that is dismissed begins again when it goes on`() {
        var watched = Watched()
        var signal = Signal(.noise, seed: 3)
        var begins = 0
        for step in 0..<9_000 {
            watched.learn(signal.next() + min(1, max(0, Double(step - 6_000) / 1_000)) * 6)
            guard watched.watch.change != nil else { continue }
            begins += 1
            watched.watch.dismiss()
        }
        #expect(begins > 1)
        #expect(watched.watch.current == nil)
    }

    @Test func `a watch goes on from its bytes and takes a kilobyte a channel`() throws {
        var watched = Watched()
        var signal = Signal(.noise, seed: 3)
        func ramp(_ step: Int) -> Double { min(1, max(0, Double(step - 4_000) / 1_000)) * 4 }
        for step in 0..<4_900 { watched.learn(signal.next() + ramp(step)) }
        #expect(watched.watch.current != nil)
        var writer = StateWriter()
        watched.watch.encode(to: &writer)
        var other = watched
        var reader = StateReader(writer.bytes)
        other.watch = try DriftWatch(from: &reader, channelCount: 1)
        #expect(reader.remaining == 0)
        for step in 4_900..<9_000 {
            let value = signal.next() + ramp(step)
            watched.learn(value)
            other.learn(value)
        }
        #expect(watched.changes.map(\.sample) == other.changes.map(\.sample) && watched.watch == other.watch)
        #expect(watched.changes.count == 2)
        #expect(watched.watch.memoryBytes <= 1_024, "\(watched.watch.memoryBytes)")
        #expect(throws: StateCodingError.self) {
            var short = StateReader(Array(writer.bytes.dropLast()))
            _ = try DriftWatch(from: &short, channelCount: 1)
        }
    }

    @Test func `a lean series has no room for it`() {
        #expect(Rig(channels: 1, networks: false).monitor.drifts != nil)
        #expect(Rig(channels: 1, networks: false, profile: .lean).monitor.drifts == nil)
    }
}
