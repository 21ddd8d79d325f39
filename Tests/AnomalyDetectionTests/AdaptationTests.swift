import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// A new level that stays, and what becomes of it.
@Suite struct AdaptationTests {
    enum Background: CaseIterable {
        case noise, autoregressive, season
    }

    /// One channel of unit variance, whatever its kind.
    private struct Signal {
        var background: Background
        var generator = SeededGenerator(seed: 5)
        var last = 0.0
        var step = 0

        mutating func next() -> Double {
            step += 1
            let noise = normal(&generator)
            switch background {
            case .noise: return noise
            case .autoregressive:
                last = 0.9 * last + 0.43588989 * noise
                return last
            case .season: return 1.2 * cosine(Double(step) * 6.283185307179586 / 288) + 0.5 * noise
            }
        }
    }

    private static func monitor(_ adaptation: Adaptation, networks: Bool = false) -> Rig {
        var rig = Rig(channels: 1, networks: networks)
        rig.monitor.reconfigure(falseAlarmsPerSecond: 1.0 / 604_800, adaptation: adaptation)
        return rig
    }

    @Test(arguments: [false, true])
    func `what is excluded is scored and leaves nothing behind`(networks: Bool) {
        var rig = Self.monitor(.auto, networks: networks)
        var signal = Signal(background: .noise)
        for _ in 0..<4_000 { _ = rig.observe([signal.next()]) }
        let (location, threshold) = (rig.monitor.scalers[0].location, rig.monitor.eventThreshold)
        rig.monitor.isExcluded = true
        var events = 0
        // Far longer than a new level needs to be accepted.
        for _ in 0..<4_000 { events += rig.observe([6 + signal.next()]).isEvent ? 1 : 0 }
        #expect(events > 0)
        #expect(rig.monitor.scalers[0].location == location && rig.monitor.eventThreshold == threshold)
        rig.monitor.isExcluded = false
        for _ in 0..<500 { _ = rig.observe([signal.next()]) }
        #expect(rig.monitor.last?.isAbnormal == false)
        #expect((rig.monitor.scalers[0].location - location).magnitude < 0.3)
    }

    @Test(arguments: Background.allCases, [false, true])
    func `a level shift of six deviations is accepted in time and not alarmed again`(
        background: Background, networks: Bool
    ) throws {
        var rig = Self.monitor(.auto, networks: networks)
        var signal = Signal(background: background)
        for _ in 0..<4_000 { _ = rig.observe([signal.next()]) }
        let patience = Int(rig.monitor.gate.patience)
        var isTold = false
        var accepted: Int?
        for step in 0..<(patience + 60) where accepted == nil {
            let verdict = rig.observe([6 + signal.next()])
            isTold = isTold || verdict.isEvent || verdict.isAbnormal
            if verdict.isNewNormal { accepted = step }
        }
        #expect(isTold)
        #expect(accepted != nil, "closed for \(rig.monitor.gate.closed) of \(patience)")
        #expect((rig.monitor.scalers[0].location - 6).magnitude < 0.6, "\(rig.monitor.scalers[0].location)")
        var (events, abnormal) = (0, 0)
        for _ in 0..<4_000 {
            let verdict = rig.observe([6 + signal.next()])
            events += verdict.isEvent ? 1 : 0
            abnormal += verdict.isAbnormal ? 1 : 0
        }
        #expect(events == 0 && abnormal == 0)
        #expect(rig.monitor.rebaselines == 1)
    }

    @Test func `under off a new level is never taken for usual`() {
        var rig = Self.monitor(.off)
        var signal = Signal(background: .noise)
        for _ in 0..<2_000 { _ = rig.observe([signal.next()]) }
        let location = rig.monitor.scalers[0].location
        var accepted = 0
        for _ in 0..<5_000 where rig.observe([6 + signal.next()]).isNewNormal { accepted += 1 }
        #expect(accepted == 0)
        #expect(rig.monitor.last?.isAbnormal == true)
        #expect((rig.monitor.scalers[0].location - location).magnitude < 0.1)
        for _ in 0..<600 { _ = rig.observe([signal.next()]) }
        #expect(rig.monitor.last?.isAbnormal == false)
    }

    @Test func `under ask a new level waits for its acceptance`() throws {
        var rig = Self.monitor(.ask)
        var signal = Signal(background: .noise)
        for _ in 0..<2_000 { _ = rig.observe([signal.next()]) }
        var isHeld = rig.monitor.accept()
        #expect(!isHeld)
        var (waiting, accepted) = (0, 0)
        for step in 0..<2_000 {
            let verdict = rig.observe([6 + signal.next()])
            if step < 500, verdict.learning.awaitsAcceptance { waiting += 1 }
            if verdict.isNewNormal { accepted += 1 }
        }
        #expect(waiting == 0 && accepted == 0)
        #expect(rig.monitor.last?.learning.awaitsAcceptance == true)
        isHeld = rig.monitor.accept()
        #expect(isHeld)
        // The acceptance is part of the state until its sample comes.
        var reader = StateReader(rig.monitor.bytes)
        rig.monitor = try SeriesMonitor(from: &reader, configuration: rig.monitor.configuration)
        let verdict = rig.observe([6 + signal.next()])
        #expect(verdict.isNewNormal && !verdict.isAbnormal && !verdict.learning.awaitsAcceptance)
        for _ in 0..<2_000 {
            let verdict = rig.observe([6 + signal.next()])
            #expect(!verdict.isEvent && !verdict.isAbnormal)
        }
    }

