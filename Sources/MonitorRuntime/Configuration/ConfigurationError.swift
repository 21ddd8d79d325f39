/// Where a value of the configuration was written.
public enum ConfigurationPlace: Equatable, Sendable, CustomStringConvertible {
    /// A file; line and column count from 1, the column in characters.
    case file(path: String, line: Int, column: Int)
    /// An environment variable.
    case environment(String)
    /// A flag of the command line, with its dashes.
    case flag(String)
    /// The program itself.
    case builtIn

    /// `monitord.toml:3:1`, `environment MONITORD_LOG`, `flag --log`, `default`.
    public var description: String {
        switch self {
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let name): "environment \(name)"
        case .flag(let name): "flag \(name)"
        case .builtIn: "default"
        }
    }
}

/// One thing that is wrong with a configuration.
public enum ConfigurationProblem: Equatable, Sendable, CustomStringConvertible {
    /// A file or folder cannot be read; the reason is the system's.
    case unreadable(path: String, reason: String)
    /// A file is not TOML.
    case syntax(place: ConfigurationPlace, reason: String)
    /// A key that monitord does not have, with the nearest one that it has, when one is near.
    case unknownKey(place: ConfigurationPlace, key: String, nearest: String?)
    /// A value of the wrong type or out of its range.
    case unexpected(place: ConfigurationPlace, key: String, found: String, expected: String)
    /// Values that are right one by one but not together.
    case conflict(place: ConfigurationPlace, key: String, reason: String)

    /// One line: place, key path, what was found, what was expected.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .syntax(let place, let reason): "\(place): \(reason)"
        case .unknownKey(let place, let key, let nearest):
            "\(place): unknown key \"\(key)\""
                + (nearest.map { "; did you mean \"\($0)\"?" + Self.whereItBelongs($0, not: key) }
                    ?? "; monitord.toml(5) has them all, and `monitord check --keys` shows them")
        case .unexpected(let place, let key, let found, let expected):
            "\(place): \(key) is \(found); expected \(expected)"
        case .conflict(let place, let key, let reason): "\(place): \(key): \(reason)"
        }
    }
}

extension ConfigurationProblem {
    /// Where a key stands that was written in another table; empty when the table is right.
    fileprivate static func whereItBelongs(_ nearest: String, not key: String) -> String {
        func table(_ path: String) -> Substring { path.lastIndex(of: ".").map { path[..<$0] } ?? "" }
        guard table(nearest) != table(key) else { return "" }
        switch table(nearest) {
        case "": return " It belongs above the first [table]"
        case "defaults": return " It belongs below [defaults] or [series.\"pattern\"]"
        case "source": return " It belongs below [[source]]"
        case "sink": return " It belongs below [[sink]]"
        default: return ""
        }
    }
}

/// A configuration that is refused, with everything that is wrong with it. `monitord` exits 78.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, in the order it was found: files in reading order, then environment, then flags. Never empty.
    public var problems: [ConfigurationProblem]

    /// Creates the error.
    public init(_ problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// One line for each problem.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
