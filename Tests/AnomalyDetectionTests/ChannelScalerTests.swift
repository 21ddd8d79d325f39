import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct ChannelScalerTests {
    @Test func `starts from median and mean absolute deviation`() {
        var scaler = ChannelScaler()
        for value in [1.0, 9, 2, 100, 3] { scaler.learn(value, isOpen: true) }
        // Sorted 1 2 3 9 100: median 3; distances 2 1 0 6 97: their median is 2, their mean 21.2.
        #expect(scaler.location == 3)
        #expect(unitsInLastPlace(scaler.spread, 1.2533 * 21.2) <= 4)
        #expect(scaler.scaled(3, scale: scaler.scale) == 0)
    }

    @Test func `scales nothing before its fifth value`() {
        var scaler = ChannelScaler()
        for value in [1.0, 2, 3, 4] {
            scaler.learn(value, isOpen: true)
            #expect(scaler.scaled(1_000, scale: scaler.scale) == 0)
        }
        scaler.learn(5, isOpen: true)
        #expect(scaler.scaled(1_000, scale: scaler.scale) == 50)
        #expect(scaler.scaled(-1_000, scale: scaler.scale) == -50)
    }

    @Test func `finds place and spread of normal numbers`() {
        var scaler = ChannelScaler()
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 { scaler.learn(7 + 2 * normal(&generator), isOpen: true) }
        // Standard error of the mean 2/√20000 = 0.014; of the spread about as much; clipping at 4 costs nothing.
        #expect((6.93...7.07).contains(scaler.location), "\(scaler.location)")
        #expect((1.9...2.1).contains(scaler.spread), "\(scaler.spread)")
    }

    @Test func `a closed gate stops learning and widens only what wanders`() {
        var still = ChannelScaler()
        var walking = ChannelScaler()
        var generator = SeededGenerator(seed: 4)
        var place = 0.0
        for _ in 0..<600 {
            place += 0.3 * normal(&generator)
            still.learn(normal(&generator), isOpen: true)
            walking.learn(place + normal(&generator), isOpen: true)
        }
        let location = walking.location
        let before = walking.scale
        let stillBefore = still.scale
        for _ in 0..<1_000 {
            still.learn(50, isOpen: false)
            walking.learn(50, isOpen: false)
        }
        #expect(walking.location == location)
        // 0.09 of variance a step: block means of 50 differ by 2/3 · 50 · 0.09 = 3, less 2 s² / 50 = 0.8 for a spread of
        // s² = 0.09 · 600 / 3 + 1; over 50 samples and a thousand steps 45, known to a factor of three from 11 blocks.
        let gained = walking.scale * walking.scale - before * before
        #expect((15...135).contains(gained), "\(gained)")
        #expect(still.scale < stillBefore * 1.3, "\(stillBefore) to \(still.scale)")
    }

    @Test func `the scale of a constant channel is the rounding of its readings`() {
        var scaler = ChannelScaler()
        for _ in 0..<100 { scaler.learn(20.5, isOpen: true) }
        #expect(unitsInLastPlace(scaler.scale, 0.1 / 12.0.squareRoot()) <= 2)
        #expect(scaler.scaled(20.6, scale: scaler.scale) == 0)
        #expect(scaler.scaled(20.4, scale: scaler.scale) == 0)
        #expect(scaler.scaled(25.5, scale: scaler.scale) == 50)
        #expect((scaler.scaled(20.7, scale: scaler.scale) - 3.46).magnitude < 0.01)
        var third = ChannelScaler()
        for _ in 0..<100 { third.learn(1.0 / 3, isOpen: true) }
        #expect(third.scale > 0)
    }

    @Test func `follows a channel that rests step by step`() {
        var scaler = ChannelScaler()
        for step in 0..<4_000 { scaler.learn(20 + Double(step / 400) * 0.1, isOpen: true) }
        #expect((scaler.location - 20.9).magnitude < 0.01, "\(scaler.location)")
        #expect(scaler.scaled(21, scale: scaler.scale) == 0)
    }

    @Test func `readings that change every time have their own scale`() {
        var scaler = ChannelScaler()
        for step in 0..<1_000 { scaler.learn(step % 2 == 0 ? 1 : 2, isOpen: true) }
        // Half a step on the average is 0.627; a thirtieth of the weight is still that of the first values, all one step apart.
        #expect((scaler.scale - 0.627).magnitude < 0.05, "\(scaler.scale)")
        #expect((scaler.scaled(2, scale: scaler.scale) - 0.8).magnitude < 0.1)
    }

    @Test func `a re-baseline keeps an eighth of the count`() {
        var scaler = ChannelScaler()
        for _ in 0..<1_600 { scaler.learn(1, isOpen: true) }
        scaler.rebaseline()
        #expect(scaler.count == 200)
        scaler.rebaseline()
        #expect(scaler.count == 100)
        scaler.rebaseline()
        #expect(scaler.count == 100)
        scaler.rebaseline(to: 7)
        #expect(scaler.location == 7)
    }

    @Test(arguments: [0, 1, 31, 32, 33, 500])
    func `goes on from its bytes`(cut: Int) throws {
        var scaler = ChannelScaler()
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<cut { scaler.learn(normal(&generator), isOpen: true) }
        let bytes = StateWriter.bytes { scaler.encode(to: &$0) }
        var reader = StateReader(bytes)
        var restored = try ChannelScaler(from: &reader)
        #expect(reader.remaining == 0)
        for step in 0..<200 {
            let value = normal(&generator)
            scaler.learn(value, isOpen: step % 7 != 0)
            restored.learn(value, isOpen: step % 7 != 0)
        }
        #expect(restored == scaler)
    }
}
