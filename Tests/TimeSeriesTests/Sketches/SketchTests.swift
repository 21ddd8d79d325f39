import Testing

@testable import TimeSeries

@Suite struct SketchTests {
    @Test(arguments: [10, 100, 1_000, 3_000, 10_000, 65_000, 300_000])
    func `a distinct counter keeps within three times its stated error`(count: Int) {
        var worst = 0.0
        for seed in 0..<20 {
            var counter = DistinctCounter()
            for thing in 0..<count {
                let hash = splitMix(UInt64(seed) << 40 | UInt64(thing))
                counter.insert(hash: hash)
                if thing % 3 == 0 { counter.insert(hash: hash) }
            }
            worst = max(worst, (counter.estimate / Double(count) - 1).magnitude)
        }
        // 20 draws of a deviation of 3.3 % stay within 3 of them; the stated bias between 2,560 and 5,120 comes on top.
        #expect(worst < 3 * 0.033, "off by \(worst) of \(count)")
    }

    @Test func `a memory finds all it took and takes few others for known`() {
        var memory = AgedMembership(capacity: 10_000, lifetime: 1e9)
        let time = Timestamp(nanoseconds: 0)
        for thing in 0..<10_000 { _ = memory.insert(hash: splitMix(UInt64(thing)), at: time) }
        for thing in 0..<10_000 {
            let isNew = memory.insert(hash: splitMix(UInt64(thing)), at: time)
            #expect(!isNew)
        }
        var wrong = 0
        for thing in 0..<10_000 {
            var copy = memory
            if !copy.insert(hash: splitMix(UInt64(1 << 32 + thing)), at: time) { wrong += 1 }
        }
        #expect(wrong < 300, "\(wrong) of 10,000 were taken for known at capacity")
    }

    @Test func `a memory forgets what is older than two lifetimes`() {
        var memory = AgedMembership(capacity: 100, lifetime: 60)
        func at(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }
        let isNew1 = memory.insert(hash: 7, at: at(0))
        #expect(isNew1)
        let isNew2 = memory.insert(hash: 8, at: at(61))
        #expect(isNew2)
        let isNew3 = memory.insert(hash: 7, at: at(62))
        #expect(!isNew3, "within two lifetimes")
        let isNew4 = memory.insert(hash: 9, at: at(130))
        #expect(isNew4)
        let isNew5 = memory.insert(hash: 10, at: at(191))
        #expect(isNew5)
        let isNew6 = memory.insert(hash: 8, at: at(252))
        #expect(isNew6, "its filter has been emptied")
    }

    @Test func `sketches survive their state`() throws {
        var counter = DistinctCounter()
        var memory = AgedMembership(capacity: 50, lifetime: 10)
        for thing in 0..<200 {
            counter.insert(hash: splitMix(UInt64(thing)))
            _ = memory.insert(hash: splitMix(UInt64(thing)), at: Timestamp(nanoseconds: Int64(thing) * 1_000_000_000))
        }
        var writer = StateWriter()
        counter.encode(to: &writer)
        memory.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        #expect(try DistinctCounter(from: &reader) == counter)
        #expect(try AgedMembership(from: &reader) == memory)
    }

    @Test func `a channel on a logarithm shows its value again`() {
        let channel = Channel(name: "bytes", scale: .logarithmic(unit: 5_000), grain: 0)
        for value in [0.0, 1, 5_000, 123_456_789, 1e18] {
            #expect((channel.unscaled(channel.scaled(value, seed: 1)) - value).magnitude <= 1e-9 * max(1, value))
        }
        #expect(channel.scaled(.nan, seed: 1).isNaN)
    }

    @Test func `a grain is a noise of its size, the same for a seed`() {
        let channel = Channel(name: "share", grain: 0.15)
        var sum = 0.0
        var squares = 0.0
        for seed in 0..<20_000 {
            let noise = channel.scaled(3, seed: UInt64(seed)) - 3
            #expect(noise.magnitude < 0.15 * 3.5)
            sum += noise
            squares += noise * noise
        }
        // Standard errors: .15 / √20,000 = .001, and .7 % of the deviation at most.
        #expect((sum / 20_000).magnitude < 0.005)
        #expect(((squares / 20_000).squareRoot() / 0.15 - 1).magnitude < 0.03)
        #expect(channel.scaled(3, seed: 9) == channel.scaled(3, seed: 9))
    }
}
