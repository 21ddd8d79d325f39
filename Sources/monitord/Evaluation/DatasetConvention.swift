/// What the users of a public data set leave out when they score.
enum DatasetConvention: String, CaseIterable {
    /// Everything is scored.
    case generic
    /// The Numenta benchmark: the first 15 % of a file, at most 750 rows, are not scored.
    case nab
    /// The water circulation bench: the first 400 rows are not scored; outlier and change-point figures are added.
    case skab
    /// The server machines: files of training are left out, all of the others is scored.
    case smd
    /// Network flows: the first hour is not scored, and neither is an event that began in it.
    case flows

    /// What is not scored at the beginning of each file.
    var probation: Probation {
        switch self {
        case .nab: .numenta
        case .flows: .seconds(3_600, text: "3600s")
        case .skab: .rows(400, text: "400")
        case .generic, .smd: .none
        }
    }

    /// Whether a file of the labels is one of training.
    func isTraining(_ name: String) -> Bool { self == .smd && name.contains(".train.") }
}
