import TimeSeries

/// What an alert looks like in journald.
public enum JournalFields {
    /// The identifier under which `journalctl -t` finds alerts.
    public static let identifier = "monitord"

    /// The `MESSAGE_ID` of each kind: constants for ever, explained in `systemd/monitord.catalog`.
    public static func messageID(of kind: AlertKind) -> String {
        switch kind {
        case .anomaly: "4863432093cf43d6a6e8e09044eb9b18"
        case .stalled: "c703d9d074a54199a10bf201dfe7bd69"
        case .stuck: "f6caf0fc8f24479a854c0b904ff47e78"
        case .drift: "314e442675f84490ba8a03ced373571e"
        case .input: "28f2913bbd0f41c883ca43b96acd784e"
        case .budget: "97d43151a35647f1a238b92e0eda96ac"
        }
    }

    /// syslog's level: 4 for a warning, 2 when critical, 5 for a close.
    public static func priority(of record: AlertRecord) -> Int {
        if record.event == .close { return 5 }
        return record.severity == .critical ? 2 : 4
    }

    /// The fields of an entry, each as journald takes it: `NAME=value`, the value in UTF-8 and of any length.
    ///
    /// `MONITORD_` and the key in capitals for every field of the record that is present; lists as JSON.
    public static func fields(of record: AlertRecord, stamp: EmissionStamp?) -> [[UInt8]] {
        var fields = [
            "MESSAGE=\(dated(record, stamp))",
            "MESSAGE_ID=\(messageID(of: record.kind))",
            "PRIORITY=\(priority(of: record))",
            "SYSLOG_IDENTIFIER=\(identifier)",
        ]
        for field in record.fields(stamp: stamp) {
            fields.append("MONITORD_\(field.key.uppercased())=\(field.value.bareText)")
        }
        return fields.map { Array($0.utf8) }
    }

    /// Seconds behind which a message is dated: the journal's own time is that of the telling.
    private static let oldSeconds = 43_200.0

    /// The message, with its day where that is long past: what is read of yesterday would look like today's.
    private static func dated(_ record: AlertRecord, _ stamp: EmissionStamp?) -> String {
        guard let stamp, stamp.emitted.seconds(since: record.time) > oldSeconds else { return record.message }
        return "Of \(record.time.description.prefix(10)): \(record.message)"
    }
}

extension JSONWriter.Value {
    /// A text without quotes and escapes; anything else as JSON.
    fileprivate var bareText: String {
        if case .text(let text) = self { return text }
        var json = JSONWriter()
        json.write(self)
        return json.text
    }
}