    /// What a series that is held made of what it saw.
    private struct Held {
        var told = 0
        var abnormal = 0
        var accepted = 0
        var samples = 0

        mutating func note(_ verdict: Verdict) {
            samples += 1
            told += verdict.isEvent ? 1 : 0
            abnormal += verdict.isAbnormal ? 1 : 0
            accepted += verdict.isNewNormal ? 1 : 0
        }
    }

    private static func restored(_ rig: Rig) throws -> Rig {
        var other = rig
        var reader = StateReader(rig.monitor.bytes)
        other.monitor = try SeriesMonitor(from: &reader, configuration: rig.monitor.configuration)
        return other
    }

    @Test(
        arguments: [Adaptation.ask, .off],
        [
            (Background.noise, 3.0), (.noise, 6), (.noise, -6), (.autoregressive, 3), (.autoregressive, 6),
            (.season, 3),
            (.season, 6), (.season, -6),
        ])
    func `a level that is not to be learned is held through restarts, each time, until the series returns`(
        adaptation: Adaptation, shift: (background: Background, size: Double)
    ) throws {
        var rig = Self.monitor(adaptation, networks: shift.size == 6)
        var signal = Signal(background: shift.background)
        for _ in 0..<3_000 { _ = rig.observe([signal.next()]) }
        let location = rig.monitor.scalers[0].location
        for turn in 0..<2 {
            var (first, rest) = (Held(), Held())
            for _ in 0..<120 { first.note(rig.observe([shift.size + signal.next()])) }
            for step in 0..<2_500 {
                if step == 700 * (turn + 1) { rig = try Self.restored(rig) }
                rest.note(rig.observe([shift.size + signal.next()]))
            }
            #expect(first.abnormal > 0, "turn \(turn)")
            // Never for as long as an incident needs to close.
            #expect(rest.abnormal > rest.samples - 60 && rest.accepted == 0, "turn \(turn): \(rest)")
            #expect(rig.monitor.last?.learning.isHeld == true)
            #expect(rig.monitor.last?.learning.awaitsAcceptance == (adaptation == .ask))
            var back = Held()
            for _ in 0..<600 { _ = rig.observe([signal.next()]) }
            for _ in 0..<1_000 { back.note(rig.observe([signal.next()])) }
            // As on any usual series, the state may flutter.
            #expect(back.abnormal < 300 && back.told == 0, "turn \(turn): \(back)")
            #expect((rig.monitor.scalers[0].location - location).magnitude < 0.4, "turn \(turn)")
        }
    }

    @Test(arguments: [DetectionProfile.full, .lean])
    func `nothing at all is learned of a level that is held`(profile: DetectionProfile) {
        var rig = Rig(channels: 1, networks: false, profile: profile)
        rig.monitor.reconfigure(falseAlarmsPerSecond: 1.0 / 604_800, adaptation: .off)
        var signal = Signal(background: .noise)
        for _ in 0..<2_000 { _ = rig.observe([signal.next()]) }
        for _ in 0..<120 { _ = rig.observe([8 + signal.next()]) }
        #expect(rig.monitor.last?.learning.isHeld == true)
        let before = rig.monitor
        for _ in 0..<5_000 { _ = rig.observe([8 + signal.next()]) }
        let after = rig.monitor
        #expect(before.calibration.fastEvidence.count == after.calibration.fastEvidence.count)
        #expect(before.scalers[0].location == after.scalers[0].location)
        #expect(before.scalers[0].spread == after.scalers[0].spread)
        #expect(before.eventThreshold.progress == after.eventThreshold.progress)
        // What it says of a usual sample is what it said before.
        var other = before
        var another = after
        var (left, right) = (rig, rig)
        swap(&left.monitor, &other)
        swap(&right.monitor, &another)
        for _ in 0..<400 { (_, _) = (left.observe([0.1]), right.observe([0.1])) }
        #expect((left.monitor.stateLevel - right.monitor.stateLevel).magnitude < 0.1)
    }

