/// The names of labels.
public enum AlertmanagerLabels {
    /// Those that monitord sets; a configured one of the same name is refused.
    public static let own: Set<String> = [
        "alertname", "severity", "kind", "pattern", "series", "instance", "incident",
    ]

    /// Whether a name is one that Prometheus takes: letters, digits and underscores, no digit first.
    public static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy {
            ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F
        }
    }
}
