import NeuralNet
import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct SeriesMonitorTests {
    /// Bits of everything in a verdict.
    private static func bits(_ verdict: Verdict) -> [UInt64] {
        [
            verdict.score?.bitPattern ?? 1, verdict.threshold.bitPattern, verdict.severity?.bitPattern ?? 1,
            verdict.isAbnormal ? 1 : 0, verdict.learning.learnedSamples, verdict.sampleNumber,
        ]
    }

    @Test func `scores come after their warm-up`() {
        var rig = Rig(channels: 2)
        var generator = SeededGenerator(seed: 1)
        for step in 0..<220 {
            let verdict = rig.observe(wave(step, channels: 2, &generator))
            #expect((verdict.score != nil) == (step >= 200), "sample \(step)")
            #expect((verdict.severity != nil) == (step >= 150), "sample \(step)")
            #expect(verdict.sampleNumber == UInt64(step))
            #expect(verdict.learning.learnedSeconds == Double(step))
            if step < 150 { #expect(verdict.learning.learnedSamples == UInt64(step)) }
        }
    }

    @Test func `the threshold is the budget's`() {
        var weekly = Rig(channels: 1, networks: false)
        // −log10(1 / 604,800)
        let threshold = weekly.observe([1]).threshold
        #expect((threshold - 5.78161).magnitude < 1e-5)
        var greedy = Rig(channels: 1, networks: false, budget: 5)
        let lowest = greedy.observe([1]).threshold
        #expect(lowest == DetectionRecipe.lowestThreshold)
    }

    @Test(arguments: [true, false])
    func `a jump is an event and a state, and only then`(networks: Bool) {
        var rig = Rig(channels: 2, networks: networks)
        var generator = SeededGenerator(seed: 2)
        var events = 0
        for step in 0..<1_500 where rig.observe(wave(step, channels: 2, &generator)).isEvent { events += 1 }
        #expect(events == 0)
        var isAbnormal = false
        for step in 1_500..<1_540 {
            var values = wave(step, channels: 2, &generator)
            values[1] += 40
            let verdict = rig.observe(values)
            if step == 1_500 { #expect(verdict.isEvent, "score \(verdict.score ?? -1)") }
            isAbnormal = isAbnormal || verdict.isAbnormal
        }
        #expect(isAbnormal)
        for step in 1_540..<2_000 { isAbnormal = rig.observe(wave(step, channels: 2, &generator)).isAbnormal }
        #expect(!isAbnormal)
    }

    @Test func `a lasting fault is not learned until a re-baseline`() {
        var rig = Rig(channels: 1, networks: false)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<1_000 { _ = rig.observe([normal(&generator)]) }
        let learned = rig.monitor.gate.learned
        #expect(learned > 600)
        let location = rig.monitor.scalers[0].location
        for _ in 0..<560 { _ = rig.observe([12 + normal(&generator)]) }
        #expect(rig.monitor.gate.closed > 500)
        #expect(rig.monitor.rebaselines == 0)
        // The handful of samples before the gate closed move the location by less than a tenth of the jump.
        #expect((rig.monitor.scalers[0].location - location).magnitude < 1.2)
        var last = rig.observe([12])
        for _ in 0..<6_000 { last = rig.observe([12 + normal(&generator)]) }
        #expect(rig.monitor.rebaselines >= 1)
        #expect(!last.isAbnormal)
        #expect((rig.monitor.scalers[0].location - 12).magnitude < 2, "\(rig.monitor.scalers[0].location)")
    }

    /// Cuts at every kind of moment with the forecaster of the start, and at a few with others.
    private static let cuts =
        [0, 1, 4, 31, 33, 39, 100, 149, 151, 200, 201, 299, 301, 400, 523].map { ($0, ForecasterVariant()) }
        + [1, 3, 39, 263, 400].flatMap { cut in
            [
                (cut, ForecasterVariant(cell: .rnn)), (cut, ForecasterVariant(cell: .cnn)),
                (cut, ForecasterVariant(head: .quantile)),
                (cut, ForecasterVariant(cell: .gru, head: .gaussian, horizon: 4)),
            ]
        }

    @Test(arguments: cuts)
    func `goes on from its bytes, bit for bit`(cut: Int, forecaster: ForecasterVariant) throws {
        var rig = Rig(channels: 2, forecaster: forecaster)
        var generator = SeededGenerator(seed: 4)
        // Every channel missing now and then, missed ticks, a restart, and a fault.
        func observe(_ rig: inout Rig, _ step: Int, _ values: [Double]) -> Verdict {
            var values = values
            if step % 17 == 5 { values[step % 2] = .nan }
            if step % 97 == 50 { values = [.nan, .nan] }
            if step >= 420, step < 450 { values[0] += 9 }
            return rig.observe(values, missed: step % 41 == 7 ? 2 : step == 350 ? 90 : 0, restarts: step == 260)
        }
        for step in 0..<cut { _ = observe(&rig, step, wave(step, channels: 2, &generator)) }
        let bytes = rig.monitor.bytes
        var reader = StateReader(bytes)
        var restored = rig
        restored.monitor = try SeriesMonitor(from: &reader, configuration: rig.configuration)
        #expect(reader.remaining == 0)
        for step in cut..<(cut + 300) {
            let values = wave(step, channels: 2, &generator)
            let left = observe(&rig, step, values)
            let right = observe(&restored, step, values)
            #expect(Self.bits(left) == Self.bits(right), "sample \(step)")
        }
        #expect(rig.monitor.learningReport == restored.monitor.learningReport)
        #expect(rig.monitor.bytes == restored.monitor.bytes)
    }

    @Test(arguments: [["+isolation", "+neighbours", "+one-class", "+hampel"], ["level", "difference", "stuck"]])
    func `the copy of a fresh one is as one made for the series`(detectors: [String]) throws {
        let configuration = DetectionConfiguration(usesNetworks: false, detectors: detectors)
        let fresh = SeriesMonitor(channelCount: 2, configuration: configuration, seriesSeed: 0)
        var rig = Rig(channels: 2, networks: false)
        // A first one that has changed takes nothing from those that follow.
        for seed in [5, 77] as [UInt64] {
            var generator = SeededGenerator(seed: 4)
            var copy = fresh
            copy.begin(seriesSeed: seed)
            rig.tick = 0
            var made = rig
            made.monitor = SeriesMonitor(channelCount: 2, configuration: configuration, seriesSeed: seed)
            rig.monitor = copy
            for step in 0..<400 {
                let values = wave(step, channels: 2, &generator)
                #expect(Self.bits(rig.observe(values)) == Self.bits(made.observe(values)), "sample \(step)")
            }
            #expect(rig.monitor.bytes == made.monitor.bytes)
            // Read into a copy of the fresh one as into one of its own.
            var (reader, anew) = (StateReader(made.monitor.bytes), [String]())
            let restored = try SeriesMonitor(from: &reader, configuration: configuration, like: fresh, anew: &anew)
            #expect(restored.bytes == made.monitor.bytes && anew.isEmpty)
        }
    }

    @Test(
        arguments: [
            (ForecasterVariant(), ForecasterVariant(cell: .gru)), (ForecasterVariant(), ForecasterVariant(cell: .cnn)),
            (ForecasterVariant(cell: .rnn), ForecasterVariant(cell: .gru)),
            (ForecasterVariant(cell: .gru), ForecasterVariant(cell: .rnn)),
            (ForecasterVariant(horizon: 8), ForecasterVariant(cell: .lstm)),
            (ForecasterVariant(), ForecasterVariant(head: .quantile, horizon: 2)),
        ])
    func `with another forecaster it goes on but for the forecasts`(
        stored: ForecasterVariant, chosen: ForecasterVariant
    ) throws {
        var rig = Rig(channels: 2, forecaster: stored)
        var generator = SeededGenerator(seed: 4)
        for step in 0..<400 { _ = rig.observe(wave(step, channels: 2, &generator)) }
        let before = rig.monitor
        var other = Rig(channels: 2, forecaster: chosen)
        var reader = StateReader(before.bytes)
        other.monitor = try SeriesMonitor(from: &reader, configuration: other.configuration)
        #expect(reader.remaining == 0)
        other.tick = rig.tick
        #expect(other.monitor.sampleCount == 400)
        let verdict = other.observe(wave(400, channels: 2, &generator))
        #expect(!other.monitor.frame.hasForecast && other.monitor.frame.hasReconstruction)
        #expect(verdict.score != nil)
        _ = other.observe(wave(401, channels: 2, &generator))
        #expect(other.monitor.frame.hasForecast)

        // And as itself from now on.
        reader = StateReader(other.monitor.bytes)
        let again = try SeriesMonitor(from: &reader, configuration: other.configuration)
        #expect(again.bytes == other.monitor.bytes)
    }

    /// So that what was stored before there were other forecasters is read as what it is.
    @Test func `the state of an LSTM or a GRU is written as it always was`() throws {
        for (cell, count) in [(ForecasterCell.lstm, 64), (.gru, 32)] {
            let networks = SeriesNetworks(
                channelCount: 1, configuration: DetectionConfiguration(forecaster: cell))
            var reader = StateReader(StateWriter.bytes { networks.encode(to: &$0) })
            let first = try reader.readFloats()
            #expect(first.count == count)
        }
        let group = StateWriter.bytes { ForecasterVariant(cell: .gru).encode(to: &$0) }
        #expect(group == [2] + StateWriter.bytes { $0.write("gru") })
    }

    @Test func `damaged bytes are refused, never trusted`() {
        var rig = Rig(channels: 2)
        var generator = SeededGenerator(seed: 5)
        for step in 0..<60 { _ = rig.observe(wave(step, channels: 2, &generator)) }
        let bytes = rig.monitor.bytes
        for length in stride(from: 0, to: bytes.count, by: 97) {
            var reader = StateReader(Array(bytes[..<length]))
            #expect(throws: StateCodingError.self) {
                _ = try SeriesMonitor(from: &reader, configuration: rig.configuration)
            }
        }
        var huge = bytes
        for index in 1...4 { huge[index] = 0xff }
        var reader = StateReader(huge)
        #expect(throws: StateCodingError.self) {
            _ = try SeriesMonitor(from: &reader, configuration: rig.configuration)
        }
        var other = StateReader(bytes)
        #expect(throws: StateCodingError.self) {
            _ = try SeriesMonitor(from: &other, configuration: DetectionConfiguration(usesNetworks: false))
        }
    }

    @Test func `state and memory stay bounded`() {
        var rig = Rig(channels: 1, networks: false)
        var generator = SeededGenerator(seed: 6)
        var largest = (memory: 0, bytes: 0)
        for step in 0..<14_000 {
            _ = rig.observe([normal(&generator)])
            guard step % 1_000 == 999 else { continue }
            largest = (max(largest.memory, rig.monitor.memoryBytes), max(largest.bytes, rig.monitor.bytes.count))
        }
        // Rings of 6 · 2,048 and 4 · 8,192 scores of 2 bytes, 10 · 4.2 KB of counts, 2 · 6.4 KB of maxima, and change.
        #expect(largest.bytes < 105_000 && largest.memory < 175_000, "\(largest)")
    }

    @Test func `a sample without values changes no level`() {
        var rig = Rig(channels: 2)
        var generator = SeededGenerator(seed: 7)
        for step in 0..<300 { _ = rig.observe(wave(step, channels: 2, &generator)) }
        let level = rig.monitor.stateLevel
        let scores = rig.monitor.gate.learned
        let verdict = rig.observe([.nan, .nan])
        #expect(verdict.score == 0 && !verdict.isEvent)
        #expect(rig.monitor.stateLevel == level && rig.monitor.gate.learned == scores)
        #expect(rig.monitor.explain().channels.allSatisfy { $0.value == nil })
    }

    @Test func `missed ticks hold the networks' view and restarts clear it`() {
        var rig = Rig(channels: 2)
        var generator = SeededGenerator(seed: 8)
        for step in 0..<100 { _ = rig.observe(wave(step, channels: 2, &generator)) }
        rig.log.removeAll()
        _ = rig.observe(wave(100, channels: 2, &generator), missed: 3)
        #expect(rig.log.count == 4)
        // The held rows have no change to learn from, the sample has one.
        let width = 6
        for row in 0..<3 { #expect(rig.log.rows[row * width + 2].isNaN) }
        #expect(rig.log.rows[3 * width + 2].isFinite)
        #expect(rig.monitor.frame.hasForecast && rig.monitor.frame.hasReconstruction)
        rig.log.removeAll()
        _ = rig.observe(wave(101, channels: 2, &generator), missed: 33)
        #expect(rig.log.count == 1)
        #expect(rig.log.marks[0].contains(.begins))
        #expect(!rig.monitor.frame.hasForecast && !rig.monitor.frame.hasReconstruction)
        _ = rig.observe(wave(102, channels: 2, &generator))
        #expect(rig.monitor.frame.hasForecast && !rig.monitor.frame.hasReconstruction)
    }

    @Test(arguments: [1, 8])
    func `without networks nothing is logged and nothing asked of them`(channels: Int) {
        var rig = Rig(channels: channels, networks: false)
        var generator = SeededGenerator(seed: 9)
        for step in 0..<250 { _ = rig.observe(wave(step, channels: channels, &generator)) }
        #expect(rig.log.count == 0)
        let names = rig.monitor.explain().detectors.map(\.name)
        #expect(
            names.sorted() == DetectorSet.full.kinds.filter { !$0.usesNetworks && $0 != .seasonal }.map(\.name).sorted()
        )
    }
}

