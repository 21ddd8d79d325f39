import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct NotableMomentsTests {
    /// An incident of four channels: their shares, in the direction of their sign, the value of the first in half band widths,
    /// and the detector that saw it.
    private func explanation(_ shares: [Double], size: Double = 5, by detector: DetectorKind = .level) -> Explanation {
        Explanation(
            channels: shares.enumerated().map { channel, share in
                Explanation.ChannelPart(
                    channel: channel, value: channel == 0 ? 10 + size : 10, expected: 10, low: 9, high: 11,
                    share: share.magnitude, direction: share < 0 ? .low : .high)
            }, detectors: [.init(name: detector.name, score: 4, weight: 1)], raritySeconds: nil)
    }

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

    private func remembering(_ explanations: [Explanation]) -> NotableMoments {
        var moments = NotableMoments(channelCount: 4)
        for (index, explanation) in explanations.enumerated() { moments.open(explanation, at: at(Int64(index))) }
        return moments
    }

    @Test func `the same again is no distance away, and how it ended is told`() {
        var moments = remembering([explanation([0.7, -0.2, 0.1, 0])])
        #expect(moments.nearest(to: explanation([0.7, -0.2, 0.1, 0])) == SimilarMoment(time: at(0), distance: 0))
        moments.close(lasted: 90, becameUsual: true)
        // What closes later is another incident's and not remembered.
        moments.close(lasted: 5, becameUsual: false)
        #expect(
            moments.nearest(to: explanation([0.7, -0.2, 0.1, 0]))
                == SimilarMoment(time: at(0), distance: 0, lasted: 90, becameUsual: true))
    }

    @Test func `nothing is said of other channels, another direction, or a first incident`() {
        let moments = remembering([explanation([0.9, 0.1, 0, 0])])
        #expect(moments.nearest(to: explanation([0, 0, 0.9, 0.1])) == nil)
        #expect(moments.nearest(to: explanation([-0.9, -0.1, 0, 0])) == nil)
        #expect(moments.nearest(to: explanation([0.8, 0.2, 0, 0])) != nil)
        #expect(NotableMoments(channelCount: 4).nearest(to: explanation([1, 0, 0, 0])) == nil)
    }

    @Test func `another size or another view of it is further away, both together too far`() throws {
        let moments = remembering([explanation([1, 0, 0, 0], size: 4)])
        let larger = try #require(moments.nearest(to: explanation([1, 0, 0, 0], size: 8)))
        // A factor of two is a quarter of four doublings, and counts half.
        #expect(larger.distance == 0.13)
        #expect(moments.nearest(to: explanation([1, 0, 0, 0], size: 4, by: .volatility)) == nil)
        #expect(moments.nearest(to: explanation([1, 0, 0, 0], size: 4, by: .forecast))?.distance == 0)
    }

    @Test func `the nearest is told, the latest of equals`() {
        let moments = remembering([
            explanation([1, 0, 0, 0]), explanation([0.7, 0.3, 0, 0]), explanation([1, 0, 0, 0]),
            explanation([0, 1, 0, 0]),
        ])
        #expect(moments.nearest(to: explanation([1, 0, 0, 0]))?.time == at(2))
        #expect(moments.nearest(to: explanation([0.65, 0.35, 0, 0]))?.time == at(1))
    }

    @Test func `the oldest leave, and the memory is what it says`() {
        let moments = remembering((0..<100).map { explanation([1, 0, 0, 0], size: $0 == 0 ? 2 : 1_000) })
        #expect(moments.count == NotableMoments.capacity)
        #expect(moments.nearest(to: explanation([1, 0, 0, 0], size: 2)) == nil)
        #expect(moments.memoryBytes == NotableMoments(channelCount: 4).memoryBytes)
        #expect(moments.memoryBytes <= 4_096)
    }

    @Test func `it is read back as it was written, and damage is refused`() throws {
        var moments = remembering([explanation([0.5, -0.5, 0, 0]), explanation([0, 0, 1, 0], by: .stuck)])
        moments.close(lasted: 3, becameUsual: false)
        let bytes = StateWriter.bytes { moments.encode(to: &$0) }
        var reader = StateReader(bytes)
        #expect(try NotableMoments(from: &reader, channelCount: 4) == moments)
        #expect(reader.remaining == 0)
        for length in 0..<bytes.count {
            #expect(throws: StateCodingError.self) {
                var reader = StateReader(Array(bytes.prefix(length)))
                _ = try NotableMoments(from: &reader, channelCount: 4)
            }
        }
        #expect(throws: StateCodingError.self) {
            var reader = StateReader([UInt8(NotableMoments.capacity + 1)] + Array(repeating: 0, count: 4_096))
            _ = try NotableMoments(from: &reader, channelCount: 4)
        }
    }

    @Test func `values that are not numbers are no trouble`() {
        var odd = explanation([.infinity, .greatestFiniteMagnitude, 0, 0], size: .infinity)
        odd.channels[1].channel = 9
        odd.detectors[0].weight = .infinity
        let moments = remembering([odd])
        #expect(moments.nearest(to: odd).map { $0.distance.isFinite } ?? true)
    }

    @Test func `the second fault of a kind is like the first, of another channel it is not, and lean forgets`() throws {
        var rig = Rig(channels: 3, networks: false)
        var lean = Rig(channels: 3, networks: false, profile: .lean)
        var generator = SeededGenerator(seed: 2)
        var found: [SimilarMoment?] = []
        for step in 0..<2_400 {
            var values = wave(step, channels: 3, &generator)
            let isFault = [1_200, 1_600, 2_000].contains(step)
            if isFault { values[step == 2_000 ? 2 : 1] += 40 }
            let verdict = rig.observe(values)
            _ = lean.observe(values)
            guard isFault else { continue }
            #expect(verdict.isEvent)
            found.append(rig.monitor.noteOpening(rig.monitor.explain(), since: verdict.time))
            rig.monitor.noteClosing(lasted: 1, becameUsual: false)
            #expect(lean.monitor.noteOpening(lean.monitor.explain(), since: verdict.time) == nil)
        }
        #expect(found.count == 3 && found[0] == nil && found[2] == nil)
        let similar = try #require(found[1])
        #expect(similar.time.seconds == 1_201 && similar.lasted == 1, "\(similar)")
        #expect(lean.monitor.moments == nil)
        // Restored, it still knows.
        var reader = StateReader(rig.monitor.bytes)
        let restored = try SeriesMonitor(from: &reader, configuration: rig.configuration)
        #expect(restored.moments == rig.monitor.moments && restored.moments?.count == 3)
    }
}
