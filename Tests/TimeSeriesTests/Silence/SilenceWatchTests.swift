import TestSupport
import Testing

@testable import TimeSeries

@Suite struct SilenceWatchTests {
    private static let learned = SilenceWatch.Expectation.learned(falseAlarmsPerSecond: 1.0 / 604_800)
    /// An instant so many minutes after the start: at a line a minute the five minutes of patience are five intervals.
    private static func at(_ minutes: Double) -> Timestamp {
        Timestamp(nanoseconds: Int64((minutes * 60e9).rounded()))
    }

    /// A watch and what it has told.
    private struct Rig {
        var watch: SilenceWatch
        var changes: [SilenceWatch.Change] = []

        init(_ expectation: SilenceWatch.Expectation = SilenceWatchTests.learned) { watch = SilenceWatch(expectation) }

        mutating func speak(_ series: Int, _ seconds: Double, interval: Double? = 1, restarts: Bool = false) {
            watch.observe(
                series: series, at: SilenceWatchTests.at(seconds), interval: interval.map { $0 * 60 },
                restarts: restarts,
                into: &changes)
        }

        /// Ticks of a minute each, the series that `isQuiet` names left out.
        mutating func run(
            _ seconds: Range<Int>, series: Int, ahead: [Double] = [],
            isQuiet: (Int, Int) -> Bool = { _, _ in false }
        ) {
            for second in seconds {
                for number in 0..<series where !isQuiet(number, second) {
                    speak(number, Double(second) + (number < ahead.count ? ahead[number] : 0))
                }
            }
        }

        /// What was told, short: `+2@110.5` for series 2 silent since 110.5, `-S@130` for the source that speaks again.
        var told: [String] {
            changes.map { change in
                switch change {
                case .begins(let silence, _): "+\(Self.name(silence.subject))@\(silence.since.seconds / 60)"
                case .ends(let subject, let time): "-\(Self.name(subject))@\(time.seconds / 60)"
                }
            }
        }

        private static func name(_ subject: Silence.Subject) -> String {
            if case .series(let number) = subject { "\(number)" } else { "S" }
        }
    }

    @Test func `a series that stops among others is told after the silence it is used to, and ends when it speaks`() {
        var rig = Rig()
        rig.run(0..<1_001, series: 3)
        rig.run(1_001..<1_060, series: 3) { number, _ in number == 1 }
        #expect(rig.told == ["+1@1005.5"])
        guard case .begins(let silence, let shown)? = rig.changes.first else { return }
        #expect(shown == Self.at(1_006), "the first line after the deadline shows it")
        #expect(silence.lastSample == Self.at(1_000))
        #expect(silence.sampleNumber == 1_000)
        #expect(silence.limit == 330 && silence.longest == 60 && silence.longer == 0 && silence.measure == .learned)
        rig.run(1_060..<1_100, series: 3)
        #expect(rig.told == ["+1@1005.5", "-1@1060.0"])
    }

    @Test func `while nobody listened nobody was silent, and it is no habit`() {
        var rig = Rig()
        rig.run(0..<1_000, series: 3)
        rig.watch.wasAway()
        rig.run(1_600..<2_000, series: 3)
        #expect(rig.told == [])
        rig.run(2_000..<2_060, series: 3) { number, _ in number == 1 }
        rig.run(2_060..<2_100, series: 3)
        // 999 and 399 distances are known, the time away is not among them: five minutes and 500 / 1,398 of one.
        #expect(rig.told.first?.hasPrefix("+1@2004.357") == true, "\(rig.told)")
        #expect(rig.told.last == "-1@2060.0")
    }

    @Test func `a source that was silent before is heard again`() {
        var rig = Rig()
        rig.run(0..<1_000, series: 2)
        rig.watch.pass(to: Self.at(1_100), into: &rig.changes)
        rig.watch.wasAway()
        rig.run(1_600..<1_700, series: 2)
        #expect(rig.told.count == 2)
        #expect(rig.told.last == "-S@1600.0")
    }

    @Test func `when all stop it is one silence, of the source`() {
        var rig = Rig()
        rig.run(0..<1_000, series: 20)
        rig.run(1_600..<2_000, series: 20)
        #expect(rig.told.count == 2)
        #expect(rig.told.first?.hasPrefix("+S@1004.5") == true, "\(rig.told)")
        #expect(rig.told.last == "-S@1600.0")
    }

