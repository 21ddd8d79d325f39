import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct IsolationDetectorTests {
    private func learned(_ periods: Int) -> IsolationDetector {
        var detector = IsolationDetector(channelCount: 2, seed: 1)
        var feed = GeometryFeed(channels: 2, seed: 2)
        // Sixteen samples fill the window before the first one counts.
        for _ in 0..<(16 + periods * IsolationDetector.period) {
            feed.next()
            _ = detector.score(feed.frame)
            detector.learn(feed.frame, weight: 1)
        }
        return detector
    }

    @Test(arguments: [1, 2, 5, 30]) func `each tree's masses count the windows and add up`(periods: Int) {
        let detector = learned(periods)
        for tree in 0..<IsolationDetector.trees {
            let root = detector.mass(tree: tree, node: 1)
            // The first period is counted as it is; later ones lose less than a unit in each leaf that holds any.
            let lost = periods == 1 ? 0 : Double(IsolationDetector.leaves * 16) / Double(IsolationDetector.unit)
            #expect(root <= Double(IsolationDetector.period) && root >= Double(IsolationDetector.period) - lost)
            var leaves = 0.0
            for node in 1..<IsolationDetector.leaves {
                let below = detector.mass(tree: tree, node: 2 * node) + detector.mass(tree: tree, node: 2 * node + 1)
                #expect(detector.mass(tree: tree, node: node) == below)
            }
            for leaf in IsolationDetector.leaves..<(2 * IsolationDetector.leaves) {
                leaves += detector.mass(tree: tree, node: leaf)
            }
            #expect(leaves == root)
        }
    }

    @Test func `nothing is counted before a period is over`() {
        let detector = learned(0)
        for tree in 0..<IsolationDetector.trees { #expect(detector.mass(tree: tree, node: 1) == 0) }
    }

    @Test func `what goes on far from the crowd scores near the largest there is, and at its middle low`() {
        var detector = learned(20)
        var feed = GeometryFeed(channels: 2, seed: 5)
        feed.next { _, _, values in values = [30, -30] }
        let far = detector.score(feed.frame)
        var usual: Float = 0
        var inside = learned(20)
        for _ in 0..<200 {
            feed.next()
            usual += inside.score(feed.frame) / 200
            inside.learn(feed.frame, weight: 1)
        }
        // ln(128.01 / 0.01) = 9.457.
        #expect(far > 7 && far < 9.46, "\(far)")
        #expect(usual < 4, "\(usual)")
    }
}
