import TimeSeries

/// A point's coordinates in a space where a plain product is a Gaussian kernel: random Fourier features.
///
///     φⱼ(x) = √(2/M) cos(ωⱼ·x + bⱼ),     φ(x)·φ(y) ≈ exp(−|x − y|² / 2σ²)
///
/// with ω normal of deviation 1/σ and b uniform over a turn (Rahimi and Recht 2007, "Random Features for Large-Scale
/// Kernel Machines"). The mean error is √(1/M) at most: 0.09 with 128 features. Frequencies are drawn from the seed and
/// need not be stored. State 4 · 128 · (D + 3) bytes; a point costs 128 · D multiplications, in a loop that vectorises,
/// and 128 cosines of our own.
struct RandomFeatures: Sendable {
    /// Number of features, `M`.
    static let count = 128

    /// φ(x) of the last point, `[M]`.
    private(set) var values: [Float]
    /// `[D, M]`, in turns: ω/2π.
    private let frequencies: [Float]
    private let offsets: [Float]
    private var phases: [Float]
    private let width: Int

    /// Draws the features.
    ///
    /// - Parameters:
    ///   - width: numbers in a point, `D`.
    ///   - deviation: σ, the distance at which the kernel has fallen to 0.61.
    ///   - seed: decides the draw.
    init(width: Int, deviation: Double, seed: UInt64) {
        self.width = width
        var generator = SeededGenerator(seed: splitMix(seed))
        let scale = 1 / (6.283185307179586 * deviation)
        frequencies = (0..<(width * Self.count)).map { _ in Float(scale * Self.normal(&generator)) }
        offsets = (0..<Self.count).map { _ in Float(generator.uniform()) }
        values = Array(repeating: 0, count: Self.count)
        phases = values
    }

    /// A standard normal number (Box and Muller 1958).
    private static func normal(_ generator: inout SeededGenerator) -> Double {
        let radius = (-2 * Transcendental.log(generator.uniform() + 0x1p-60)).squareRoot()
        return radius * Transcendental.cosine(turns: generator.uniform())
    }

    /// Computes φ of a point into ``values``.
    mutating func map(_ point: [Float]) {
        precondition(point.count == width, "a point of \(point.count) numbers where \(width) are due")
        for feature in 0..<Self.count { phases[feature] = offsets[feature] }
        for index in 0..<width {
            VectorLoops.addProducts(&phases, frequencies, row: index * Self.count, factor: point[index])
        }
        // √(2/128) is exact.
        for feature in 0..<Self.count {
            values[feature] = Float(0.125 * Transcendental.cosine(turns: Double(phases[feature])))
        }
    }

    /// How Σ weight · φ changes along a coordinate of the last point.
    ///
    /// - Parameter weights: `[M]`.
    func slope(of weights: [Float], coordinate: Int) -> Double {
        var sum = 0.0
        for feature in 0..<Self.count {
            // cos′ = −sin, and the sine is the cosine a quarter of a turn earlier.
            let sine = Transcendental.cosine(turns: Double(phases[feature]) - 0.25)
            sum -= Double(weights[feature] * frequencies[coordinate * Self.count + feature]) * sine
        }
        return sum * 0.125 * 6.283185307179586
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int { (values.count + frequencies.count + offsets.count + phases.count) * 4 }
}
