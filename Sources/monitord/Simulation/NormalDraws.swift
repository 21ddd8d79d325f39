import TimeSeries

/// Points of the unit circle, the same bits on every machine.
enum Circle {
    /// Sine and cosine of 2π · turns, to about 1e-13; reduced to an eighth of a turn, then Taylor's series. No libm.
    static func point(_ turns: Double) -> (sine: Double, cosine: Double) {
        let quarter = (turns * 4).rounded()
        let angle = (turns - quarter / 4) * 6.283185307179586
        let square = angle * angle
        // Nested as 1 − a²/(2·3) (1 − a²/(4·5) (…)), the divisions made multiplications.
        var sine = 1 - square * (1.0 / 156)
        sine = 1 - square * (1.0 / 110) * sine
        sine = 1 - square * (1.0 / 72) * sine
        sine = 1 - square * (1.0 / 42) * sine
        sine = 1 - square * (1.0 / 20) * sine
        sine = angle * (1 - square * (1.0 / 6) * sine)
        var cosine = 1 - square * (1.0 / 132)
        cosine = 1 - square * (1.0 / 90) * cosine
        cosine = 1 - square * (1.0 / 56) * cosine
        cosine = 1 - square * (1.0 / 30) * cosine
        cosine = 1 - square * (1.0 / 12) * cosine
        cosine = 1 - square * 0.5 * cosine
        switch Int(quarter) & 3 {
        case 0: return (sine, cosine)
        case 1: return (cosine, -sine)
        case 2: return (-sine, -cosine)
        default: return (-cosine, sine)
        }
    }
}

/// Standard normal numbers in pairs (Box and Muller 1958, doi 10.1214/aoms/1177706645).
///
/// A fixed number of draws makes a fixed number of normals, so whatever is planted in a stream, the noise of its other
/// rows stays the same.
struct NormalDraws {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Fills an array of even count.
    mutating func fill(_ values: inout [Double]) {
        for index in stride(from: 0, to: values.count - 1, by: 2) {
            (values[index], values[index + 1]) = Self.pair(generator.next(), generator.next())
        }
    }

    /// Two independent normals of two random words.
    static func pair(_ first: UInt64, _ second: UInt64) -> (Double, Double) {
        // Above 0 and at most 1, so that the logarithm is finite.
        let uniform = Double((first >> 11) &+ 1) * 0x1p-53
        let radius = (-2 * Transcendental.log(uniform)).squareRoot()
        let point = Circle.point(Double(second >> 11) * 0x1p-53)
        return (radius * point.cosine, radius * point.sine)
    }
}

/// A slow wander: independent normals at equally spaced times with a smooth curve between them.
///
/// A pure function of time and seed, so two copies of a machine wander alike.
struct SmoothWander {
    private let seed: UInt64
    private let spacing: Double
    private var knot = Int.min
    private var left = 0.0
    private var right = 0.0

    /// - Parameter spacing: seconds between knots.
    init(seed: UInt64, spacing: Double) {
        self.seed = seed
        self.spacing = spacing
    }

    /// The value at a time in seconds from 0 on; its standard deviation is 1 at the knots and less between.
    mutating func value(at seconds: Double) -> Double {
        let position = seconds / spacing
        let index = Int(position)
        if index != knot {
            left = index == knot &+ 1 ? right : Self.normal(seed, index)
            right = Self.normal(seed, index &+ 1)
            knot = index
        }
        let share = position - Double(index)
        return left + (right - left) * share * share * (3 - 2 * share)
    }

    private static func normal(_ seed: UInt64, _ index: Int) -> Double {
        let word = splitMix(seed ^ splitMix(UInt64(bitPattern: Int64(index))))
        return NormalDraws.pair(word, splitMix(word)).0
    }
}
