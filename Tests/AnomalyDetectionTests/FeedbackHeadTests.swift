import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// What is learned from what people say of incidents.
@Suite struct FeedbackHeadTests {
    /// An opening on one channel, seen by one detector.
    private func features(
        channel: Int, detector: String = "level", score: Double? = 6, size: Double = 4
    ) -> OpeningFeatures {
        let explanation = Explanation(
            channels: [
                .init(channel: channel, value: size, expected: 0, low: -1, high: 1, share: 0.9, direction: .high),
                .init(channel: (channel + 1) % 4, value: 0, expected: 0, low: -1, high: 1, share: 0.1, direction: .low),
            ],
            detectors: [.init(name: detector, score: 5, weight: 1)], raritySeconds: nil)
        return OpeningFeatures(explanation, score: score, threshold: 5, channelCount: 4)
    }

    private func head(_ answers: [(OpeningFeatures, Bool)]) -> FeedbackHead {
        var head = FeedbackHead(channelCount: 4)
        for (features, isReal) in answers { head.note(.init(features, isReal: isReal)) }
        head.apply()
        return head
    }

    @Test func `without answers nothing is changed, and none comes into force before a border`() {
        var head = FeedbackHead(channelCount: 4)
        #expect(head.adjustment(features(channel: 0)) == 0)
        head.note(.init(features(channel: 0), isReal: false))
        #expect(head.adjustment(features(channel: 0)) == 0 && head.count == 0 && !head.isEmpty)
        head.apply()
        #expect(head.adjustment(features(channel: 0)) < 0 && head.count == 1)
    }

    @Test func `what looks like false alarms falls, and what looks like real ones rises`() {
        let answers = (0..<5).flatMap { number in
            [
                (features(channel: 0, score: 5 + Double(number) / 4), false),
                (features(channel: 2, detector: "shift", score: 6, size: 9), true),
            ]
        }
        let head = head(answers)
        #expect(head.adjustment(features(channel: 0)) < -0.2)
        #expect(head.adjustment(features(channel: 2, detector: "shift", size: 9)) > 0.2)
        let strange = head.adjustment(features(channel: 1, detector: "stuck"))
        #expect(strange.magnitude < head.adjustment(features(channel: 0)).magnitude)
    }

    @Test func `however many answers there are it stays within its bounds`() {
        let bad = head((0..<500).map { _ in (features(channel: 0), false) })
        #expect(bad.count == FeedbackHead.mostAnswers)
        #expect(bad.adjustment(features(channel: 0)) >= FeedbackHead.lowest)
        let good = head((0..<500).map { _ in (features(channel: 0), true) })
        #expect(good.adjustment(features(channel: 0)) <= FeedbackHead.highest)
        #expect(good.adjustment(features(channel: 0)) > 0)
    }

    @Test func `one false alarm does not outweigh many real ones of its kind`() {
        let head = head((0..<9).map { (features(channel: 0), $0 != 4) })
        #expect(head.adjustment(features(channel: 0)).magnitude < 0.1)
    }

    @Test func `the state goes on with the answers, also with those that wait`() throws {
        var head = head([(features(channel: 0), false), (features(channel: 2), true)])
        head.note(.init(features(channel: 1), isReal: false))
        var writer = StateWriter()
        head.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try FeedbackHead(from: &reader, channelCount: 4)
        #expect(reader.remaining == 0 && restored == head)
        head.apply()
        restored.apply()
        #expect(restored.adjustment(features(channel: 1)) == head.adjustment(features(channel: 1)))
    }

    @Test func `an opening is found by its onset, and answered once`() throws {
        var openings = RecentOpenings()
        let begin = Timestamp(nanoseconds: 1_000_000_000_000)
        for number in 0..<20 {
            let since = begin.advanced(bySeconds: Double(number) * 100)
            openings.note(features(channel: 0), score: Double(number), since: since)
        }
        let answer1 = openings.answer(false, since: begin, tolerance: 10)
        #expect(answer1 == nil)
        let late = begin.advanced(bySeconds: 1_903)
        let answer2 = openings.answer(false, since: late, tolerance: 2)
        #expect(answer2 == nil)
        let answer3 = openings.answer(false, since: late, tolerance: 10)
        #expect(answer3?.score == 19)
        let answer4 = openings.answer(false, since: late, tolerance: 10)
        #expect(answer4 == nil)
        // Who has changed their mind is heard.
        let answer5 = openings.answer(true, since: late, tolerance: 10)
        #expect(answer5?.score == 19)
        var writer = StateWriter()
        openings.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        #expect(try RecentOpenings(from: &reader, channelCount: 4) == openings)
    }

    @Test func `a score that was a false alarm counts in the threshold from then on`() {
        var threshold = BlockMaximaThreshold(prior: .init(level: 1, scale: 0.4, blocks: 8, isPredictive: true))
        for number in 0..<2_400 { threshold.push(Double(number % 60) / 60, censoredAbove: 10) }
        let before = threshold.score(3)
        threshold.learnFalseAlarm(score: before)
        #expect(threshold.score(3) < before)
    }
}
