import TimeSeries

/// A recording of any length in few numbers: of each stretch of samples, how low and high a channel was and what was expected.
///
/// All stretches have the same number of samples; when there are too many, two become one.
struct SeriesEnvelope: Sendable {
    /// One channel of a stretch.
    struct Part: Sendable {
        var low = Double.infinity
        var high = -Double.infinity
        private var sum = 0.0
        private var count = 0
        private var expected = 0.0
        private var bandLow = 0.0
        private var bandHigh = 0.0
        private var bands = 0

        /// The mean of the values; `nil` where all are missing.
        var mean: Double? { count > 0 ? sum / Double(count) : nil }
        /// The mean of what was expected, and of the band's ends; `nil` where nothing was.
        var band: (expected: Double, low: Double, high: Double)? {
            let number = Double(bands)
            return bands > 0 ? (expected / number, bandLow / number, bandHigh / number) : nil
        }

        mutating func take(_ channel: HistorySample.Channel) {
            if let value = channel.value {
                low = min(low, value)
                high = max(high, value)
                sum += value
                count += 1
            }
            if let middle = channel.expected, let least = channel.low, let most = channel.high {
                expected += Double(middle)
                bandLow += Double(least)
                bandHigh += Double(most)
                bands += 1
            }
        }

        mutating func take(_ other: Part) {
            low = min(low, other.low)
            high = max(high, other.high)
            sum += other.sum
            count += other.count
            expected += other.expected
            bandLow += other.bandLow
            bandHigh += other.bandHigh
            bands += other.bands
        }
    }

    /// One stretch.
    struct Stretch: Sendable {
        var first: Timestamp
        var last: Timestamp
        var samples = 0
        /// The highest score; `nil` before anything voted.
        var score: Float?
        /// The last threshold.
        var threshold: Float = 0
        var abnormal = 0
        var channels: [Part]

        mutating func take(_ sample: HistorySample) {
            last = sample.time
            samples += 1
            score = sample.score.map { max($0, score ?? $0) } ?? score
            threshold = sample.threshold
            abnormal += sample.isAbnormal ? 1 : 0
            for (index, channel) in sample.channels.enumerated() { channels[index].take(channel) }
        }

        mutating func take(_ other: Stretch) {
            last = other.last
            samples += other.samples
            score = other.score.map { max($0, score ?? $0) } ?? score
            threshold = other.threshold
            abnormal += other.abnormal
            for index in channels.indices { channels[index].take(other.channels[index]) }
        }
    }

    private static let mostStretches = 600
    /// In order of time.
    private(set) var stretches: [Stretch] = []
    /// All samples.
    private(set) var samples = 0
    private var samplesEach = 1

    mutating func take(_ sample: HistorySample) {
        samples += 1
        if let last = stretches.indices.last, stretches[last].samples < samplesEach {
            stretches[last].take(sample)
            return
        }
        if stretches.count == Self.mostStretches { halve() }
        var next = Stretch(
            first: sample.time, last: sample.time, channels: Array(repeating: Part(), count: sample.channels.count))
        next.take(sample)
        stretches.append(next)
    }

    private mutating func halve() {
        samplesEach *= 2
        stretches = stride(from: 0, to: stretches.count, by: 2).map { index in
            var joined = stretches[index]
            if index + 1 < stretches.count { joined.take(stretches[index + 1]) }
            return joined
        }
    }
}
