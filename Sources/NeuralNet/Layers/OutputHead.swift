/// What a forecaster's head states of each change that it forecasts, and the loss that it learns it by.
///
/// Every head gives two numbers: the location μ and the logarithm of a scale s, clamped to −4 … 3. With
/// e = (target − μ) / s the losses, but for constants, are
///
///     student    log s + 2.5 log(1 + e² / 4)              μ and s of a Student-t distribution with ν = 4
///     gaussian   log s + e² / 2                           mean and deviation of a normal distribution
///     quantile   ρ(target − μ, 0.5), ρ(|target − μ| − s, 0.8)    the median, and the half width that 80 % stay within
///
/// where ρ(u, τ) = max(τ u, (τ − 1) u) is the pinball loss. The second of the quantile head's is what the quantiles at 0.1 and
/// 0.9 give together when both lie s away from the median; it moves s alone, so that the location stays the median however
/// lopsided the errors are. Lange, Little, Taylor 1989, doi 10.2307/2290063 (t model); Nix and Weigend 1994, doi
/// 10.1109/ICNN.1994.374138 (a network with a variance of its own); Koenker and Bassett 1978, doi 10.2307/1913643 (quantiles).
public enum OutputHead: String, CaseIterable, Sendable {
    /// Student-t likelihood, ν = 4: one wild sample moves the network no further than a usual one.
    case student
    /// Normal likelihood: wild samples count by their squares.
    case gaussian
    /// Pinball loss: the size of an error does not count at all, only its side.
    case quantile

    /// From the head's scale to that of a Student-t distribution with ν = 4, which is what bands and errors are reckoned in.
    ///
    /// The mean of |t| is exactly 1 for ν = 4, that of a normal variable √(2/π) deviations; 80 % of |t| are below 1.533.
    public var scaleFactor: Float {
        switch self {
        case .student: 1
        case .gaussian: 0.797_884_6
        case .quantile: 0.652_238_4
        }
    }

    /// Slopes of the loss at an error of `e` scales.
    ///
    /// They are preconditioned, so that quiet channels learn as fast as loud ones: of a likelihood the slope of μ is multiplied
    /// by s and that of log s by one half; of the pinball losses, whose slope of μ has no unit, that of log s is divided by s.
    ///
    /// - Parameter e: NaN gives NaN or any number: the loss, which is |e|, then skips the step.
    func slopes(_ e: Float) -> (location: Float, logScale: Float) {
        switch self {
        case .student:
            let weight = 5 / (4 + e * e)
            return (-weight * e, 0.5 * (1 - weight * e * e))
        case .gaussian:
            return (-e, 0.5 * (1 - e * e))
        case .quantile:
            return (e > 0 ? -0.5 : e < 0 ? 0.5 : 0, e.magnitude < 1 ? 0.2 : -0.8)
        }
    }
}