@Suite struct DetectorSetTests {
    @Test func `signs change a set and names alone replace it`() throws {
        #expect(
            try DetectorSet.lean.changed(by: ["+shift", "-range"]).kinds == [
                .level, .difference, .volatility, .shift, .slowShift, .stuck,
            ])
        #expect(try DetectorSet.full.changed(by: ["stuck", "level"]).kinds == [.level, .stuck])
        #expect(try DetectorSet.full.changed(by: []) == .full)
        #expect(throws: DetectorSetError.unknown("levle")) { try DetectorSet.full.changed(by: ["+levle"]) }
        #expect(throws: DetectorSetError.mixed("+shift", "level")) {
            try DetectorSet.full.changed(by: ["level", "+shift"])
        }
        #expect(throws: DetectorSetError.empty) { try DetectorSet([.level]).changed(by: ["-level"]) }
    }

    @Test func `a detector that joins a known series waits for its vote, and the others go on`() throws {
        var rig = Rig(channels: 1, networks: false)
        var generator = SeededGenerator(seed: 5)
        for step in 0..<700 { _ = rig.observe(wave(step, channels: 1, &generator)) }
        let without = DetectionConfiguration(usesNetworks: false, detectors: ["-difference"])
        var reader = StateReader(rig.monitor.bytes)
        let fewer = try SeriesMonitor(from: &reader, configuration: without)
        #expect(fewer.bank.kinds == DetectorSet.full.withoutNetworks.kinds.filter { $0 != .difference })
        reader = StateReader(fewer.bytes)
        let again = try SeriesMonitor(from: &reader, configuration: rig.monitor.configuration)
        rig.monitor = again
        for step in 700..<1_000 {
            _ = rig.observe(wave(step, channels: 1, &generator))
            #expect(rig.monitor.votes[DetectorKind.difference.rawValue] == (step >= 900), "sample \(step)")
            #expect(rig.monitor.votes[DetectorKind.level.rawValue])
        }
        #expect(fewer.sampleCount == 700)
    }
}

