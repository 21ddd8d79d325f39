/// The upper tail of the normal distribution, Q(z) = P(Z > z) for a standard normal Z.
public enum NormalTail {
    /// −log10 Q(z): 0.301 at 0, towards 0 far below, about z² / 4.6 far above, where Q itself is 0 long before.
    ///
    /// Q(z) = erfc(z/√2) / 2. For z ≥ 0 the logarithm of the rational Chebyshev fit of erfc of Press, Teukolsky,
    /// Vetterling and Flannery (1992, "Numerical Recipes in C", section 6.2; relative error of Q below 1.2e-7
    /// everywhere), so that nothing underflows; below 0 by Q(z) = 1 − Q(−z).
    ///
    /// - Parameter z: NaN gives NaN.
    public static func minusLog10(_ z: Double) -> Double {
        if z < 0 { return -Transcendental.log1p(-Transcendental.exp(logarithm(-z))) * 0.4342944819032518 }
        return -logarithm(z) * 0.4342944819032518
    }

    /// ln Q(z) for z of 0 or more.
    private static func logarithm(_ z: Double) -> Double {
        let x = z * 0.7071067811865476
        let t = 1 / (1 + 0.5 * x)
        var sum = 0.17087277
        sum = sum * t - 0.82215223
        sum = sum * t + 1.48851587
        sum = sum * t - 1.13520398
        sum = sum * t + 0.27886807
        sum = sum * t - 0.18628806
        sum = sum * t + 0.09678418
        sum = sum * t + 0.37409196
        sum = sum * t + 1.00002368
        sum = sum * t - 1.26551223
        return Transcendental.log(0.5 * t) + (sum - x * x)
    }
}
