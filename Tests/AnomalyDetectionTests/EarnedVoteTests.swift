import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct EarnedVoteTests {
    @Test func `is earned below the naive error and lost above it, with a gap between`() {
        var vote = EarnedVote()
        for _ in 0..<49 { vote.note(error: 0.5, naive: 1) }
        #expect(!vote.isEarned)
        vote.note(error: 0.5, naive: 1)
        #expect(vote.isEarned)
        for _ in 0..<10_000 { vote.note(error: 1, naive: 1) }
        #expect(vote.isEarned)
        for _ in 0..<2_000 { vote.note(error: 1.1, naive: 1) }
        #expect(!vote.isEarned)
        for _ in 0..<10_000 { vote.note(error: 1, naive: 1) }
        #expect(!vote.isEarned)
    }

    @Test func `nothing is earned where there is nothing to predict`() {
        var vote = EarnedVote()
        for _ in 0..<1_000 { vote.note(error: 0, naive: 0) }
        #expect(!vote.isEarned)
    }

    @Test func `the learning state says who votes and how long the rest takes`() {
        var rig = Rig(channels: 1)
        var generator = SeededGenerator(seed: 8)
        let first = rig.observe([normal(&generator)]).learning
        #expect(first.secondsUntilVote == 200 && first.thresholdProgress == 0)
        #expect(first.secondsUntilOwnThreshold == 1_200)
        #expect(!first.forecasterVotes && !first.autoencoderVotes)
        for _ in 0..<700 { _ = rig.observe([normal(&generator)]) }
        let half = rig.observe([normal(&generator)]).learning
        #expect(half.secondsUntilVote == 0)
        #expect((0.4...0.45).contains(half.thresholdProgress), "\(half.thresholdProgress)")
        #expect(half.forecasterVotes == rig.monitor.forecastVote.isEarned)
        // An autoencoder that never learned rebuilds nothing.
        #expect(!half.autoencoderVotes)
        for _ in 0..<700 { _ = rig.observe([normal(&generator)]) }
        let whole = rig.observe([normal(&generator)]).learning
        #expect(whole.thresholdProgress == 1 && whole.secondsUntilOwnThreshold == 0)
    }
}
