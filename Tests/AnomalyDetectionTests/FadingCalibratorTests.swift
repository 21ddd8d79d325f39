import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct FadingCalibratorTests {
    @Test func `bins are in order and hold what falls between their edges`() {
        for bin in 0..<FadingCalibrator.binCount {
            let (low, high) = (FadingCalibrator.lowerEdge(of: bin), FadingCalibrator.lowerEdge(of: bin + 1))
            #expect(low < high)
            #expect(FadingCalibrator.bin(of: 0.5 * (low + high)) == bin)
        }
        #expect(FadingCalibrator.bin(of: -1) == 0 && FadingCalibrator.bin(of: .nan) == 0)
        #expect(FadingCalibrator.bin(of: 1e300) == FadingCalibrator.binCount - 1)
    }

    @Test(arguments: [2_048, 8_192]) func `says what the calibrator of all scores says, nearly`(length: Int) {
        var fading = FadingCalibrator(length: length)
        var exact = TailCalibrator(length: length)
        var generator = SeededGenerator(seed: 8)
        var largest = 0.0
        for step in 0..<(6 * length) {
            let score = Transcendental.log1p(normal(&generator).magnitude)
            fading.push(score)
            exact.push(score)
            guard step > length / 2, step % 97 == 0 else { continue }
            for raw in [0.5, 1, 2, 3, 4] {
                let asked = Transcendental.log1p(raw)
                largest = max(largest, (fading.evidence(asked) - exact.evidence(asked)).magnitude)
            }
        }
        // Both tails are estimates from about 5 % of `length` scores: their error at 4 is some tenths.
        #expect(largest < 0.6, "\(largest)")
    }

    @Test func `the few scores of the tail fade as the others do`() {
        var calibrator = FadingCalibrator(length: 8_192)
        // One score in 200 is high: the tail begins behind the bin of the others with −log10(1/200) = 2.3, however long it
        // goes on.
        for step in 0..<100_000 { calibrator.push(step % 200 == 7 ? 3 : 0.5) }
        #expect((2.2...2.4).contains(calibrator.evidence(0.526)), "\(calibrator.evidence(0.526))")
        #expect((7_000...8_192).contains(calibrator.count))
    }

    @Test func `forgets what is longer ago than a few lengths`() {
        var calibrator = FadingCalibrator(length: 2_048)
        for _ in 0..<2_000 { calibrator.push(3) }
        for _ in 0..<40_000 { calibrator.push(0.5) }
        #expect(calibrator.evidence(3) > 5)
    }

    @Test func `says nothing before eight scores and little before forty`() {
        var calibrator = FadingCalibrator(length: 2_048)
        for _ in 0..<7 { calibrator.push(0.1) }
        #expect(calibrator.evidence(15) == 0)
        calibrator.push(0.1)
        #expect((calibrator.evidence(15) - 1.2552725).magnitude < 1e-6)
        for _ in 0..<31 { calibrator.push(0.1) }
        #expect(calibrator.evidence(15) <= 2)
        calibrator.push(0.1)
        #expect(calibrator.evidence(15) == 14)
    }

    @Test func `evidence rises with the score and what repeats is ordinary`() {
        var calibrator = FadingCalibrator(length: 2_048)
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<6_000 { calibrator.push(normal(&generator).magnitude) }
        var last = 0.0
        for step in 0..<1_600 {
            let evidence = calibrator.evidence(Double(step) / 100)
            #expect(evidence >= last)
            last = evidence
        }
        #expect(last == 14)
        var flat = FadingCalibrator(length: 2_048)
        for _ in 0..<3_000 { flat.push(1.2345) }
        #expect(flat.evidence(1.2345) < 1e-3)
    }

    @Test func `a re-baseline keeps half and takes in the recent`() {
        var calibrator = FadingCalibrator(length: 8_192)
        for _ in 0..<4_000 { calibrator.push(0.5) }
        #expect(calibrator.evidence(3) > 5)
        let recent = Array(repeating: UInt16(FadingCalibrator.bin(of: 3)), count: FadingCalibrator.recentScores)
        calibrator.rebaseline(recent: recent, seed: 1)
        #expect((2_200...2_300).contains(calibrator.count), "\(calibrator.count)")
        #expect((0.85...1.05).contains(calibrator.evidence(3)), "\(calibrator.evidence(3))")
    }

    @Test func `drops its first scores on demand`() {
        var calibrator = FadingCalibrator(length: 8_192, dropsFirst: true)
        for _ in 0..<60 { calibrator.push(5) }
        for _ in 0..<240 { calibrator.push(0.5) }
        #expect(calibrator.evidence(4.9) < 1)
        calibrator.dropFirstScores()
        #expect(calibrator.count == 240)
        #expect(calibrator.evidence(4.9) > 5)
    }

    @Test(arguments: [0, 5, 39, 40, 150, 5_000]) func `goes on from its bytes`(cut: Int) throws {
        var calibrator = FadingCalibrator(length: 2_048, dropsFirst: true)
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<cut { calibrator.push(normal(&generator).magnitude) }
        let bytes = StateWriter.bytes { calibrator.encode(to: &$0) }
        var reader = StateReader(bytes)
        var restored = try FadingCalibrator(from: &reader, length: 2_048)
        #expect(reader.remaining == 0)
        for _ in 0..<3_000 {
            let score = normal(&generator).magnitude
            #expect(restored.evidence(score) == calibrator.evidence(score))
            calibrator.push(score)
            restored.push(score)
        }
        #expect(StateWriter.bytes { restored.encode(to: &$0) } == StateWriter.bytes { calibrator.encode(to: &$0) })
        #expect(throws: StateCodingError.self) {
            var short = StateReader(Array(bytes.dropLast()))
            _ = try FadingCalibrator(from: &short, length: 2_048)
        }
    }
}

