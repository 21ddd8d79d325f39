public import NeuralNet

/// What the detectors of a series are told; the constants of the method itself live beside the code that uses them.
public struct DetectionConfiguration: Equatable, Sendable {
    /// `false_alarms` (rate, "1/week"): the alarm budget of a series, in incidents a second.
    public var falseAlarmsPerSecond: Double
    /// `seed` (integer, 1): starts every pseudo-random choice.
    public var seed: UInt64
    /// `networks` (Boolean, true): whether the forecaster and the autoencoder take part.
    public var usesNetworks: Bool
    /// `forecaster` ("lstm" or "gru", "lstm"): the forecaster's recurrent layer.
    public var forecaster: RecurrentCell

    /// Creates a configuration.
    public init(
        falseAlarmsPerSecond: Double = 1.0 / 604_800, seed: UInt64 = 1, usesNetworks: Bool = true,
        forecaster: RecurrentCell = .lstm
    ) {
        self.falseAlarmsPerSecond = falseAlarmsPerSecond
        self.seed = seed
        self.usesNetworks = usesNetworks
        self.forecaster = forecaster
    }
}
