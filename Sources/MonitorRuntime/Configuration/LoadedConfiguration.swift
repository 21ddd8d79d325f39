/// A configuration that was read and found right, and where it came from.
public struct LoadedConfiguration: Equatable, Sendable {
    /// The configuration.
    public var configuration: MonitorConfiguration
    /// The files that were read, in the order in which they override each other; empty when none was.
    public var files: [String]
    /// The whole configuration as TOML, each value with a comment that says where it came from: `monitord check`.
    ///
    /// Loading it again gives the same configuration. Values that are unset are shown commented out.
    public var merged: String
    /// What is to be said about it though nothing is wrong, a line each.
    public var remarks: [String] = []
    /// The values section by section, for a comparison with another reading.
    var draft: ConfigurationDraft
}
