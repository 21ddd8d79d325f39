import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// Series that are compared by how far they exceed their own peaks.
@Suite struct FleetTailsTests {
    private static let extents = [Extent(channel: 0, unit: 1, usualExcess: 2)]
    private static let start = Timestamp(nanoseconds: 1_792_000_000_000_000_000)
    private static let interval = 20.0

    /// Hosts whose only channel is exp of an exponential variable with this mean: their excesses over a peak have it as well.
    private struct Fleet {
        var peaks: [OwnPeaks]
        var tails = FleetTails(extents: extents)
        var generator: SeededGenerator
        var bins = 0
        let mean: Double
        var events = 0

        init(hosts: Int, mean: Double, seed: UInt64) {
            peaks = Array(repeating: OwnPeaks(extentCount: 1), count: hosts)
            generator = SeededGenerator(seed: seed)
            self.mean = mean
        }

        var now: Timestamp { start.advanced(bySeconds: Double(bins) * interval) }

        /// One bin of all hosts; `value` replaces that of the first.
        @discardableResult
        mutating func step(_ value: Double? = nil, budget: Double = 1e-7) -> Double {
            var first = -Double.infinity
            var log = PeakLog()
            for host in peaks.indices {
                let uniform = Double(generator.next() >> 11 | 1) * 0x1p-53
                let random = Transcendental.exp(-mean * Transcendental.log(uniform))
                let values = [host == 0 ? value ?? random : random]
                let excess = peaks[host].observe(
                    extents, values: values.span, score: 0, interval: interval, falseAlarmsPerSecond: budget,
                    tails: tails,
                    log: &log)
                if let excess, excess >= 0 { events += 1 }
                if host == 0, let excess { first = excess }
            }
            bins += 1
            tails.absorb(log, at: now)
            return first
        }
    }

    private static func learned(hosts: Int = 50, bins: Int = 4_000, seed: UInt64 = 3) -> Fleet {
        var fleet = Fleet(hosts: hosts, mean: 0.3, seed: seed)
        for _ in 0..<bins { fleet.step() }
        return fleet
    }

    @Test func `events of a fleet in which nothing happens are as rare as its budgets say`() {
        // 50 hosts that may each have half an event in two days through this door, of which they use a part.
        let budget = 0.5 / 172_800
        var fleet = Self.learned()
        fleet.events = 0
        for _ in 0..<8_640 { fleet.step(budget: budget) }
        #expect(fleet.events <= 25)
        #expect(fleet.events >= 1)
    }

    @Test func `what no host of the fleet has done is an event at once`() {
        var fleet = Self.learned()
        let excess = fleet.step(1e6)
        #expect(excess > 2)
    }

    @Test func `a lone young host is believed less than a fleet`() {
        var fleet = Self.learned()
        var alone = Self.learned(hosts: 1, bins: 260)
        let value = 4_000.0
        let (many, one) = (fleet.step(value), alone.step(value))
        #expect(many > one + 1)
    }

    @Test func `an anomaly does not hide the next one, and one that stays becomes usual`() {
        var fleet = Self.learned()
        let first = (0..<30).map { _ in fleet.step(1e6) }
        #expect(first.allSatisfy { $0 > 0 })
        for _ in 0..<90 { fleet.step() }
        let next = fleet.step(1e6)
        #expect(next > 0)
        for _ in 0..<300 { fleet.step(1e6) }
        let last = fleet.step(1e6)
        #expect(last < 0)
    }

    @Test func `hours of an attack on one host do not hide one on another`() {
        var quiet = Self.learned()
        var attacked = quiet
        for bin in 0..<600 {
            quiet.step()
            attacked.step(bin % 20 < 10 ? 1e9 : nil)
        }
        // What is 15 e-foldings above a host's peak: an event needs 4.5 at this budget. Had it learned the attack as it
        // was, the scale would be that of the attack.
        let far = 60.0
        let (before, after) = (quiet.tails.evidence(far, extent: 0), attacked.tails.evidence(far, extent: 0))
        #expect(before > 9)
        #expect(after > 5)
    }

