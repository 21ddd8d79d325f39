/// The members of the first stage, in the order in which their scores are kept.
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

    /// All members, made once: `allCases` makes a new array at each call.
    static let members = Array(allCases)

    /// The name that configuration, explanations and `monitord detectors` use.
    public var name: String {
        switch self {
        case .level: "level"
        case .difference: "difference"
        case .volatility: "volatility"
        case .range: "range"
        case .shift: "shift"
        case .slowShift: "slow-shift"
        case .correlation: "correlation"
        case .forecast: "forecast"
        case .reconstruction: "reconstruction"
        case .reconstructionWindow: "reconstruction-window"
        case .stuck: "stuck"
        }
    }

    /// One sentence on what it sees.
    public var summary: String {
        switch self {
        case .level: "distance of each channel from its usual level"
        case .difference: "size of the step from the sample before"
        case .volatility: "short-term against long-term roughness"
        case .range: "values beyond the range seen so far"
        case .shift: "a level that moved within tens of samples"
        case .slowShift: "a level that moved within hundreds of samples"
        case .correlation: "smoothed channels that no longer go together as usual"
        case .forecast: "error of the forecaster, one sample ahead"
        case .reconstruction: "error of the autoencoder at the last sample"
        case .reconstructionWindow: "error of the autoencoder over its window"
        case .stuck: "a value that does not change any more"
        }
    }

    /// Whether it needs the networks.
    public var usesNetworks: Bool {
        switch self {
        case .forecast, .reconstruction, .reconstructionWindow: true
        default: false
        }
    }
}
