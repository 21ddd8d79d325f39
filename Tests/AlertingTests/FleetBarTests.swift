import Testing
import TimeSeries

@testable import Alerting

@Suite struct FleetBarTests {
    private let daily = 1.0 / 86_400
    private let weekly = 1.0 / 604_800

    private func bar(series: Int) -> FleetBar {
        var bar = FleetBar()
        bar.declare(Double(series) * weekly, of: "plant")
        return bar
    }

    @Test func `the logarithm is the decimal one`() {
        for (x, expected) in [(1.0, 0.0), (10, 1), (1_000, 3), (0.001, -3), (2, 0.301_029_995_663_981_2)] {
            #expect(abs(FleetBar.log10(x) - expected) <= 4 * max(expected.magnitude, 1).ulp, "\(FleetBar.log10(x))")
        }
    }

    @Test(arguments: [(1, 0.0), (7, 0), (70, 1), (700, 2), (10_000, 3.154_901_959_985_742)])
    func `the bar is as high as the budgets of all series exceed the daemon's`(series: Int, expected: Double) {
        var bar = bar(series: series)
        #expect(abs(bar.bar(at: at(0), allowed: daily) - expected) < 1e-12)
    }

    @Test func `several streams count together, and one that ends no longer counts`() {
        var bar = bar(series: 35)
        bar.declare(35 * weekly, of: "mill")
        #expect(abs(bar.bar(at: at(0), allowed: daily) - 1) < 1e-12)
        bar.declare(0, of: "mill")
        #expect(abs(bar.bar(at: at(0), allowed: daily) - FleetBar.log10(5)) < 1e-12)
    }

    @Test func `nothing passes a budget of none, and a huge one asks for nothing`() {
        var bar = bar(series: 10)
        #expect(bar.bar(at: at(0), allowed: 0) == .infinity)
        #expect(bar.bar(at: at(0), allowed: 1) == 0)
        #expect(bar.bar(at: at(0), allowed: .infinity) == 0)
    }

    @Test func `more weak openings than the series are owed raise the bar for hours`() {
        var bar = bar(series: 200)
        let before = bar.bar(at: at(0), allowed: daily)
        for number in 0..<100 { bar.note(isWeak: true, isDiscovery: false, at: at(Double(number) * 60)) }
        // Of 100 in six hours 80 are beyond chance, and a tenth of the normal ones is not weak.
        let expected = FleetBar.log10(80 / 21_600 / 0.9 / daily)
        #expect(abs(bar.bar(at: at(6_000), allowed: daily) - expected) < 1e-9)
        #expect(bar.bar(at: at(50_000), allowed: daily) == before)
    }

    @Test func `a few weak openings are chance and change nothing`() {
        var bar = bar(series: 200)
        let before = bar.bar(at: at(0), allowed: daily)
        for number in 0..<5 { bar.note(isWeak: true, isDiscovery: false, at: at(Double(number) * 60)) }
        #expect(bar.bar(at: at(400), allowed: daily) == before)
    }

    @Test func `discoveries lower the bar while they are fresh`() {
        var bar = bar(series: 700)
        for number in 0..<9 { bar.note(isWeak: false, isDiscovery: true, at: at(Double(number))) }
        #expect(abs(bar.bar(at: at(10), allowed: daily) - 1) < 1e-12)
        #expect(abs(bar.bar(at: at(9_000), allowed: daily) - 2) < 1e-12)
    }

    @Test func `each series more in one tick is worth a factor of two`() {
        #expect(FleetBar.excess(largest: 0.25, of: 1) == 0.25)
        #expect(FleetBar.excess(largest: -0.5, of: 1) == -0.5)
        #expect(FleetBar.excess(largest: 0.25, of: 11) == 3.25)
    }

    @Test func `a clock that was set forgets the hours`() {
        var bar = bar(series: 200)
        let before = bar.bar(at: at(0), allowed: daily)
        for _ in 0..<100 { bar.note(isWeak: true, isDiscovery: false, at: at(0)) }
        #expect(bar.bar(at: at(-3_600), allowed: daily) > before, "a little late")
        #expect(bar.bar(at: at(-400_000), allowed: daily) == before)
        _ = bar.bar(at: Timestamp(nanoseconds: .max), allowed: daily)
        _ = bar.bar(at: Timestamp(nanoseconds: .min), allowed: daily)
    }

    @Test func `a damaged state is refused`() throws {
        var fleet = bar(series: 3)
        fleet.note(isWeak: true, isDiscovery: true, at: at(0))
        var writer = StateWriter()
        fleet.encode(to: &writer)
        var whole = StateReader(writer.bytes)
        #expect(try FleetBar(from: &whole) == fleet)
        for length in 0..<writer.bytes.count {
            var reader = StateReader(Array(writer.bytes.prefix(length)))
            #expect(throws: StateCodingError.self) { try FleetBar(from: &reader) }
        }
    }
}
