import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct TailCalibratorTests {
    @Test func `bins are in order and hold what falls between their edges`() {
        for bin in 0..<TailCalibrator.binCount {
            let low = TailCalibrator.lowerEdge(of: bin)
            let high = TailCalibrator.lowerEdge(of: bin + 1)
            #expect(low < high)
            #expect(TailCalibrator.bin(of: TailCalibrator.centre(of: bin)) == UInt16(bin))
        }
        #expect(TailCalibrator.bin(of: -1) == 0)
        #expect(TailCalibrator.bin(of: 1e300) == UInt16(TailCalibrator.binCount - 1))
    }

    @Test func `agrees with a sorted list of the last scores`() {
        let length = 300
        var calibrator = TailCalibrator(length: length)
        var generator = SeededGenerator(seed: 8)
        var scores: [Double] = []
        for step in 0..<1_500 {
            let score = (normal(&generator).magnitude * 2)
            let window = scores.suffix(length)
            // The oracle works on the bins' places, for scores in one bin are equal to the calibrator.
            let asked = Int(TailCalibrator.bin(of: score))
            let bins = window.map { Int(TailCalibrator.bin(of: $0)) }
            let oracle = sortedListEvidence(asked, score: score, bins: bins, fittedOn: fitted)
            let answer = calibrator.evidence(score)
            #expect((answer - oracle).magnitude < 1e-9, "step \(step): \(answer), not \(oracle)")
            calibrator.push(score)
            scores.append(score)
            if (step + 1) % 32 == 0 || min(scores.count, length) == 40 && step == 39 {
                fitted = tail(scores.suffix(length).map { Int(TailCalibrator.bin(of: $0)) })
            }
        }
        #expect(calibrator.count == length)
    }

    private struct Tail {
        var start: Double
        var evidence: Double
        var scale: Double
    }

    private var fitted: Tail? {
        get { box.tail }
        nonmutating set { box.tail = newValue }
    }

    private final class Box { var tail: Tail? }
    private let box = Box()

    private func tail(_ bins: [Int]) -> Tail? {
        guard bins.count >= 40 else { return nil }
        let sorted = bins.sorted(by: >)
        let most = max(10, Int(0.05 * Double(bins.count)))
        // As many of the top scores as there may be without splitting a bin.
        var above = most
        while above > 0, above < sorted.count, sorted[above - 1] == sorted[above] { above -= 1 }
        // u is the upper edge of the first bin that does not fit any more.
        let start = TailCalibrator.lowerEdge(of: sorted[above] + 1)
        let excess = sorted[..<above].reduce(0) { $0 + TailCalibrator.centre(of: $1) - start }
        let mean = above > 0 ? excess / Double(above) : 0
        return Tail(
            start: start,
            evidence: -Transcendental.log10((Double(above) + 0.5) / Double(bins.count + 1)),
            scale: max(mean, 0.02 * start + 1e-6))
    }

    private func sortedListEvidence(_ asked: Int, score: Double, bins: [Int], fittedOn tail: Tail?) -> Double {
        guard bins.count >= 8 else { return 0 }
        if let tail, score > tail.start {
            return min(14, tail.evidence + (score - tail.start) / tail.scale / Transcendental.log(10))
        }
        let above = Double(bins.filter { $0 >= asked }.count)
        let rank = -Transcendental.log10(min(1, (above + 0.5) / Double(bins.count + 1)))
        return tail == nil ? min(rank, 2) : rank
    }

    @Test func `says nothing before eight scores and little before forty`() {
        var calibrator = TailCalibrator(length: 100)
        for _ in 0..<7 {
            #expect(calibrator.evidence(15) == 0)
            calibrator.push(0.1)
        }
        #expect(calibrator.evidence(15) == 0)
        calibrator.push(0.1)
        // Nothing of eight is as high: p = 0.5 / 9.
        #expect((calibrator.evidence(15) - 1.2552725).magnitude < 1e-6)
        for _ in 0..<31 { calibrator.push(0.1) }
        #expect(calibrator.evidence(15) <= 2)
        calibrator.push(0.1)
        #expect(calibrator.evidence(15) == 14)
    }

    @Test func `a score that always is the same is ordinary`() {
        var calibrator = TailCalibrator(length: 2_048)
        for _ in 0..<3_000 { calibrator.push(1.2345) }
        #expect(calibrator.evidence(1.2345) < 1e-3)
    }

    @Test func `evidence rises with the score`() {
        var calibrator = TailCalibrator(length: 2_048)
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<2_000 { calibrator.push(normal(&generator).magnitude) }
        var last = 0.0
        for step in 0..<1_600 {
            let evidence = calibrator.evidence(Double(step) / 100)
            #expect(evidence >= last)
            last = evidence
        }
        #expect(last == 14)
    }

    @Test func `is calibrated on new numbers of the same kind`() {
        var calibrator = TailCalibrator(length: 8_192)
        var generator = SeededGenerator(seed: 10)
        for _ in 0..<8_192 { calibrator.push(normal(&generator).magnitude) }
        var rare = 0
        for _ in 0..<20_000 where calibrator.evidence(normal(&generator).magnitude) >= 2 { rare += 1 }
        // One in a hundred of 20,000 is 200 ± 14; the tail's fit adds about as much error again.
        #expect((100...300).contains(rare), "\(rare)")
    }

    @Test func `a re-baseline keeps about half and takes in the recent`() {
        var calibrator = TailCalibrator(length: 8_192)
        for _ in 0..<4_000 { calibrator.push(0.5) }
        #expect(calibrator.evidence(3) > 5)
        let recent = Array(repeating: TailCalibrator.bin(of: 3), count: 256)
        calibrator.rebaseline(recent: recent, seed: 1)
        #expect((2_100...2_400).contains(calibrator.count), "\(calibrator.count)")
        // 256 of about 2,250 are as high now.
        #expect((0.85...1.05).contains(calibrator.evidence(3)), "\(calibrator.evidence(3))")
    }

    @Test func `forgets its oldest scores on demand`() {
        var calibrator = TailCalibrator(length: 300)
        for _ in 0..<60 { calibrator.push(5) }
        for _ in 0..<240 { calibrator.push(0.5) }
        #expect(calibrator.evidence(4.9) < 1)
        calibrator.dropOldest(60)
        #expect(calibrator.count == 240)
        #expect(calibrator.evidence(4.9) > 5)
    }

    @Test(arguments: [0, 5, 39, 40, 150, 700])
    func `goes on from its bytes`(cut: Int) throws {
        var calibrator = TailCalibrator(length: 256)
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<cut { calibrator.push(normal(&generator).magnitude) }
        let bytes = StateWriter.bytes { calibrator.encode(to: &$0) }
        var reader = StateReader(bytes)
        var restored = try TailCalibrator(from: &reader, length: 256)
        #expect(reader.remaining == 0)
        for _ in 0..<400 {
            let score = normal(&generator).magnitude
            #expect(restored.evidence(score) == calibrator.evidence(score))
            calibrator.push(score)
            restored.push(score)
        }
        #expect(restored == calibrator)
        #expect(throws: StateCodingError.self) {
            var short = StateReader(Array(bytes.dropLast()))
            _ = try TailCalibrator(from: &short, length: 256)
        }
    }
}
