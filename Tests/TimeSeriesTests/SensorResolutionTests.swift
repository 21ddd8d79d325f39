import Testing
import TimeSeries

@Suite struct SensorResolutionTests {
    @Test func `a thermometer in tenths has a step of a tenth`() {
        var resolution = SensorResolution()
        #expect(resolution.step == nil)
        for tenths in [200.0, 203, 203, 207, 206, 200] { resolution.learn(tenths / 10) }
        let step = resolution.step ?? 0
        #expect((step - 0.1).magnitude < 1e-14)
        #expect(resolution.floor(at: 25) == step)
        // A smaller change than ever is the new step at once: it cannot be worth more than one.
        #expect(resolution.floor(at: 20.0625) == 0.0625)
    }

    @Test func `the first change of all counts as four steps`() {
        var resolution = SensorResolution()
        for _ in 0..<9 { resolution.learn(20) }
        #expect(resolution.floor(at: 21) == 0.25)
        #expect(resolution.floor(at: 20) == 20 * 0x1p-24)
        resolution.learn(21)
        #expect(resolution.step == 1)
        #expect(SensorResolution().floor(at: 0) > 0)
    }

    @Test func `goes on from its bytes and refuses what cannot be`() throws {
        var resolution = SensorResolution()
        resolution.learn(1)
        resolution.learn(1.5)
        var writer = StateWriter()
        resolution.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        #expect(try SensorResolution(from: &reader) == resolution)
        for (step, last) in [(0.0, 1.0), (-1, 1), (.nan, 1), (1, .infinity)] {
            var writer = StateWriter()
            writer.write(step)
            writer.write(last)
            var reader = StateReader(writer.bytes)
            #expect(throws: StateCodingError.self) { _ = try SensorResolution(from: &reader) }
        }
    }
}
