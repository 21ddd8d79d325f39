import Alerting
import TimeSeries

/// A record as a message of RFC 5424.
///
///     <26>1 2026-11-21T02:14:11.402Z gw7 monitord 812 anomaly [monitord@32473 id="…" seq="0" event="open" …] BOM text
///
/// The time in the header is the sender's clock at the time of sending: receivers sort and keep by it, and one out of the input, which
/// may be any, would file an alert where nobody looks. What the input says is in the structured data, whose SD-ID has the
/// number that RFC 5612 keeps for documentation: monitord has none of its own.
enum SyslogMessage {
    /// The bytes of a message, without what a transport puts around them.
    static func bytes(
        of record: AlertRecord, facility: SyslogFacility, stamp: EmissionStamp, process: Int
    ) -> [UInt8] {
        let priority = facility.number * 8 + JournalFields.priority(of: record)
        let header = [
            "<\(priority)>1", time(stamp.emitted), printable(stamp.host, atMost: 255), JournalFields.identifier,
            "\(process)", record.kind.rawValue,
        ]
        let text = "\(header.joined(separator: " ")) \(structuredData(of: record)) "
        return Array(text.utf8) + [0xEF, 0xBB, 0xBF] + Array(bare(record.message).utf8)
    }

    private static func structuredData(of record: AlertRecord) -> String {
        func number(_ value: Double?) -> String? {
            guard let value = JSONWriter.Value.finite(value) else { return nil }
            var json = JSONWriter()
            json.write(value)
            return json.text
        }
        let parameters: [(String, String?)] = [
            ("id", record.id), ("seq", "\(record.seq)"), ("event", record.event.rawValue),
            ("severity", record.severity.rawValue), ("kind", record.kind.rawValue), ("pattern", record.pattern),
            ("series", record.series), ("series_count", "\(record.seriesNames.count)"), ("score", number(record.score)),
            ("threshold", number(record.threshold)), ("rarity", number(record.rarity)), ("time", "\(record.time)"),
            ("since", "\(record.since)"), ("until", record.until.map { "\($0)" }), ("runbook", record.runbook),
        ]
        let written = parameters.compactMap { name, value in value.map { " \(name)=\"\(escaped($0))\"" } }
        return "[monitord@32473\(written.joined())]"
    }

    /// A value of structured data: `"`, `\` and `]` behind a backslash.
    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in bare(text).unicodeScalars {
            if scalar == "\"" || scalar == "\\" || scalar == "]" { result.append("\\") }
            result.append(scalar)
        }
        return String(result)
    }

    /// Control characters out of the input would end a message for many a receiver, or command a terminal.
    private static func bare(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            result.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }

    /// A field of the header: printable ASCII without blanks, `-` for none.
    private static func printable(_ text: String, atMost length: Int) -> String {
        let field = text.utf8.filter { $0 > 0x20 && $0 < 0x7F }.prefix(length)
        return field.isEmpty ? "-" : String(decoding: field, as: UTF8.self)
    }

    /// With milliseconds: RFC 5424 takes six decimals at most, and a `Timestamp` may have nine.
    private static func time(_ time: Timestamp) -> String {
        let milliseconds = time.nanoseconds / 1_000_000 - (time.nanoseconds % 1_000_000 < 0 ? 1 : 0)
        return "\(Timestamp(nanoseconds: milliseconds * 1_000_000))"
    }
}
