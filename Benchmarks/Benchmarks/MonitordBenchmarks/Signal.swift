import TimeSeries

/// Seeded rows of channels such as machines send: a level, a daily swing, and noise that remembers.
///
/// The same seed gives the same rows on every machine.
struct Signal {
    private var generator: SeededGenerator
    private var noise: [Double]
    private var tick = 0
    /// The row drawn last, `[channels]`.
    private(set) var values: [Double]

    init(channels: Int, seed: UInt64 = 1) {
        generator = SeededGenerator(seed: seed)
        noise = Array(repeating: 0, count: channels)
        values = noise
    }

    /// Draws the next row into ``values``; allocates nothing.
    mutating func advance() {
        let day = Double(tick % 1_440) / 1_440
        // A parabola over the day instead of a sine: no library call in what is measured.
        let swing = 16 * day * (1 - day) - 2
        for channel in values.indices {
            let drawn = generator.uniform() + generator.uniform() + generator.uniform() - 1.5
            noise[channel] = 0.8 * noise[channel] + 0.4 * drawn
            values[channel] = Double(20 + 7 * channel) + swing + noise[channel]
        }
        tick += 1
    }

    /// So many numbers of about −1 to 1, for networks.
    static func scaled(_ count: Int, seed: UInt64 = 1) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(2 * generator.uniform() - 1) }
    }
}

/// When the rows of all benchmarks begin: 2024-01-01T00:00:00Z.
let firstSecond = 1_704_067_200

/// The time of a row, seconds behind the first.
func time(_ seconds: Int) -> Timestamp { Timestamp(nanoseconds: Int64(firstSecond + seconds) * 1_000_000_000) }
