/// How the keys and values of a keyed line are written.
///
/// The raw value is stored with the dialect: it never changes.
enum Notation: UInt8, Equatable, Sendable {
    /// One JSON object, see ``ObjectScanner``.
    case json = 1
    /// `key=value` pairs, see ``PairScanner``.
    case logfmt = 4
    /// An envelope around pairs or an object, see ``SyslogScanner``.
    case syslog = 5
    /// A name, a value and a time, see ``GraphiteScanner``.
    case graphite = 6
    // 7 is a dialect of metrics.
    /// The `stats` events of a Suricata EVE file, see ``SuricataStats``.
    case suricataStats = 8

    /// The form of the lines, for the summary.
    func form(isList: Bool) -> String {
        switch self {
        case .json: isList ? "json list" : "json lines"
        case .logfmt: "logfmt"
        case .syslog: "syslog"
        case .graphite: "graphite"
        case .suricataStats: "suricata stats"
        }
    }

    /// The lines, for a message.
    var words: String {
        switch self {
        case .json: "JSON lines"
        case .logfmt: "logfmt"
        case .syslog: "syslog lines"
        case .graphite: "Graphite lines"
        case .suricataStats: "stats events of Suricata"
        }
    }

    /// What shows that lines are written so.
    var reason: String {
        switch self {
        case .json: "lines begin with {"
        case .logfmt: "lines are key=value pairs with spaces between them"
        case .syslog: "lines begin with a priority, or a date with host and program"
        case .graphite: "lines are a name, a number and a time"
        case .suricataStats: "objects with timestamp and event_type, all of them stats events"
        }
    }

    /// What holds for lines whose keys have a meaning by themselves.
    func settings(_ configuration: SourceConfiguration) -> SourceConfiguration {
        var settings = configuration
        switch self {
        case .json, .logfmt, .suricataStats: break
        case .syslog: settings.series = settings.series ?? String(decoding: SyslogScanner.sourceKey, as: UTF8.self)
        case .graphite:
            settings.series = "name"
            settings.channels = ["value"]
        }
        return settings
    }

    /// Whether a unit may be glued to a number: `12ms`.
    var gluesUnits: Bool { self == .logfmt || self == .syslog }
    /// Whether lines without any value that is watched are usual: among measurements stand messages.
    var hasMessages: Bool { self == .logfmt || self == .syslog }
}