    @Test func `one that does not come back with the others is told after them`() {
        var rig = Rig()
        rig.run(0..<1_000, series: 4)
        rig.run(1_600..<1_700, series: 4) { number, _ in number == 2 }
        #expect(rig.told.count == 3, "\(rig.told)")
        #expect(rig.told[2].hasPrefix("+2@1004.5"))
    }

    @Test func `the clock tells of a source what its next line would have told`() {
        var live = Rig()
        live.run(0..<1_000, series: 2)
        var recorded = live
        for second in 1_000..<1_040 { live.watch.pass(to: Self.at(Double(second)), into: &live.changes) }
        #expect(live.changes.count == 1, "told once")
        live.run(1_050..<1_060, series: 2)
        recorded.run(1_050..<1_060, series: 2)
        #expect(live.changes == recorded.changes)
        #expect(live.watch == recorded.watch)
    }

    @Test func `the end of the input is no silence`() {
        var rig = Rig()
        rig.run(0..<1_000, series: 3)
        #expect(rig.changes.isEmpty)
    }

    @Test func `a reporter at random is not silent as long as it is used to be`() {
        var generator = SeededGenerator(seed: 8)
        var rig = Rig()
        var time = 0.0
        for second in 0..<40_000 {
            rig.speak(0, Double(second))
            if Double(second) > time {
                rig.speak(1, Double(second) + 0.5, interval: 20)
                time = Double(second) - 30 * Transcendental.log(generator.uniform() + 0x1p-60)
            }
        }
        #expect(rig.changes.count <= 8, "one a week in four weeks: \(rig.told)")
        let before = rig.changes.count
        rig.run(40_000..<41_000, series: 1)
        #expect(rig.changes.count == before + 1, "but not for ever")
    }

    @Test func `bursts are a habit after a few, and a burst that does not come is told`() {
        var rig = Rig()
        for burst in 0..<200 {
            for line in 0..<60 { rig.speak(0, Double(burst * 3_600 + line)) }
        }
        #expect(rig.changes.count == 6, "three silences, then it is known: \(rig.told)")
        rig.changes = []
        for line in 0..<60 { rig.speak(0, Double(205 * 3_600 + line)) }
        #expect(rig.changes.count == 2)
    }

    @Test func `a declared silence holds from the first sample on`() {
        var rig = Rig(.within(seconds: 1_800))
        rig.speak(0, 0)
        rig.speak(1, 0)
        for second in 1..<100 { rig.speak(0, Double(second)) }
        #expect(rig.told == ["+1@30.0"])
        guard case .begins(let silence, _)? = rig.changes.first else { return }
        #expect(silence.measure == .declared)
    }

    @Test func `an alarm on every missing tick waits for half an interval`() {
        var rig = Rig(.everyTick)
        rig.run(0..<10, series: 2)
        rig.run(10..<13, series: 2) { number, second in number == 1 && second == 10 }
        #expect(rig.told == ["+1@10.5", "-1@11.0"])
    }

    @Test func `clocks an hour apart do not make the slower one silent`() {
        var rig = Rig()
        rig.run(0..<2_000, series: 3, ahead: [3_600, 0, 0])
        #expect(rig.changes.isEmpty, "\(rig.told)")
        rig.run(2_000..<2_030, series: 3, ahead: [3_600, 0, 0]) { number, _ in number == 1 }
        #expect(rig.told.count == 1)
        #expect(rig.told[0].hasPrefix("+1@2004.25"), "in its own time: \(rig.told)")
    }

    @Test func `a time that jumps ahead and back is forgotten after some lines`() {
        var rig = Rig()
        rig.run(0..<1_000, series: 2)
        rig.speak(0, 4e7)
        // Its own clock steps back with the third line; the other series never saw the jump.
        for second in 1_001..<1_200 {
            rig.speak(0, Double(second), restarts: second == 1_003)
            rig.speak(1, Double(second))
        }
        #expect(rig.changes.isEmpty, "\(rig.told)")
        rig.run(1_200..<1_230, series: 1)
        #expect(rig.told.count == 1, "and the watch goes on: \(rig.told)")
    }