    @Test func `under ask a level is accepted early, and the latest one when the series moved twice`() {
        var rig = Self.monitor(.ask)
        var signal = Signal(background: .noise)
        for _ in 0..<2_000 { _ = rig.observe([signal.next()]) }
        // Accepted at once: the level is known a moment later.
        for _ in 0..<12 { _ = rig.observe([6 + signal.next()]) }
        let isEarly = rig.monitor.accept()
        #expect(isEarly)
        var taken: Int?
        for step in 0..<200 where taken == nil {
            let verdict = rig.observe([6 + signal.next()])
            if verdict.isNewNormal { taken = verdict.isAccepted ? step : nil }
        }
        #expect(taken != nil)
        #expect((rig.monitor.scalers[0].location - 6).magnitude < 1, "\(rig.monitor.scalers[0].location)")
        for _ in 0..<2_000 { _ = rig.observe([6 + signal.next()]) }
        // Moved twice.
        for _ in 0..<1_000 { _ = rig.observe([12 + signal.next()]) }
        for _ in 0..<150 { _ = rig.observe([20 + signal.next()]) }
        let isLate = rig.monitor.accept()
        #expect(isLate)
        let verdict = rig.observe([20 + signal.next()])
        #expect(verdict.isNewNormal && verdict.isAccepted)
        #expect((rig.monitor.scalers[0].location - 20).magnitude < 1, "\(rig.monitor.scalers[0].location)")
        var after = Held()
        for _ in 0..<3_000 { after.note(rig.observe([20 + signal.next()])) }
        #expect(after.abnormal == 0 && after.told == 0, "\(after)")
    }

    @Test func `an acceptance of what is over changes nothing`() {
        var rig = Self.monitor(.off)
        var signal = Signal(background: .noise)
        for _ in 0..<2_000 { _ = rig.observe([signal.next()]) }
        let isNothing = rig.monitor.accept()
        #expect(!isNothing)
        for _ in 0..<8 { _ = rig.observe([6 + signal.next()]) }
        _ = rig.monitor.accept()
        for _ in 0..<300 { _ = rig.observe([signal.next()]) }
        #expect(rig.monitor.scalers[0].location.magnitude < 1)
        var accepted = 0
        for _ in 0..<800 where rig.observe([6 + signal.next()]).isNewNormal { accepted += 1 }
        #expect(accepted == 0)
        #expect(rig.monitor.last?.isAbnormal == true)
    }

    @Test func `goes on from its bytes behind a closed gate`() throws {
        var rig = Self.monitor(.auto, networks: true)
        var signal = Signal(background: .autoregressive)
        for _ in 0..<1_000 { _ = rig.observe([signal.next()]) }
        for _ in 0..<400 { _ = rig.observe([6 + signal.next()]) }
        #expect(rig.monitor.gate.closed > 300)
        var restored = rig
        var reader = StateReader(rig.monitor.bytes)
        restored.monitor = try SeriesMonitor(from: &reader, configuration: rig.monitor.configuration)
        for _ in 0..<400 {
            let value = 6 + signal.next()
            let (left, right) = (rig.observe([value]), restored.observe([value]))
            #expect(left == right)
        }
        #expect(rig.monitor.rebaselines == 1)
        #expect(rig.monitor.bytes == restored.monitor.bytes)
    }

    // MARK: Channels that rest

    @Test(arguments: [(21.5, 0.1), (20.0, 1.0), (0.0, 1.0), (1_013.25, 0.01), (-4.0, 1.0)], [false, true])
    func `after a thousand equal readings one digit is no event and fifty are`(
        reading: (level: Double, digit: Double), networks: Bool
    ) {
        for (digits, isEvent) in [(1.0, false), (-1.0, false), (50.0, true), (-50.0, true)] {
            var rig = Self.monitor(.auto, networks: networks)
            var seen = false
            for _ in 0..<1_000 { seen = rig.observe([reading.level]).isEvent || seen }
            #expect(!seen)
            for _ in 0..<300 { seen = rig.observe([reading.level + digits * reading.digit]).isEvent || seen }
            #expect(seen == isEvent, "\(digits) digits")
        }
    }
}

@Suite struct ReadingStepTests {
    private func step(_ values: [Double]) -> Double {
        var reading = ReadingStep()
        for value in values { reading.learn(value) }
        return reading.step
    }

    @Test func `is the last digit until a smallest change is known`() {
        #expect(step([20, 20]) == 1)
        #expect(step([21.5, 21.5]) == 0.1)
        #expect(step([21.5, 26.5, 21.5]) == 0.1)
        #expect(step([0.25, 0.5, 0.75]) == 0.01)
        #expect(step([0.25, 0.5, 0.75, 0.5, 0.25, 0.75]) == 0.25)
    }

    @Test func `is finer by the reading that has more digits`() {
        var reading = ReadingStep()
        reading.learn(0)
        #expect(reading.step(at: 3) == 1)
        #expect(reading.step(at: 0.8) == 0.1)
        #expect(reading.step == 1)
    }

    @Test func `is unknown or far below the noise for readings of many digits`() {
        var generator = SeededGenerator(seed: 2)
        let values = (0..<500).map { _ in normal(&generator) }
        #expect(step(values) < 0.05)
        #expect(step([1.0 / 3]) == 0)
        #expect(step([1e300, -1e300, .leastNonzeroMagnitude]) >= 0)
    }
}