@Suite struct ExplanationTests {
    /// Weights of zero: the forecaster says "no change" with scale 1 (+ 0.02), the autoencoder "zero".
    private func zeroModels(_ channels: Int) throws -> GroupModels {
        let start = GroupModels(channelCount: channels, configuration: DetectionConfiguration())
        let writer = StateWriter.bytes {
            $0.write(UInt8(1))
            $0.write(Array(repeating: Float(0), count: start.forecaster.parameters.count))
            $0.write(Array(repeating: Float(0), count: start.autoencoder.parameters.count))
        }
        var reader = StateReader(writer)
        return try GroupModels(
            from: &reader, channelCount: channels, configuration: DetectionConfiguration())
    }

    @Test func `a jump of one channel is that channel's, high, against its last value`() throws {
        var rig = Rig(channels: 3)
        rig.models = try zeroModels(3)
        var generator = SeededGenerator(seed: 1)
        var before: [Double] = []
        for step in 0..<800 {
            before = wave(step, channels: 3, &generator)
            _ = rig.observe(before)
        }
        let lastScaled = rig.monitor.frame.scaled[1]
        var values = wave(800, channels: 3, &generator)
        values[1] = before[1] + 30
        let verdict = rig.observe(values)
        let explanation = rig.monitor.explain()
        let first = explanation.channels[0]
        #expect(first.channel == 1 && first.direction == .high && first.value == values[1])
        #expect(first.share > 0.9, "\(first.share)")
        #expect((explanation.channels.reduce(0) { $0 + $1.share } - 1).magnitude < 1e-9)
        // No change expected: the last z, in the scale that the sample was scored with, which learning has since moved
        // by at most 1/800 of the last residual.
        let expected = try #require(first.expected)
        let byHand = rig.monitor.location[1] + rig.monitor.frame.scale[1] * Double(lastScaled)
        #expect((expected - byHand).magnitude < 1e-9, "\(expected), not \(byHand)")
        #expect((expected - before[1]).magnitude < 0.01, "\(expected), not \(before[1])")
        // It surrounds what is expected and was not widened by the jump itself.
        let low = try #require(first.low)
        let high = try #require(first.high)
        #expect(low < expected && expected < high && high < before[1] + 15, "\(low) to \(high)")
        #expect(verdict.isEvent)
        let score = try #require(verdict.score)
        let rarity = try #require(explanation.raritySeconds)
        #expect((rarity / Transcendental.exp10(score) - 1).magnitude < 1e-12)
        #expect((explanation.detectors.reduce(0) { $0 + $1.weight } - 1).magnitude < 1e-9)
        #expect(explanation.detectors[0].weight >= explanation.detectors[1].weight)
    }

