public import TimeSeries

/// The name of an incident: the same input gives the same name in a live run, in replay and after a restart.
public enum IncidentIdentifier {
    /// The digits that messages show; verbs accept any prefix that is unambiguous.
    public static let shortDigits = 6

    /// 16 hexadecimal digits of the hash of what makes an incident.
    ///
    /// - Parameters:
    ///   - stream: name of the ordered input.
    ///   - series: the incident's first series by key.
    ///   - kind: what the incident is about.
    ///   - since: event time of the onset.
    ///   - onsetSample: number of the onset's sample within its series.
    public static func make(
        stream: String, series: String, kind: AlertKind, since: Timestamp, onsetSample: UInt64
    ) -> String {
        var hash = StableHash()
        hash.combine(stream)
        hash.combine(series)
        hash.combine(kind.rawValue)
        hash.combine(UInt64(bitPattern: since.nanoseconds))
        hash.combine(onsetSample)
        let digits = String(hash.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
