import Testing
import TimeSeries

@testable import MonitorRuntime

@Suite struct InputWatchTests {
    @Test func `single bad lines say nothing`() {
        var watch = InputWatch()
        for line in 0..<1_000 { #expect(watch.observe(isUsable: line % 3 != 0) == nil) }
    }

    @Test func `half of the lines unusable is a burst and it ends when they can be read again`() {
        var watch = InputWatch()
        for _ in 0..<100 { #expect(watch.observe(isUsable: true) == nil) }
        for _ in 0..<49 { #expect(watch.observe(isUsable: false) == nil) }
        #expect(watch.observe(isUsable: false) == .begins(unusable: 50, lines: 100))
        for _ in 0..<94 { #expect(watch.observe(isUsable: true) == nil) }
        #expect(watch.observe(isUsable: true) == .ends(unusable: 50))
    }

    @Test func `fewer than twenty lines decide nothing`() {
        var watch = InputWatch()
        for _ in 0..<19 { #expect(watch.observe(isUsable: false) == nil) }
        #expect(watch.observe(isUsable: false) == .begins(unusable: 20, lines: 20))
    }

    @Test func `a stored watch goes on`() throws {
        var watch = InputWatch()
        for line in 0..<150 { _ = watch.observe(isUsable: line < 90) }
        var writer = StateWriter()
        watch.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try InputWatch(from: &reader)
        #expect(restored == watch)
        for _ in 0..<300 { #expect(restored.observe(isUsable: true) == watch.observe(isUsable: true)) }
    }
}
