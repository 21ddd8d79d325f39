public import Alerting
import AnomalyDetection
public import Ingest
import Synchronization
public import TimeSeries

/// What a replay is asked to do.
public struct ReplayRequest: Sendable {
    /// The recordings, read one after the other as one stream.
    public var paths: [String]
    /// The configuration; its first source says how lines are read.
    public var configuration: MonitorConfiguration
    /// Where the score rows go; `nil` for nowhere.
    public var scoresPath: String?
    /// Where the alert records go; `nil` for nowhere.
    public var alertsPath: String?
    /// Bytes read at a time.
    public var readSize: Int
    /// Number of shards; the output does not depend on it.
    public var shards: Int

    /// Creates a request.
    public init(
        paths: [String], configuration: MonitorConfiguration, scoresPath: String? = nil, alertsPath: String? = nil,
        readSize: Int = 1 << 16, shards: Int = 1
    ) {
        self.paths = paths
        self.configuration = configuration
        self.scoresPath = scoresPath
        self.alertsPath = alertsPath
        self.readSize = readSize
        self.shards = shards
    }
}