    @Test func `a score that the fleet has often seen says less than it claims, and a young fleet believes it`() {
        var tails = FleetTails(extents: Self.extents)
        #expect(tails.evidence(ofScore: 8) > 6.4)
        var peaks = OwnPeaks(extentCount: 1)
        var log = PeakLog()
        let values = [1.0]
        // Every tenth block has a score of 6, which should come once in a million samples.
        for sample in 0..<60_000 {
            _ = peaks.observe(
                Self.extents, values: values.span, score: sample % 300 == 0 ? 6 : 0, interval: Self.interval,
                falseAlarmsPerSecond: 1e-9, tails: tails, log: &log)
        }
        tails.absorb(log, at: Self.start)
        // It claims 4.5, for a block of 30.
        #expect(tails.evidence(ofScore: 6) < 1.6)
        #expect(tails.evidence(ofScore: 60) > tails.evidence(ofScore: 6) + 1)
    }

    @Test func `missing values say nothing`() {
        var fleet = Self.learned(hosts: 4, bins: 400)
        let before = fleet.peaks[0].evidence
        let excess = fleet.step(.nan)
        #expect(excess < 0)
        #expect(fleet.peaks[0].evidence[0] == 0)
        #expect(before.count == 2)
    }

    @Test func `half of what was counted is forgotten in three days`() {
        var fleet = Self.learned(hosts: 4, bins: 600)
        let before = fleet.tails.blocks[0]
        fleet.tails.absorb(PeakLog(), at: fleet.now.advanced(bySeconds: 3 * 86_400))
        #expect(abs(fleet.tails.blocks[0] - before / 2) < 1e-6 * before)
        // A clock that was set back takes nothing away.
        fleet.tails.absorb(PeakLog(), at: Self.start)
        #expect(abs(fleet.tails.blocks[0] - before / 2) < 1e-6 * before)
    }

    @Test func `a stored fleet goes on as if nothing had happened`() throws {
        var fleet = Self.learned(hosts: 6, bins: 700)
        var restored = fleet
        var writer = StateWriter()
        fleet.tails.encode(to: &writer)
        PeakLog().encode(to: &writer)
        for peaks in fleet.peaks { peaks.encode(to: &writer) }
        var reader = StateReader(writer.bytes)
        restored.tails = try FleetTails.restored(from: &reader, extents: Self.extents).tails
        for host in restored.peaks.indices { restored.peaks[host] = try OwnPeaks(from: &reader, extentCount: 1) }
        for bin in 0..<200 {
            let value: Double? = bin % 50 == 49 ? 1e5 : nil
            let (one, other) = (fleet.step(value), restored.step(value))
            #expect(one == other)
        }
        #expect(fleet.tails == restored.tails)
    }

