/// A figure of a report, or several, as JSON has them.
enum ReportValue {
    case null
    case integer(Int)
    case number(Double)
    case text(String)
    case list([ReportValue])
    /// Keys in the order they are written.
    case object([(key: String, value: ReportValue)])

    /// A number, or nothing.
    static func optional(_ number: Double?) -> ReportValue { number.map(ReportValue.number) ?? .null }

    /// A member of an object; `null` when there is none.
    subscript(key: String) -> ReportValue {
        guard case .object(let members) = self else { return .null }
        return members.first { $0.key == key }?.value ?? .null
    }

    /// The number, of whatever kind; `nil` for anything else.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// Whether there is nothing.
    var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// One line of JSON; a number that is not finite is `null`, others read back as they are.
    var json: String {
        switch self {
        case .null: "null"
        case .integer(let value): "\(value)"
        case .number(let value): value.isFinite ? "\(value)" : "null"
        case .text(let text): Self.quoted(text)
        case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
