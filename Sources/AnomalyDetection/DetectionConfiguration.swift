public import NeuralNet
public import TimeSeries

/// What the detectors of a series are told; the constants of the method itself live beside the code that uses them.
public struct DetectionConfiguration: Equatable, Sendable {
    /// `false_alarms` (rate, "1/week"): the alarm budget of a series, in incidents a second.
    public var falseAlarmsPerSecond: Double
    /// `seed` (integer, 1): starts every pseudo-random choice.
    public var seed: UInt64
    /// `networks` (Boolean, true): whether the forecaster and the autoencoder may take part.
    public var allowsNetworks: Bool
    /// `profile` ("full" or "lean", "full"): which detectors take part and how much they remember.
    public var profile: DetectionProfile
    /// `detectors` (list of names, empty): changes the profile's detectors, see ``DetectorSet/changed(by:)``; a list that
    /// is not understood changes nothing.
    public var chosenDetectors: [String]
    /// `forecaster` ("lstm", "gru", "rnn" or "cnn", "lstm"): what the forecaster is made of.
    public var forecaster: ForecasterCell
    /// `forecast_head` ("student", "gaussian" or "quantile", "student"): what it states of a change, and learns it by.
    public var forecastHead: OutputHead
    /// `horizon` (integer, 1): samples ahead that it forecasts, 1 to 8.
    public var horizon: Int
    /// `autoencoder` ("dense", "convolutional", "lstm", "variational" or "adversarial", "dense"): how the autoencoder
    /// rebuilds a window.
    public var autoencoder: AutoencoderArchitecture

    /// `adapt` ("auto", "ask" or "off", "auto"): what becomes of a new level or behaviour that stays.
    public var adaptation = Adaptation.auto

    /// `explain` ("occlusion" or "shapley", "occlusion"): how a score is divided among the channels.
    public var explanation = ExplanationMethod.occlusion

    /// The forecaster that the three keys choose.
    public var forecasterVariant: ForecasterVariant {
        ForecasterVariant(cell: forecaster, head: forecastHead, horizon: horizon)
    }

    /// The detectors that take part.
    public var detectors: DetectorSet {
        let wanted = (try? profile.detectors.changed(by: chosenDetectors)) ?? profile.detectors
        return allowsNetworks ? wanted : wanted.withoutNetworks
    }
    /// Whether any network takes part.
    public var usesNetworks: Bool { detectors.usesNetworks }

    /// Creates a configuration.
    public init(
        falseAlarmsPerSecond: Double = 1.0 / 604_800, seed: UInt64 = 1, usesNetworks: Bool = true,
        forecaster: ForecasterCell = .lstm, forecastHead: OutputHead = .student, horizon: Int = 1,
        autoencoder: AutoencoderArchitecture = .dense,
        profile: DetectionProfile = .full, detectors: [String] = []
    ) {
        self.falseAlarmsPerSecond = falseAlarmsPerSecond
        self.seed = seed
        allowsNetworks = usesNetworks
        self.profile = profile
        chosenDetectors = detectors
        self.forecaster = forecaster
        self.autoencoder = autoencoder
        self.forecastHead = forecastHead
        self.horizon = horizon
    }
}
