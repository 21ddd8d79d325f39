public import TimeSeries

/// The zone in whose civil time a source lives: times without a zone are read in it, and days begin by it.
public struct SourceZone: Equatable, Sendable {
    /// Where a source's zone comes from.
    public enum Origin: Equatable, Sendable {
        /// The key `timezone` or the flag.
        case configured
        /// Nothing names one: it is that of the machine.
        case machine
    }

    /// UTC, as if the machine had it.
    public static let utc = SourceZone(rules: .utc, origin: .machine)

    /// The zone's rules.
    public var rules: TimeZoneRules
    /// Where it comes from: one that is configured stands above the one that a stored state names.
    public var origin: Origin

    /// Creates a zone.
    public init(rules: TimeZoneRules, origin: Origin) {
        self.rules = rules
        self.origin = origin
    }

    /// Goes on in the zone of a stored dialect, for an input that is not read on in mid-file but looked at anew, as
    /// ``LineDecoder`` does for a file.
    ///
    /// - Parameter dialect: a batch's `dialect`; empty for none.
    /// - Returns: why the zone could not be kept.
    mutating func goOn(from dialect: [UInt8]) -> TimeZoneLoadingError? {
        guard let name = Dialect.zoneName(in: dialect) else { return nil }
        let found = restoring(name)
        rules = found.rules
        return found.problem
    }

    /// The rules for a stream that was read by those of a name before.
    ///
    /// A configured zone holds from now on. Else the stream keeps its zone, on whatever machine it is read.
    /// - Returns: the rules, and why they are not those of the name.
    func restoring(_ name: String) -> (rules: TimeZoneRules, problem: TimeZoneLoadingError?) {
        if origin == .configured || name == rules.name { return (rules, nil) }
        do {
            return (try SystemTimeZones.process.rules(again: name), nil)
        } catch {
            return (rules, error)
        }
    }

    /// `Europe/Berlin`, `Europe/Berlin, this machine's`.
    public var summary: String { origin == .configured ? rules.name : "\(rules.name), this machine's" }
}

extension TimeZoneRules {
    /// How times without a zone are read, for the summary of a dialect.
    var summary: String { isUTC ? "read as UTC" : "read as \(name) local time" }
}
