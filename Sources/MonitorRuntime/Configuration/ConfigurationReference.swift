/// Every key of the configuration in words: what `monitord check --keys` prints and the manual page is made of.
public enum ConfigurationReference {
    /// A line for each key, in the order of the sample file: its table (`global`, `defaults`, `source` or `sink`), its name, its
    /// built-in default as TOML, which is empty when there is none, and what it takes, with a tab between each two.
    public static var text: String {
        let lines =
            rows("global", ConfigurationKeys.global, GlobalDraft())
            + rows("defaults", ConfigurationKeys.series, SeriesRule.builtIn)
            + rows("source", ConfigurationKeys.source, SourceDraft())
            + rows("sink", ConfigurationKeys.sink, SinkDraft())
        return lines.joined(separator: "\n")
    }

    private static func rows<Target>(_ table: String, _ keys: [ConfigurationKey<Target>], _ builtIn: Target) -> [String]
    {
        keys.map { [table, $0.name, $0.write(builtIn) ?? "", $0.expected].joined(separator: "\t") }
    }
}
