/// What a forecaster makes of the samples so far, below its linear head.
///
/// All leave `H` numbers a step for the head. The two gated cells compute four sums a hidden unit and step; they differ in
/// which sums inputs and state feed, and in what a series carries from step to step:
///
///     sum        0               1            2        3                 fed by inputs   by state
///     lstm       input gate      forget gate  cell     output gate       0, 1, 2, 3      0, 1, 2, 3
///     gru        candidate (x)   reset gate   update   candidate (h)     0, 1, 2         1, 2, 3
///
/// The sums that a number feeds lie side by side, so that a step of either is one pass over its weights.
public enum ForecasterCell: String, CaseIterable, Sendable {
    /// Long short-term memory: Hochreiter and Schmidhuber 1997, doi 10.1162/neco.1997.9.8.1735, with the forget gate of
    /// Gers, Schmidhuber, Cummins 2000, doi 10.1162/089976600300015015.
    case lstm
    /// Gated recurrent unit: Cho et al. 2014, doi 10.3115/v1/D14-1179, with the reset gate r behind the state's product
    /// (as PyTorch and cuDNN compute it, and unlike the paper): n = tanh(aₓ + r aₕ), h' = (1 − z) n + z h. A quarter fewer
    /// weights than an LSTM, and no cell state.
    case gru
    /// Simple recurrent network: Elman 1990, doi 10.1207/s15516709cog1402_1: h' = tanh(W x + U h + b). A quarter of an LSTM's
    /// weights.
    case rnn
    /// Causal dilated convolution, see ``ConvolutionStack``: it remembers the last 15 samples and nothing before them.
    case cnn

    /// The sums of a gated cell, or the only one of a simple recurrent network, that inputs feed, or that the state does.
    func sums(fedByState: Bool) -> Range<Int> {
        switch self {
        case .lstm: 0..<4
        case .gru: fedByState ? 1..<4 : 0..<3
        case .rnn: 0..<1
        case .cnn: 0..<0
        }
    }

    /// Sums of a unit that have a bias.
    var biases: Int {
        switch self {
        case .lstm, .gru: 4
        case .rnn: 1
        case .cnn: 0
        }
    }

    /// Weights of an input, or of a number of the state, for 16 hidden units.
    var columns: Int { 16 * sums(fedByState: true).count }

    /// The sum whose bias begins at 1: what there was is kept at first. The forget gate, after Gers et al. 2000, and the
    /// update gate, which stands for it; a simple recurrent network has neither.
    var keepingSum: Int? {
        switch self {
        case .lstm: 1
        case .gru: 2
        case .rnn, .cnn: nil
        }
    }
}
