/// How much at the beginning of a file is not scored, since there a detector may still learn what normal is.
enum Probation {
    case none
    /// The rule of the Numenta benchmark: 15 % of the file, at most 750 rows.
    case numenta
    case rows(Int, text: String)
    case share(Double, text: String)
    case seconds(Double, text: String)

    /// What ``init(_:)`` accepts, for messages.
    static let forms = "none, nab, a number of rows, a share such as 0.15, or seconds such as 3600s"

    /// Reads `none`, `nab`, `400`, `0.15` or `3600s`.
    init?(_ text: String) {
        if text == "none" {
            self = .none
        } else if text == "nab" {
            self = .numenta
        } else if text.hasSuffix("s"), let seconds = Self.number(text.dropLast()) {
            self = .seconds(seconds, text: text)
        } else if let value = Self.number(text[...]) {
            self = value >= 1 ? .rows(Int(value), text: text) : .share(value, text: text)
        } else {
            return nil
        }
    }

    /// As it is written on the command line.
    var text: String {
        switch self {
        case .none: "none"
        case .numenta: "nab"
        case .rows(_, let text), .share(_, let text), .seconds(_, let text): text
        }
    }

    /// How many rows are not scored.
    ///
    /// - Parameter times: seconds since 1970 by row.
    func rowCount(_ times: [Double]) -> Int {
        switch self {
        case .none: 0
        case .numenta: Int(min((0.15 * Double(times.count)).rounded(.down), 0.15 * 5_000).rounded(.up))
        case .rows(let rows, _): rows
        case .share(let share, _): Int((share * Double(times.count)).rounded(.down))
        case .seconds(let seconds, _): times.first.map { times.firstPlace(notBelow: $0 + seconds) } ?? 0
        }
    }

    private static func number(_ text: Substring) -> Double? {
        guard let value = NumberText.number(Array(text.utf8)[...]), value >= 0, value < 1e12 else { return nil }
        return value
    }
}

extension [Double] {
    /// By bisection, the first place whose value is not below `bound`; meaningful when the values ascend.
    func firstPlace(notBelow bound: Double) -> Int { bisect { $0 < bound } }

    /// By bisection, the first place whose value is above `bound`; meaningful when the values ascend.
    func firstPlace(above bound: Double) -> Int { bisect { !(bound < $0) } }

    private func bisect(_ isBefore: (Double) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
