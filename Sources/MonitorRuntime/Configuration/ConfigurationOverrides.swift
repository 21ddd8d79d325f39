public import Ingest

/// What the command line says about the configuration. Everything that is `nil` or empty says nothing.
public struct ConfigurationOverrides: Equatable, Sendable {
    /// `--config`: the file to read instead of the standard one; it must exist.
    public var file: String?
    /// Whether the standard file may be read at all: `run`, `check`. `replay` sets it to false.
    public var readsStandardFile: Bool
    /// `--stdin`, `--file`, or the paths of a replay: these replace the sources of the files.
    ///
    /// When there are any and `file` is `nil`, the standard file is not read.
    public var inputs: [SourceConfiguration.Input]
    /// `--format`: the format of every source.
    public var format: SourceConfiguration.Format?
    /// `--timezone`: the time zone of every source.
    public var timezone: String?
    /// `--state`: the state directory.
    public var stateDirectory: String?
    /// `--log`: the rolling log, `"none"` for none.
    public var log: String?
    /// `--journal`, `--no-journal`: whether alerts go to journald.
    public var journal: Bool?

    /// `--control`: the socket by which the verbs ask, `"none"` for none.
    public var control: String?
    /// `--false-alarms`: the budget of all series together.
    public var falseAlarms: String?
    /// `--series-false-alarms`: the budget of each series that has none of its own.
    public var seriesFalseAlarms: String?

    /// Creates overrides; the defaults say nothing.
    public init(
        file: String? = nil, readsStandardFile: Bool = true, inputs: [SourceConfiguration.Input] = [],
        format: SourceConfiguration.Format? = nil, timezone: String? = nil, stateDirectory: String? = nil,
        log: String? = nil,
        journal: Bool? = nil
    ) {
        self.file = file
        self.readsStandardFile = readsStandardFile
        self.inputs = inputs
        self.format = format
        self.timezone = timezone
        self.stateDirectory = stateDirectory
        self.log = log
        self.journal = journal
    }
}