    @Test func `damaged state is refused`() {
        let fleet = Self.learned(hosts: 2, bins: 300)
        var writer = StateWriter()
        fleet.tails.encode(to: &writer)
        var log = PeakLog()
        log.append([1, 2])
        log.append(peaksOfBlock: [3])
        log.append(peaksOfNewcomer: [4])
        log.encode(to: &writer)
        for length in stride(from: 0, to: writer.bytes.count, by: 3) {
            var reader = StateReader(Array(writer.bytes.prefix(length)))
            #expect(throws: StateCodingError.self) { try FleetTails.restored(from: &reader, extents: Self.extents) }
        }
        var reader = StateReader(writer.bytes)
        #expect(throws: StateCodingError.self) {
            try FleetTails.restored(from: &reader, extents: Self.extents + Self.extents)
        }
    }

    // MARK: Runs

    private static func run(age: Double = 0, calm: Double? = nil) -> [Extent] {
        var extent = Extent(channel: 0, unit: 1, usualExcess: 1, scale: .linear, course: .run)
        extent.age = age
        extent.calm = calm
        return [extent]
    }

    /// How far above its budget each of a host's values is, in a fleet in which nobody has had a run.
    private static func judged(_ values: [Double], as extents: [Extent], blocks: Int = 3_000) -> [Double] {
        var log = PeakLog()
        for _ in 0..<blocks { log.append([0, 0]) }
        var tails = FleetTails(extents: extents)
        tails.absorb(log, at: start)
        var peaks = OwnPeaks(extentCount: 1)
        return values.map { value in
            let sample = [value]
            return peaks.observe(
                extents, values: sample.span, score: 0, interval: interval, falseAlarmsPerSecond: 1e-7, tails: tails,
                log: &log) ?? -.infinity
        }
    }

    @Test func `what grows step by step is held against what was before it grew`() {
        let values = Array(repeating: 0.0, count: 300) + (1...30).map(Double.init)
        let run = Self.judged(values, as: Self.run())
        #expect((run.last ?? 0) > 0)
        let firstOfRun = run.firstIndex { $0 >= 0 } ?? 0
        #expect(firstOfRun >= 302, "two in a row are nothing yet")
        // As a level each step exceeds the last by one.
        let level = [Extent(channel: 0, unit: 1, usualExcess: 1, scale: .linear)]
        #expect(Self.judged(values, as: level).allSatisfy { $0 < 0 })
    }

    @Test func `a run is held against one before, and one that was told does not hide the next`() {
        let quiet = Array(repeating: 0.0, count: 300)
        let four = [1, 2, 3, 4.0]
        // Two in a row are usual from then on, so that four are not enough, which are enough by themselves.
        #expect((Self.judged(quiet + four, as: Self.run()).last ?? -1) > 0)
        #expect((Self.judged(quiet + [1, 2, 0] + four, as: Self.run()).last ?? 1) < 0)
        #expect((Self.judged(quiet + four + [0] + four, as: Self.run()).last ?? -1) > 0)
        // A young fleet knows too little.
        #expect(Self.judged(quiet + four, as: Self.run(), blocks: 10).allSatisfy { $0 < 0 })
        let long = Self.judged(quiet + Array(repeating: 50, count: 300), as: Self.run())
        #expect(long.suffix(299).allSatisfy { $0 > 0 })
    }

    @Test func `a run counts once, however long it is`() {
        var tails = FleetTails(extents: Self.run())
        var peaks = OwnPeaks(extentCount: 1)
        var log = PeakLog()
        for sample in 0..<1_100 {
            let value = [sample >= 300 && sample < 900 ? 5.0 : 0]
            _ = peaks.observe(
                Self.run(), values: value.span, score: 0, interval: Self.interval, falseAlarmsPerSecond: 1e-9,
                tails: tails, log: &log)
        }
        tails.absorb(log, at: Self.start)
        // One block in thirty, and not those of twenty blocks' length.
        #expect(tails.evidence(4, extent: 0) > 1)
    }

    @Test func `by some extents the young and the restless are not judged`() {
        let values = Array(repeating: 0.0, count: 500) + [60]
        #expect((Self.judged(values, as: Self.run()).last ?? -1) > 0)
        #expect((Self.judged(values, as: Self.run(age: 501 * Self.interval)).last ?? 1) < 0)
        let restless = Array(repeating: 0.0, count: 400) + [2.2] + Array(repeating: 0, count: 99) + [60]
        #expect((Self.judged(restless, as: Self.run(calm: 2)).last ?? 1) < 0)
        #expect((Self.judged(restless, as: Self.run(calm: 4)).last ?? -1) > 0)
        // Who is not judged is not among those that it is compared with either.
        var log = PeakLog()
        var peaks = OwnPeaks(extentCount: 1)
        let extents = Self.run(calm: 2)
        var tails = FleetTails(extents: extents)
        for value in restless {
            let sample = [value]
            _ = peaks.observe(
                extents, values: sample.span, score: 0, interval: Self.interval, falseAlarmsPerSecond: 1e-9,
                tails: tails, log: &log)
        }
        tails.absorb(log, at: Self.start)
        #expect(tails.blocks[0] < tails.blocks[1])
    }
}