    @Test func `before the networks vote the usual value is expected`() throws {
        var rig = Rig(channels: 1)
        for step in 0..<100 { _ = rig.observe([step % 2 == 0 ? 4 : 6]) }
        let part = rig.monitor.explain().channels[0]
        let location = rig.monitor.location[0]
        let expected = try #require(part.expected)
        let high = try #require(part.high)
        #expect(expected == location && (4...6).contains(expected))
        let halfWidth = Double(ExpectedBands.levelHalfWidth) * rig.monitor.frame.scale[0]
        #expect((high - location - halfWidth).magnitude < 1e-12)
        #expect(part.share == 1)
    }

    @Test(arguments: [true, false])
    func `of a channel of two states a state is expected`(networks: Bool) throws {
        var rig = Rig(channels: 1, networks: networks)
        for step in 0..<600 {
            _ = rig.observe([step % 10 < 3 ? 1 : 0])
            guard step > DetectionRecipe.firstEventSample else { continue }
            let part = rig.monitor.explain().channels[0]
            for number in [part.expected, part.low, part.high] { #expect(number == 0 || number == 1) }
        }
        // A third value is not expected before it was seen.
        _ = rig.observe([7])
        let part = rig.monitor.explain().channels[0]
        #expect(part.expected == 0 || part.expected == 1)
    }

    @Test func `nothing is expected of the first samples`() {
        var rig = Rig(channels: 2)
        #expect(rig.monitor.explain().channels.allSatisfy { $0.expected == nil })
        _ = rig.observe([1, .nan])
        let explanation = rig.monitor.explain()
        #expect(explanation.channels.allSatisfy { $0.expected == nil && $0.share == 0.5 })
        #expect(explanation.raritySeconds == 1)
    }

    @Test func `a channel that falls is low, a missing one has no value`() {
        var rig = Rig(channels: 2, networks: false)
        var generator = SeededGenerator(seed: 2)
        for step in 0..<500 { _ = rig.observe(wave(step, channels: 2, &generator)) }
        _ = rig.observe([-50, .nan])
        let explanation = rig.monitor.explain()
        #expect(explanation.channels[0].channel == 0 && explanation.channels[0].direction == .low)
        #expect(explanation.channels[1].value == nil && explanation.channels[1].expected != nil)
        #expect(explanation.channels[0].share > 0.9)
    }
}
