/// How long is tried for: how many places, and how long a fault may last.
public enum TrialEffort: String, CaseIterable, Sendable {
    /// 5 places, 300 samples.
    case quick
    /// 15 places, 1,800 samples.
    case usual
    /// 30 places, 7,200 samples.
    case thorough

    /// Places in the recording at which each fault is tried.
    var places: Int {
        switch self {
        case .quick: 5
        case .usual: 15
        case .thorough: 30
        }
    }

    /// Samples that a fault lasts, at most.
    var longest: Int {
        switch self {
        case .quick: 300
        case .usual: 1_800
        case .thorough: 7_200
        }
    }

    /// Samples of a stream that are read, at most: the last ones.
    var mostSamples: Int {
        switch self {
        case .quick: 50_000
        case .usual: 200_000
        case .thorough: 2_000_000
        }
    }
}
