import AnomalyDetection
import TestSupport
import Testing
import TimeSeries

@Suite struct ChannelWatchTests {
    private static let weekly = 1.0 / 604_800

    /// A watch fed once a second, and what it has told.
    private struct Rig {
        var watch: ChannelWatch
        var changes: [ChannelWatch.Change] = []
        var second = 0
        var generator = SeededGenerator(seed: 4)

        init(_ channels: Int, missing: SampleConditions.Missing = .gap, budget: Double = ChannelWatchTests.weekly) {
            watch = ChannelWatch(channelCount: channels, falseAlarmsPerSecond: budget, missing: missing)
        }

        static func at(_ second: Int) -> Timestamp { Timestamp(nanoseconds: Int64(second) * 1_000_000_000) }

        mutating func take(_ values: [Double], restarts: Bool = false, isTold: Bool = false) {
            watch.observe(
                values.span, at: Self.at(second), number: UInt64(second), interval: 1, restarts: restarts,
                isTold: isTold, into: &changes)
            second += 1
        }

        /// Noise in every channel, but for what `of` gives.
        mutating func run(
            _ seconds: Int, channels: Int = 2, isTold: Bool = false, of value: (Int, Int) -> Double? = { _, _ in nil }
        ) {
            for _ in 0..<seconds {
                take(
                    (0..<channels).map { value($0, second) ?? normal(&generator) }, isTold: isTold)
            }
        }

        /// What was told, short: `+stuck[1]@500`, `-missing[0]@700`.
        var told: [String] {
            changes.map { change in
                switch change {
                case .begins(let finding): "+\(finding.kind)\(finding.channels)@\(Int(finding.since.seconds))"
                case .ends(let kind, let channels, let time): "-\(kind)\(channels)@\(Int(time.seconds))"
                }
            }
        }
    }

    @Test func `a value that stays is stuck since it came, and until it moves`() {
        var rig = Rig(2)
        rig.run(500)
        rig.run(10) { channel, _ in channel == 1 ? 7 : nil }
        #expect(rig.changes.isEmpty, "ten in a row are nothing yet")
        rig.run(20) { channel, _ in channel == 1 ? 7 : nil }
        #expect(rig.told == ["+stuck[1]@500"])
        guard case .begins(let finding)? = rig.changes.first else { return }
        #expect(finding.value == 7 && finding.sampleNumber == 500 && finding.length <= 13 && finding.longest == 1)
        #expect(rig.watch.isStuck && rig.watch.isStuck(channel: 1) && !rig.watch.isStuck(channel: 0))
        rig.run(20)
        #expect(rig.told.last == "-stuck[1]@531", "one other value may be a dropout, two are none: \(rig.told)")
    }

    @Test func `missing values and a single dropout do not split a run`() {
        var rig = Rig(1)
        rig.run(500, channels: 1)
        rig.run(40, channels: 1) { _, second in second == 505 || second == 506 ? .nan : second == 525 ? 0 : 7 }
        #expect(rig.told == ["+stuck[0]@500"])
        rig.run(20, channels: 1)
        #expect(rig.changes.count == 2)
    }

    @Test func `a gap longer than a window ends the run`() {
        var rig = Rig(1, missing: .zero)
        rig.run(500, channels: 1)
        rig.run(60, channels: 1) { _, second in second < 506 || second > 550 ? 7 : .nan }
        #expect(rig.changes.isEmpty, "\(rig.told)")
    }

    @Test func `what never changes is never stuck`() {
        var rig = Rig(2)
        rig.run(20_000) { channel, _ in channel == 0 ? 4 : nil }
        #expect(rig.changes.isEmpty, "\(rig.told)")
    }

    @Test func `how long a coarse value stays is learned`() {
        var rig = Rig(1)
        var level = 20.0
        for _ in 0..<20_000 {
            if rig.generator.uniform() < 0.1 { level += rig.generator.uniform() < 0.5 ? 0.5 : -0.5 }
            rig.take([level])
        }
        #expect(rig.changes.count <= 2, "\(rig.told)")
        let before = rig.changes.count
        rig.run(2_000, channels: 1) { _, _ in 3 }
        #expect(rig.changes.count == before + 1, "but not for ever")
    }

    @Test func `a value that rests every night is told at most once a week`() {
        var rig = Rig(1)
        for night in 0..<10 {
            rig.run(2_000, channels: 1)
            rig.run(1_000, channels: 1) { _, _ in Double(night) }
        }
        let openings = rig.told.count { $0.hasPrefix("+") }
        #expect(openings == 1, "\(rig.told)")
    }