    @Test func `a clock that is set from 1970 is no silence`() {
        var rig = Rig()
        rig.run(0..<1_000, series: 2)
        rig.run(30_000_000..<30_000_100, series: 2)
        #expect(rig.changes.isEmpty, "\(rig.told)")
    }

    @Test func `lines of no series keep the source from being silent`() {
        var rig = Rig()
        rig.run(0..<1_000, series: 1)
        for second in 1_000..<1_300 { rig.watch.hear(at: Self.at(Double(second)), into: &rig.changes) }
        #expect(rig.told.count == 1 && rig.told[0].hasPrefix("+0@1004.5005"), "the series alone is silent")
    }

    @Test func `deadlines come in order of time, then of number`() {
        var rig = Rig()
        rig.run(0..<1_001, series: 5)
        rig.run(1_001..<1_003, series: 5) { number, _ in number != 0 && number != 3 }
        rig.run(1_003..<1_100, series: 1)
        let numbers = rig.told.map { $0.dropFirst().prefix(1) }
        #expect(numbers == ["1", "2", "4", "3"] || numbers == ["1", "2", "4"] + ["3"], "\(rig.told)")
    }

    @Test func `a stored watch goes on as if it had never stopped`() throws {
        for stop in [10, 300, 1_004, 1_008, 1_500, 1_603, 1_606] {
            var whole = Rig()
            var second = Rig()
            func part(_ rig: inout Rig, _ range: Range<Int>) {
                rig.run(range, series: 4) { number, second in
                    (1_000..<1_400).contains(second) && number == 2 || (1_500..<1_600).contains(second)
                        || second >= 1_600 && number == 1
                }
            }
            part(&whole, 0..<stop)
            var writer = StateWriter()
            whole.watch.encode(to: &writer)
            var reader = StateReader(writer.bytes)
            second.watch = try SilenceWatch(Self.learned, from: &reader)
            #expect(reader.remaining == 0)
            whole.changes = []
            part(&whole, stop..<1_700)
            part(&second, stop..<1_700)
            #expect(whole.changes == second.changes, "stopped at \(stop)")
            var again = StateWriter()
            var reference = StateWriter()
            second.watch.encode(to: &again)
            whole.watch.encode(to: &reference)
            #expect(again.bytes == reference.bytes, "stopped at \(stop)")
        }
    }

    @Test func `damaged state is refused and never traps`() {
        var rig = Rig()
        rig.run(0..<100, series: 3)
        var writer = StateWriter()
        rig.watch.encode(to: &writer)
        for length in 0..<writer.bytes.count {
            var reader = StateReader(Array(writer.bytes[..<length]))
            #expect(throws: StateCodingError.self) { try SilenceWatch(Self.learned, from: &reader) }
        }
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            var bytes = writer.bytes
            bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            var reader = StateReader(bytes)
            guard var watch = try? SilenceWatch(Self.learned, from: &reader) else { continue }
            var changes: [SilenceWatch.Change] = []
            for second in 100..<130 {
                watch.observe(series: 0, at: Self.at(Double(second)), interval: 1, into: &changes)
            }
        }
    }

    @Test func `hostile times never trap`() {
        var rig = Rig(.within(seconds: 1e12))
        for (number, time) in [Int64.min, .max, 0, .max, .min, -1, 1, .max - 1].enumerated() {
            rig.watch.observe(
                series: number % 3, at: Timestamp(nanoseconds: time), interval: nil, into: &rig.changes)
        }
    }

    @Test func `a series takes less than 400 bytes`() {
        #expect(SilenceWatch.bytesPerSeries < 400)
    }
}

@Suite struct DeadlineHeapTests {
    @Test func `the earliest comes first, equal ones by number`() {
        var generator = SeededGenerator(seed: 1)
        var heap = DeadlineHeap()
        var all: [DeadlineHeap.Entry] = []
        for number in 0..<500 {
            let entry = DeadlineHeap.Entry(due: Int64(generator.next() % 50), number: Int32(number))
            heap.insert(entry)
            all.append(entry)
        }
        all.sort()
        for expected in all.prefix(250) {
            #expect(heap.first == expected)
            heap.removeFirst()
        }
        heap.replaceFirst(with: .init(due: 99, number: 7))
        #expect(heap.first == all[251])
        while heap.first != nil { heap.removeFirst() }
    }
}
