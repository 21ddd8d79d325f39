/// How an autoencoder gets a window through its narrow layer and back.
///
///     architecture    encoder                         narrow layer       decoder                      error of a number
///     dense           32 tanh                         6                  32 tanh, linear              x − x̂
///     convolutional   two strided convolutions        6                  the same mirrored            x − x̂
///     lstm            LSTM, row by row                its 16 state       LSTM, last row first         x − x̂
///     variational     32 tanh                         6 Gaussian         32 tanh, mean and scale      √(−2 log density)
///     adversarial     32 tanh                         6                  two of 32 tanh, that compete  √(½ e₁² + ½ e₂²)
public enum AutoencoderArchitecture: String, CaseIterable, Sendable {
    /// All numbers of the window at once: Hinton and Salakhutdinov 2006, doi 10.1126/science.1127647.
    case dense
    /// Filters that move along the window, so that a shape is the same shape wherever it stands: Masci, Meier, Cireşan,
    /// Schmidhuber 2011, doi 10.1007/978-3-642-21735-7_7.
    case convolutional
    /// A sequence into a state and back: Malhotra et al. 2016, https://arxiv.org/abs/1607.00148.
    case lstm
    /// A distribution instead of a point: Kingma and Welling 2014, https://arxiv.org/abs/1312.6114.
    case variational
    /// Two decoders, the second of which learns to tell the first's work from the real: Audibert et al. 2020,
    /// doi 10.1145/3394486.3403392.
    case adversarial

    /// Numbers in the narrow layer.
    public var latentSize: Int { self == .lstm ? 16 : 6 }
    /// Step size with which it learns fastest without unrest, on noisy tones in 100 to 10,000 steps.
    public var learningRate: Float {
        switch self {
        case .dense, .adversarial: 0.003
        case .convolutional, .variational: 0.005
        case .lstm: 0.008
        }
    }
    /// Hidden units of a layer.
    var hiddenSize: Int {
        switch self {
        case .dense, .variational, .adversarial: 32
        case .convolutional, .lstm: 16
        }
    }
    /// Whether its error of a number is another than x − x̂.
    public var scoresOtherThanMiss: Bool { self == .variational || self == .adversarial }
}
