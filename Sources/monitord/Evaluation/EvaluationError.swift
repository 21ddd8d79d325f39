/// Why nothing can be evaluated.
enum EvaluationError: Error, CustomStringConvertible {
    /// A file or folder that is not there or may not be read.
    case cannotOpen(path: String, reason: String)
    /// Reading stopped in the middle, or a gzip file does not add up.
    case cannotRead(path: String, reason: String)
    /// A line that is not what it must be; `line` counts from 1.
    case badLine(path: String, line: Int, reason: String)
    /// Labelled files or series without scores.
    case missing(scores: String, names: [String])
    /// Scores and data, or scores and labels, that do not belong together.
    case mismatch(String)

    /// 65 for bad data, 66 for no input, 74 when reading failed.
    var exitCode: Int32 {
        switch self {
        case .cannotOpen, .missing: 66
        case .cannotRead: 74
        case .badLine, .mismatch: 65
        }
    }

    var description: String {
        switch self {
        case .cannotOpen(let path, let reason): return "cannot open \(path): \(reason)"
        case .cannotRead(let path, let reason): return "cannot read \(path): \(reason)"
        case .badLine(let path, let line, let reason): return "\(path):\(line): \(reason)"
        case .missing(let scores, let names):
            let shown = names.prefix(5).joined(separator: ", ")
            let more = names.count > 5 ? " and \(names.count - 5) more" : ""
            return "\(scores) has no scores for \(shown)\(more), which the labels name; --allow-missing leaves them out"
        case .mismatch(let reason): return reason
        }
    }
}
