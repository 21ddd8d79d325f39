public import TimeSeries

/// A kind of StatsD metric: what its values of one interval come to.
///
/// The raw value is stored with the dialect: it never changes.
public enum MetricKind: UInt8, CaseIterable, Equatable, Sendable {
    /// `c`: what was counted in the interval.
    case counter = 0
    /// `g`: a level that stands until it is set or changed.
    case gauge = 1
    /// `s`: how many different members there were.
    case set = 2
    /// `ms`: how long things took.
    case timer = 3
    /// `h` and `d`: sizes of things.
    case histogram = 4

    /// How the values of an interval make the one value of a channel.
    public enum Gathering: Equatable, Sendable {
        /// Their sum; 0 of none.
        case sum
        /// The last one; of none the one before.
        case last
        /// How many of them differ; 0 of none.
        case members
        /// Their mean, each weighed with what it stands for; missing of none.
        case mean
        /// The largest; missing of none.
        case maximum
        /// What they stand for: more than there are where a client sends a part of them; 0 of none.
        case count
    }

    /// Its channels, with how each is gathered.
    public var channels: [(channel: Channel, gathering: Gathering)] {
        let unit = self == .timer ? "ms" : nil
        return switch self {
        case .counter: [(Channel(name: "count"), .sum)]
        case .gauge: [(Channel(name: "value"), .last)]
        case .set: [(Channel(name: "members"), .members)]
        case .timer, .histogram:
            [
                (Channel(name: "mean", unit: unit), .mean), (Channel(name: "max", unit: unit), .maximum),
                (Channel(name: "count"), .count),
            ]
        }
    }

    /// Whether a value that stays the same, or is missing, can be a fault of a sensor: nothing happening is none.
    public var isMeasured: Bool { self == .gauge }

    /// In a word.
    var word: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .set: "set"
        case .timer: "timer"
        case .histogram: "histogram"
        }
    }

    /// The kind of what stands behind the first bar; `nil` when it is none.
    init?(_ line: Span<UInt8>, _ type: Range<Int>) {
        guard type.count == 1 else {
            guard type.count == 2, line[type.lowerBound] == UInt8(ascii: "m"),
                line[type.lowerBound + 1] == UInt8(ascii: "s")
            else { return nil }
            self = .timer
            return
        }
        switch line[type.lowerBound] {
        case UInt8(ascii: "c"): self = .counter
        case UInt8(ascii: "g"): self = .gauge
        case UInt8(ascii: "s"): self = .set
        case UInt8(ascii: "h"), UInt8(ascii: "d"): self = .histogram
        default: return nil
        }
    }
}
