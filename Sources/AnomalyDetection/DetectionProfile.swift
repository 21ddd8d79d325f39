/// A stated set of detectors and memory, chosen by configuration and never by load.
public enum DetectionProfile: String, CaseIterable, Sendable {
    /// All that quality asks for: statistics, forecaster and autoencoder.
    case full
    /// Statistics alone with short memories, for boxes that watch thousands of series.
    case lean

    /// The detectors that take part.
    public var detectors: DetectorSet {
        switch self {
        case .full: .full
        case .lean: .lean
        }
    }

    /// Samples of a series that are collected before they go to the history together.
    public var historyChunk: Int {
        switch self {
        case .full: 128
        case .lean: 16
        }
    }

    /// How much a series remembers of its scores.
    var memory: ScoreMemory {
        switch self {
        case .full: .long
        case .lean: .short
        }
    }
}