    @Test func `a run that another incident tells of is not told again`() {
        var rig = Rig(1)
        rig.run(500, channels: 1)
        rig.run(30, channels: 1, isTold: true) { _, _ in 7 }
        rig.run(300, channels: 1) { _, _ in 7 }
        #expect(rig.changes.isEmpty)
        rig.run(20, channels: 1)
        rig.run(30, channels: 1) { _, _ in 7 }
        #expect(rig.changes.count == 1, "the next one is its own")
    }

    @Test func `several channels that stick are one incident, and it ends with the last`() {
        var rig = Rig(3)
        rig.run(500, channels: 3)
        rig.run(40, channels: 3) { channel, second in
            channel == 0 || channel == 1 && second >= 510 && second < 535 ? 7 : nil
        }
        rig.run(10, channels: 3)
        #expect(rig.told == ["+stuck[0]@500", "-stuck[0]@541"])
    }

    @Test func `the stuck detector may begin it, when something repeats`() {
        var rig = Rig(2)
        rig.run(300)
        var changes: [ChannelWatch.Change] = []
        #expect(!rig.watch.beginStuck(at: Rig.at(300), into: &changes))
        rig.run(5) { channel, _ in channel == 1 ? 7 : nil }
        #expect(rig.watch.beginStuck(at: Rig.at(304), into: &changes))
        #expect(changes.count == 1)
        #expect(!rig.watch.beginStuck(at: Rig.at(305), into: &changes), "once")
        rig.run(20)
        #expect(rig.told == ["-stuck[1]@305"])
    }

    @Test func `a channel that goes missing while the others go on is told by its habit`() {
        var rig = Rig(2)
        rig.run(1_000)
        rig.run(4) { channel, _ in channel == 0 ? .nan : nil }
        #expect(rig.changes.isEmpty)
        rig.run(20) { channel, _ in channel == 0 ? .nan : nil }
        #expect(rig.told == ["+missing[0]@1000"])
        rig.run(5)
        #expect(rig.told == ["+missing[0]@1000", "-missing[0]@1024"])
    }

    @Test func `a channel that often lacks values has a longer habit, and one that never had any has none`() {
        var rig = Rig(3)
        rig.run(5_000, channels: 3) { channel, second in
            channel == 0 && second % 50 < 20 || channel == 1 ? .nan : nil
        }
        #expect(rig.told.count <= 6, "three, and then it is known: \(rig.told)")
        #expect(!rig.told.contains { $0.hasPrefix("+missing[1]") })
    }

    @Test(arguments: [(SampleConditions.Missing.alarm, 1), (.hold, 0), (.zero, 0), (.gap, 0)])
    func `a single missing value is told at once only when it is asked for`(
        missing: SampleConditions.Missing, openings: Int
    ) {
        var rig = Rig(2, missing: missing)
        rig.run(50)
        rig.run(1) { channel, _ in channel == 0 ? .nan : nil }
        #expect(rig.changes.count == openings)
        rig.run(1)
        #expect(rig.changes.count == 2 * openings)
    }

    @Test func `a step of the clock ends every run`() {
        var rig = Rig(1)
        rig.run(500, channels: 1)
        rig.run(8, channels: 1) { _, _ in 7 }
        rig.take([7], restarts: true)
        rig.run(8, channels: 1) { _, _ in 7 }
        #expect(rig.changes.isEmpty)
    }

    @Test(arguments: [100, 505, 515, 530, 620]) func `a stored watch goes on`(stop: Int) throws {
        var whole = Rig(2)
        func part(_ rig: inout Rig, upTo end: Int) {
            while rig.second < end {
                rig.run(1) { channel, second in
                    channel == 1 && (500..<540).contains(second)
                        ? 7 : channel == 0 && (600..<640).contains(second) ? .nan : nil
                }
            }
        }
        part(&whole, upTo: stop)
        var writer = StateWriter()
        whole.watch.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var second = whole
        second.watch = try ChannelWatch(
            channelCount: 2, falseAlarmsPerSecond: Self.weekly, missing: .gap, from: &reader)
        #expect(reader.remaining == 0)
        part(&whole, upTo: 700)
        part(&second, upTo: 700)
        #expect(whole.changes == second.changes)
        #expect(whole.changes.count == 4)
        for length in 0..<writer.bytes.count {
            var short = StateReader(Array(writer.bytes[..<length]))
            #expect(throws: StateCodingError.self) {
                try ChannelWatch(channelCount: 2, falseAlarmsPerSecond: Self.weekly, missing: .gap, from: &short)
            }
        }
    }
}
