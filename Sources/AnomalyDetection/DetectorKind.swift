/// All detectors that a series can be watched by, in the order in which their scores are kept.
///
/// Which of them take part is the configuration's choice, see ``DetectorSet``. What each is called, sees and costs stands
/// in its ``DetectorKind/Facts``, which is what `monitord detectors` prints.
public enum DetectorKind: Int, CaseIterable, Sendable {
    /// Distance from the usual level.
    case level
    /// Size of the step from the sample before.
    case difference
    /// Short-term against long-term roughness.
    case volatility
    /// Beyond the range seen so far.
    case range
    /// A level that moved within tens of samples.
    case shift
    /// A level that moved within hundreds of samples.
    case slowShift
    /// Smoothed channels that no longer go together as usual.
    case correlation
    /// Error of the recurrent forecaster.
    case forecast
    /// Error of the autoencoder at the last sample.
    case reconstruction
    /// Error of the autoencoder over its window.
    case reconstructionWindow
    /// A value that does not change any more.
    case stuck
    /// Deviations from a running mean.
    case zScore
    /// Median deviations from a sliding median.
    case hampel
    /// Beyond the quartiles.
    case quantile
    /// Against what this time of day usually shows.
    case seasonal
    /// Residuals larger than usual in a row.
    case likelihood
    /// A known shape, too large.
    case subspace
    /// A shape that the usual directions do not explain.
    case subspaceResidual
    /// Far from all usual shapes.
    case clusters
    /// Unlike the windows remembered.
    case neighbours
    /// Where hardly any sample was before.
    case isolation
    /// Outside where windows usually lie.
    case oneClass
    /// A shape not seen of late.
    case matrixProfile
    /// An unusual place in the autoencoder's narrow layer.
    case latent

    /// Number of kinds, made once: `allCases` makes a new array at each call.
    static let count = allCases.count

    /// What a detector is called, what it sees, and in which question it has a vote.
    public struct Facts: Sendable {
        /// The name that configuration, explanations and `monitord detectors` use.
        public let name: String
        /// One sentence on what it sees.
        public let summary: String
        /// Where the idea comes from.
        public let source: String
        /// The aspect of an event that it votes in; `nil` for those that only vote on state and severity, and for the
        /// stuck detector, which stands beside the aspects.
        let aspect: Aspect?
    }

    /// The name that configuration, explanations and `monitord detectors` use.
    public var name: String { facts.name }
    /// One sentence on what it sees.
    public var summary: String { facts.summary }
    /// The aspect that it votes in.
    var aspect: Aspect? { facts.aspect }

    /// The kind of this name.
    public init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    /// Whether its parts by channel are found by scoring without each channel, rather than taken from its own terms: it has
    /// none, or they smear an anomaly over channels that go together.
    var isOccluded: Bool {
        switch self {
        case .correlation, .subspace, .subspaceResidual, .clusters, .neighbours, .isolation, .oneClass, .latent,
            .reconstruction, .reconstructionWindow:
            true
        default: false
        }
    }

    /// Whether its score depends on what the autoencoder makes of the sample.
    var usesReconstruction: Bool {
        switch self {
        case .reconstruction, .reconstructionWindow, .latent: true
        default: false
        }
    }

    /// Whether it needs the networks.
    public var usesNetworks: Bool {
        switch self {
        case .forecast, .reconstruction, .reconstructionWindow, .latent: true
        default: false
        }
    }
}
