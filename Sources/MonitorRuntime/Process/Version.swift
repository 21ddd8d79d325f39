/// The version of monitord, as `--version` and every emitted alert give it.
public enum Version {
    /// Semantic version.
    public static let text = "0.1.0"
}
