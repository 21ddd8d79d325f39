import Testing

@testable import TimeSeries

@Suite struct TimestampRoundingTests {
    @Test func `seconds are rounded to the nearest nanosecond, halves away from 0`() {
        var random = SeededGenerator(seed: 2)
        let zero = Timestamp(nanoseconds: 0)
        func check(_ seconds: Double) {
            let expected = (seconds * 1e9).rounded()
            #expect(zero.advanced(bySeconds: seconds).nanoseconds == Int64(expected), "\(seconds)")
        }
        for scale in [1e-10, 1e-9, 1e-6, 1.0, 1e3, 4.5e6, 1e9] {
            for _ in 0..<500 { check((random.uniform() - 0.5) * scale) }
        }
        // Halves: 0.5, 1.5 … as exactly as a product can be, and their neighbours.
        for half in 0..<200 {
            let seconds = (Double(half) + 0.5) / 1e9
            for near in [seconds.nextDown, seconds, seconds.nextUp, -seconds.nextDown, -seconds, -seconds.nextUp] {
                check(near)
            }
        }
        check(-0.0)
        check(9_007_199.254740993)
        #expect(zero.advanced(bySeconds: .infinity).nanoseconds == .max)
        #expect(zero.advanced(bySeconds: -.infinity).nanoseconds == .min)
        #expect(zero.advanced(bySeconds: .nan).nanoseconds == .min)
    }
}
