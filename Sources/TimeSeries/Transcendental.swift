/// Exponential, logarithm and cosine of our own, in Double.
///
/// libm's may differ between versions and machines in the last bit; a score must not. These use only + − × ÷ and
/// integer operations, which IEEE 754 fixes, so they give the same bits everywhere. Relative error is below 4e-16 (two
/// units in the last place) over the whole range, which the tests check against libm.
public enum Transcendental {
    static let ln2High = 0x1.62e42fee00000p-1
    static let ln2Low = 0x1.a39ef35793c76p-33

    /// e^x; 0 below −745, infinity above 709.78, NaN for NaN.
    public static func exp(_ x: Double) -> Double {
        guard x == x else { return x }
        if x > 709.782712893384 { return .infinity }
        if x < -745.2 { return 0 }
        // Adding and taking off 1.5 · 2^52 rounds to a whole number, where `rounded()` would call libm without SSE4.1.
        let power = (x * 1.4426950408889634 + 0x1.8p52) - 0x1.8p52
        // x = power·ln2 + r with |r| ≤ 0.347; the two halves of ln2 keep r exact to the last bit.
        let r = (x - power * ln2High) - power * ln2Low
        // Taylor series to r^13 / 13!: the remainder is below 2e-17.
        var sum = 1.0 / 6_227_020_800
        sum = sum * r + 1.0 / 479_001_600
        sum = sum * r + 1.0 / 39_916_800
        sum = sum * r + 1.0 / 3_628_800
        sum = sum * r + 1.0 / 362_880
        sum = sum * r + 1.0 / 40_320
        sum = sum * r + 1.0 / 5_040
        sum = sum * r + 1.0 / 720
        sum = sum * r + 1.0 / 120
        sum = sum * r + 1.0 / 24
        sum = sum * r + 1.0 / 6
        sum = sum * r + 0.5
        let tail = sum * r * r + r
        let scaled = 1 + tail
        let exponent = Int(power)
        if exponent < -1_021 {
            // Two steps, so that results among the subnormal numbers are rounded once.
            return scaled * powerOfTwo(exponent + 60) * 0x1p-60
        }
        if exponent > 1_023 { return scaled * 2 * powerOfTwo(exponent - 1) }
        return scaled * powerOfTwo(exponent)
    }

    /// The natural logarithm; −infinity at 0, NaN below 0 and for NaN.
    public static func log(_ x: Double) -> Double {
        guard x == x else { return x }
        if x < 0 { return .nan }
        if x == 0 { return -.infinity }
        if x == .infinity { return x }
        var (mantissa, exponent) = parts(x)
        if mantissa > 1.4142135623730951 {
            mantissa *= 0.5
            exponent += 1
        }
        // ln m = 2 artanh(s) with s = (m − 1) / (m + 1), |s| ≤ 0.1716; the series to s^21 leaves less than 1e-17.
        let s = (mantissa - 1) / (mantissa + 1)
        let square = s * s
        var sum = 1.0 / 21
        sum = sum * square + 1.0 / 19
        sum = sum * square + 1.0 / 17
        sum = sum * square + 1.0 / 15
        sum = sum * square + 1.0 / 13
        sum = sum * square + 1.0 / 11
        sum = sum * square + 1.0 / 9
        sum = sum * square + 1.0 / 7
        sum = sum * square + 1.0 / 5
        sum = sum * square + 1.0 / 3
        let twice = s + s
        return exponent * ln2High + (twice + (twice * square * sum + exponent * ln2Low))
    }

    /// ln(1 + x), exact also for small x; −infinity at −1, NaN below.
    public static func log1p(_ x: Double) -> Double {
        let sum = 1 + x
        if sum == 1 { return x }
        if !(sum > 0) || sum == .infinity { return log(sum) }
        // What 1 + x lost in rounding is given back to first order (Kahan's correction).
        return log(sum) + ((x - (sum - 1)) / sum)
    }

    /// The decimal logarithm.
    public static func log10(_ x: Double) -> Double { log(x) * 0.4342944819032518 }

    /// 10^x.
    public static func exp10(_ x: Double) -> Double { exp(x * 2.302585092994046) }

    /// cos(2π · turns), for turns within ±2^50; NaN beyond and for NaN. The absolute error is below 2e-15.
    ///
    /// Whole turns are taken off exactly, then cos 2a = 1 − 2 sin² a with |a| ≤ π/2 and the Taylor series of the sine to
    /// a^21. No branch depends on the phase, so that a loop over many phases keeps its pace.
    @inlinable
    public static func cosine(turns: Double) -> Double {
        guard turns.magnitude <= 0x1p50 else { return .nan }
        // Rounded as in `exp`.
        let whole = (turns + 0x1.8p52) - 0x1.8p52
        let angle = (turns - whole) * 3.141592653589793
        let square = angle * angle
        // Nested as 1 − a²/(2·3) (1 − a²/(4·5) (…)), each factor a product with a constant.
        var sum = 1 - square * (1.0 / 420)
        sum = 1 - square * (1.0 / 342) * sum
        sum = 1 - square * (1.0 / 272) * sum
        sum = 1 - square * (1.0 / 210) * sum
        sum = 1 - square * (1.0 / 156) * sum
        sum = 1 - square * (1.0 / 110) * sum
        sum = 1 - square * (1.0 / 72) * sum
        sum = 1 - square * (1.0 / 42) * sum
        sum = 1 - square * (1.0 / 20) * sum
        sum = 1 - square * (1.0 / 6) * sum
        let sine = angle * sum
        return 1 - 2 * sine * sine
    }

    /// Significand in 1 ..< 2 and exponent of a positive finite number, read off its bits.
    private static func parts(_ x: Double) -> (significand: Double, exponent: Double) {
        guard x >= .leastNormalMagnitude else { return (x.significand, Double(x.exponent)) }
        let bits = x.bitPattern
        let one = (1.0).bitPattern
        return (
            Double(bitPattern: bits & 0x000f_ffff_ffff_ffff | one),
            Double(Int(truncatingIfNeeded: bits >> 52) &- 1_023)
        )
    }

    /// 2^exponent for −1,022 … 1,023, written as bits.
    private static func powerOfTwo(_ exponent: Int) -> Double {
        Double(bitPattern: UInt64(truncatingIfNeeded: exponent &+ 1_023) << 52)
    }
}
