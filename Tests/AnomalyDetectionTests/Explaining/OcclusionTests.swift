import Testing

@testable import AnomalyDetection

@Suite struct OcclusionTests {
    @Test func `a channel's part is how far the score falls without it`() {
        let parts = Occlusion.parts(players: 3, scores: 2) { isAside, scores in
            scores[0] = [3.0, 2, 0.5].enumerated().reduce(1) { $0 + (isAside[$1.offset] ? 0 : $1.element) }
            scores[1] = isAside[1] ? 7 : 4
        }
        #expect(parts[0] == [3, 2, 0.5])
        // The score rises without the second channel: it hides something and is no part of it.
        #expect(parts[1] == [0, 0, 0])
    }

    @Test func `it takes one score more than there are channels`() {
        var calls = 0
        _ = Occlusion.parts(players: 8, scores: 1) { _, _ in calls += 1 }
        #expect(calls == 9)
    }
}
