/// Takes a StatsD line apart: `pump.starts:1|c|@0.1|#site:a`, `t:1:2:3|ms`, `t:1|c:2|c`.
///
///     name ':' part            several parts where a value follows a type or a rate: `a:1|c:2|c|@0.1:3|c`
///     part = value (':' value)* '|' type ('|' section)*
///     section = '@' rate | '#' tags | 'T' time | 'c:' container | 'e:' … | 'card:' …
///
/// Sections of other kinds are passed over, as agents do. Sources: github.com/statsd/statsd, docs/metric_types.md;
/// docs.datadoghq.com, "DogStatsD: Datagram format" (protocol 1.0 to 1.3).
///
/// Total: any bytes give parts, or none and why.
struct StatsDLine: Sendable {
    /// What a line is.
    enum Kind: Equatable, Sendable {
        case metrics
        /// An event or a service check of DogStatsD.
        case message
        case broken
    }

    /// Values of one type.
    struct Part: Equatable, Sendable {
        /// The values with colons between them.
        var values: Range<Int>
        var type: Range<Int>
        /// Without the `@`.
        var rate: Range<Int>?
        /// Without the `#`; empty when there are none.
        var tags: Range<Int>
        /// Without the `T`.
        var time: Range<Int>?
        /// Whether every section is of a kind that is known.
        var isKnown = true
    }

    /// The name of the metric.
    private(set) var name = 0..<0
    /// Whether what stands behind the last part is none.
    private(set) var isBroken = false
    private var position: Int?

    /// Begins with a line.
    mutating func begin(_ line: Span<UInt8>) -> Kind {
        position = nil
        isBroken = false
        if Self.begins(line, "_e{") || Self.begins(line, "_sc|") { return .message }
        let end = Self.end(line, from: 0, atColon: true)
        name = trimmed(line, 0..<end)
        guard end < line.count, line[end] == Self.colon, !name.isEmpty else { return .broken }
        position = end + 1
        return .metrics
    }

    /// The next part; `nil` behind the last one, and where there is none (``isBroken``).
    mutating func next(_ line: Span<UInt8>) -> Part? {
        guard let start = position else { return nil }
        position = nil
        let bar = Self.end(line, from: start, atColon: false)
        guard bar < line.count else {
            isBroken = true
            return nil
        }
        var end = Self.end(line, from: bar + 1, atColon: true)
        var part = Part(values: start..<bar, type: trimmed(line, (bar + 1)..<end), rate: nil, tags: end..<end)
        while end < line.count {
            guard line[end] == Self.bar else {
                position = end + 1
                break
            }
            let first = end + 1
            let isRate = first < line.count && line[first] == UInt8(ascii: "@")
            end = Self.end(line, from: first, atColon: isRate)
            take(line, first..<end, &part)
        }
        return part
    }

    private func take(_ line: Span<UInt8>, _ section: Range<Int>, _ part: inout Part) {
        guard let first = section.first else {
            part.isKnown = false
            return
        }
        let rest = (first + 1)..<section.upperBound
        switch line[first] {
        case UInt8(ascii: "@"): part.rate = rest
        case UInt8(ascii: "#"): part.tags = rest
        case UInt8(ascii: "T"): part.time = rest
        default:
            let text = line.extracting(section)
            part.isKnown =
                part.isKnown
                && (Self.begins(text, "c:") || Self.begins(text, "e:") || Self.begins(text, "card:"))
        }
    }

    private static let colon = UInt8(ascii: ":")
    private static let bar = UInt8(ascii: "|")

    private static func end(_ line: Span<UInt8>, from start: Int, atColon stops: Bool) -> Int {
        var index = start
        while index < line.count, line[index] != bar, !(stops && line[index] == colon) { index += 1 }
        return index
    }

    private static func begins(_ line: Span<UInt8>, _ text: String) -> Bool {
        guard line.count >= text.utf8.count else { return false }
        var index = 0
        for byte in text.utf8 {
            guard line[index] == byte else { return false }
            index += 1
        }
        return true
    }

    /// Whether a line can be nothing else: a name with a letter and without spaces or quotes, numbers of known types, and
    /// known sections.
    static func isPlain(_ line: [UInt8]) -> Bool {
        let span = line.span
        var scanner = StatsDLine()
        switch scanner.begin(span) {
        case .message: return true
        case .broken: return false
        case .metrics: break
        }
        let name = line[scanner.name]
        guard name.contains(where: { (65...90).contains($0 & 0xdf) || $0 >= 128 }),
            !name.contains(where: { $0 == 32 || $0 == 9 || $0 == UInt8(ascii: "\"") })
        else { return false }
        let parser = NumberParser()
        while let part = scanner.next(span) {
            guard part.isKnown, let kind = MetricKind(span, part.type), !part.values.isEmpty else { return false }
            if kind == .set { continue }
            for value in line[part.values].split(separator: colon, omittingEmptySubsequences: false) {
                guard case .number = parser.parse(span, value.startIndex..<value.endIndex) else { return false }
            }
        }
        return !scanner.isBroken
    }
}