@Suite struct ShortMemoryTests {
    @Test func `a short onset filter lets through what begins and again after its samples`() {
        var filter = OnsetFilter(memory: .short)
        var answers = [2, 2.1, 2.4].map { filter.admit($0) }
        #expect(answers == [true, false, true])
        answers = (0..<119).map { _ in filter.admit(0.1) }
        #expect(!answers.contains(true))
        // Blocks of eight: gone after 128 samples at the latest.
        for _ in 0..<8 { _ = filter.admit(0.1) }
        let again = filter.admit(1)
        #expect(again)
    }

    @Test func `a lean series of one channel takes less than 8 KB for good`() {
        var rig = Rig(channels: 1, networks: false, profile: .lean)
        var generator = SeededGenerator(seed: 6)
        var largest = (memory: 0, bytes: 0)
        for step in 0..<14_000 {
            _ = rig.observe([normal(&generator)])
            guard step % 100 == 99 else { continue }
            largest = (max(largest.memory, rig.monitor.memoryBytes), max(largest.bytes, rig.monitor.bytes.count))
        }
        #expect(largest.memory <= 8_192 && largest.bytes <= 8_192, "\(largest)")
    }

    @Test(arguments: [7, 160, 290, 5_000]) func `a lean monitor goes on from its bytes`(cut: Int) throws {
        var rig = Rig(channels: 2, networks: false, profile: .lean)
        var generator = SeededGenerator(seed: 16)
        for _ in 0..<cut { _ = rig.observe([normal(&generator), normal(&generator)]) }
        var reader = StateReader(rig.monitor.bytes)
        let configuration = DetectionConfiguration(usesNetworks: false, profile: .lean)
        var other = rig
        other.monitor = try SeriesMonitor(from: &reader, configuration: configuration)
        for _ in 0..<600 {
            let values = [normal(&generator), normal(&generator)]
            let verdict = rig.observe(values)
            #expect(other.observe(values) == verdict)
        }
        #expect(other.monitor.bytes == rig.monitor.bytes)
        #expect(throws: StateCodingError.self) {
            var again = StateReader(rig.monitor.bytes)
            _ = try SeriesMonitor(from: &again, configuration: DetectionConfiguration(usesNetworks: false))
        }
    }
}
