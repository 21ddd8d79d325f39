import TimeSeries

/// What Suricata's `stats` events hold, and which of it is watched.
///
/// An event has some hundred numbers below `stats`, most of them totals since Suricata began (`capture.kernel_packets`), watched as
/// rates a second; the others are levels as they stand (`flow.memuse`). Which is which only the name says. Watched are
///
/// 1. those named in `channels`, and no others, if any are; else
/// 2. those an operator asks for first (``first``), whether they move or not: a drop is rare, and matters; then
/// 3. those that move in the events that are looked at, in the order of the event.
///
/// Not watched unless named: `uptime`, which as a level is always new; what is told for each thread (`threads`) and the differences
/// to the event before (`…_delta`), which say the same once more; and the many kinds of packet that never come.
///
/// Source: the counters that Suricata 4 to 8 register (`StatsRegister…` in its source), and etc/schema.json there.
enum SuricataStats {
    /// What an object of an EVE file is.
    enum Event: Equatable, Sendable {
        case stats
        /// Of network flows, read by another format.
        case flow
        case other
        /// An object without a kind of event, or none.
        case none
    }

    /// What the paths of the counters begin with.
    static let prefix = Array("stats.".utf8)
    /// Events that are looked at: at one in 8 s what moves now and then has moved in them, and of a file in which other events
    /// stand one has come.
    static let decisiveEvents = 10
    /// What is not watched unless it is named.
    private static let leftOut = ["uptime", "threads."]

    /// Counters that are watched even when they stand still.
    static let first: Set<String> = [
        "capture.kernel_packets", "capture.kernel_drops", "capture.kernel_ifdrops", "capture.errors", "decoder.pkts",
        "decoder.bytes", "decoder.invalid", "tcp.sessions", "tcp.active_sessions", "tcp.ssn_memcap_drop",
        "tcp.segment_memcap_drop", "tcp.reassembly_gap", "tcp.memuse", "tcp.reassembly_memuse", "flow.total",
        "flow.active",
        "flow.memcap", "flow.memuse", "flow.emerg_mode_entered", "defrag.max_frag_hits", "detect.alert",
        "detect.alert_queue_overflow", "http.memuse", "memcap.pressure", "memcap_pressure", "ips.accepted",
        "ips.blocked",
    ]

    private static let eventKey = Array("event_type".utf8)
    static let statsEvent = Array("stats".utf8)

    /// The kind of event that a line holds: it is looked for, and what stands behind it is not read.
    static func event(_ line: Span<UInt8>, _ scanner: inout ObjectScanner) -> Event {
        scanner.begin(line)
        while let member = scanner.next(line) {
            guard member.isPlain, matches(line, member.key, eventKey) else { continue }
            guard member.kind == .text else { return .none }
            if matches(line, member.value, statsEvent) { return .stats }
            let isFlow =
                matches(line, member.value, KeyedFlowDecoder.flowEvent)
                || matches(line, member.value, KeyedFlowDecoder.netflowEvent)
            return isFlow ? .flow : .other
        }
        return .none
    }

    /// The name of a channel: its path without `stats.`; `nil` of what is no counter.
    static func name(of path: [UInt8]) -> String? {
        path.starts(with: prefix) && path.count > prefix.count
            ? String(decoding: path.dropFirst(prefix.count), as: UTF8.self) : nil
    }

    /// Whether a counter may be watched without being named.
    static func isEligible(_ name: String) -> Bool {
        !leftOut.contains { name == $0 || ($0.hasSuffix(".") && name.hasPrefix($0)) } && !name.hasSuffix("_delta")
    }

    /// Whether a number is a level, and not a total that only grows.
    static func isLevel(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        guard let last = parts.last else { return false }
        let words = last.split(separator: "_")
        // `open_files_max_hit` counts.
        if words.last == "hit" || words.last == "hits" { return false }
        if levels.contains(String(last)) || words.last == "list" || words.first == "rows" { return true }
        // Up to version 5 these told what the last pass had found.
        if parts.first == "flow_mgr" { return words.last != "pruned" }
        return words.contains { levelWords.contains(String($0)) }
    }

    private static let levels: Set<String> = [
        "spare", "uptime", "expectations", "open_files", "rules_loaded", "rules_failed", "rules_skipped", "id",
    ]
    private static let levelWords: Set<String> = [
        "active", "avg", "max", "maxlen", "memuse", "min", "per", "pressure", "size",
    ]

    /// A channel by its name, with the unit of what is watched.
    static func channel(_ name: String) -> Channel {
        let word = name.split { $0 == "." || $0 == "_" }.last
        guard isLevel(name) else { return Channel(name: name, unit: word == "bytes" ? "B/s" : "1/s") }
        switch word {
        case "memuse": return Channel(name: name, unit: "B")
        case "uptime": return Channel(name: name, unit: "s")
        default: return Channel(name: name)
        }
    }

    /// Those of the channels that are totals.
    static func counters(of channels: [Channel]) -> [String] { channels.map(\.name).filter { !isLevel($0) } }
}
