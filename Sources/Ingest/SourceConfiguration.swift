/// Where a stream comes from and how its lines are to be read.
///
/// What is `nil` is found from the first lines and printed.
public struct SourceConfiguration: Equatable, Sendable {
    /// Where bytes come from.
    public enum Input: Equatable, Sendable {
        /// Standard input, until it ends.
        case standardInput
        /// A file, or files by a pattern with `*`, `?` or `[…]`, read to the end and followed.
        case file(pattern: String)
        /// Datagrams of lines that arrive at an address, `0.0.0.0:5140`.
        case udp(address: String)
    }

    /// The line formats that can be named.
    public enum Format: String, CaseIterable, Equatable, Sendable {
        /// Found from the first lines.
        case auto
        /// Comma-, semicolon-, tab- or pipe-separated values, with or without a header.
        case csv
        /// One JSON object a line.
        case jsonl
    }

    /// The input.
    public var input: Input
    /// `format` (string, "auto"): the line format.
    public var format: Format
    /// `timezone` (string, the machine's): the zone of times that name none, and of the source's days.
    public var zone: SourceZone
    /// `time` (string or two strings, found): the column or key that holds the time, or those of date and time of day.
    public var time: [String]
    /// `series` (string, none): the column or key that names the series.
    public var series: String?
    /// `channels` (strings, all numeric ones): the columns or keys that are watched.
    public var channels: [String]
    /// `interval` (duration, learned): seconds between two rows of a series.
    public var interval: Double?
    /// Longest line in bytes; a longer one is counted as malformed and skipped.
    public var longestLine: Int

    /// Creates a configuration with defaults for everything but the input.
    public init(
        input: Input, format: Format = .auto, time: [String] = [], series: String? = nil, channels: [String] = [],
        interval: Double? = nil, longestLine: Int = 1 << 20, zone: SourceZone = .utc
    ) {
        self.input = input
        self.format = format
        self.zone = zone
        self.time = time
        self.series = series
        self.channels = channels
        self.interval = interval
        self.longestLine = longestLine
    }
}
