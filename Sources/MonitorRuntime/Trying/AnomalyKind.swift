/// What can be planted in a stream.
public enum AnomalyKind: String, CaseIterable, PlantedKind, Sendable {
    /// Single rows far off.
    case spike
    /// Another level for a while.
    case step
    /// A ramp that reaches its size at the end of the span.
    case drift
    /// The sensor shows the same value again and again.
    case stuck
    /// The measurement's noise is some times as large.
    case noise
    /// Cells are missing.
    case dropout
    /// The whole machine lives by a clock that is some hours ahead.
    case phase
    /// One channel stops following the others; its own noise goes on.
    case correlation

    /// What its SIZE counts; `nil` when it has none.
    public var sizeMeaning: String? {
        switch self {
        case .spike, .step, .drift: "standard deviations of the channel's noise; negative is down"
        case .noise: "the factor on the channel's noise"
        case .dropout: "the share of cells that are missing, above 0 to 1"
        case .phase: "hours ahead; negative is behind"
        case .correlation: "1 no longer follows, 2 goes the opposite way"
        case .stuck: nil
        }
    }

    /// The sizes it takes.
    public var sizes: ClosedRange<Double>? {
        switch self {
        case .spike, .step, .drift: -1e6...1e6
        case .noise: 0...1e6
        case .dropout: 0...1
        case .phase: -12...12
        case .correlation: -100...100
        case .stuck: nil
        }
    }

    /// Why it cannot be aimed at a channel.
    public var targetRefusal: String? { self == .phase ? "phase shifts the whole machine and takes no channel" : nil }

    /// The size when none is given.
    public var usualSize: Double {
        switch self {
        case .spike: 12
        case .step: 8
        case .drift: 10
        case .noise: 4
        case .dropout, .correlation: 1
        case .phase: 6
        case .stuck: 0
        }
    }

    /// Whether a size of its kind may as well be negative when it is drawn.
    public var hasDirection: Bool { [.spike, .step, .drift, .phase].contains(self) }

    /// Nanoseconds it lasts when no duration is given: one row for a spike, else a usual time and at least 30 rows.
    public func usualDuration(interval: Int64) -> Int64 {
        let minute: Int64 = 60_000_000_000
        let usual: Int64
        switch self {
        case .spike: return interval
        case .step, .stuck, .noise: usual = 30 * minute
        case .dropout: usual = 10 * minute
        case .drift: usual = 120 * minute
        case .correlation: usual = 60 * minute
        case .phase: usual = 180 * minute
        }
        return max(usual, min(30 * interval, 720 * minute), interval)
    }
}
