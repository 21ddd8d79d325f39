public import Ingest
import NeuralNet
import Synchronization
import TimeSeries

/// What `monitord check --sample` says: how a file is read, and what watching it costs.
public struct SampleCheck: Sendable {
    private let path: String
    private let source: SourceConfiguration
    private let configuration: MonitorConfiguration

    /// Creates a check of a recording.
    public init(path: String, source: SourceConfiguration, configuration: MonitorConfiguration) {
        self.path = path
        self.source = source
        self.configuration = configuration
    }

    /// Reads the file and measures on its own lines.
    ///
    /// - Returns: lines for a person: the dialect, the channels, lines that cannot be used, memory and time.
    /// - Throws: `IngestError`.
    public func run() async throws -> String {
        let telemetry = SourceTelemetry()
        let found = Mutex<(schema: StreamSchema?, series: [String])>((nil, []))
        let files = RecordedFiles(paths: [path], configuration: source, telemetry: telemetry)
        try await files.run { batch in
            found.withLock { $0 = (batch.schema, batch.seriesNames) }
        }
        let decoded = telemetry.counters.decoded
        guard let schema = found.withLock({ $0.schema }) else {
            return "\(path): no data line in \(decoded.lines) lines"
        }
        let seriesCount = max(1, found.withLock { $0.series.count })
        let channels = schema.channels.map { $0.unit.map { unit in "\(unit)" }.map { " [\($0)]" } ?? "" }
        let names = zip(schema.channels, channels).map { "\($0.name)\($1)" }
        let cost = SeriesCost.measure(
            channelCount: schema.channels.count, detection: configuration.detection)
        return """
            \(path): \(schema.summary)
            channels: \(names.joined(separator: ", "))
            time zone: \(source.zone.summary)
            lines: \(decoded.lines), of them \(decoded.records) usable, \(decoded.malformed) unusable, \(decoded.headers) headers, \(decoded.blank) blank
            series: \(seriesCount); memory when their rings are full: about \(cost.bytes * seriesCount / 1024 + cost.sharedBytes / 1024) kB (\(cost.bytes / 1024) kB a series, \(cost.sharedBytes / 1024) kB shared)
            processor: about \(cost.microseconds) µs a sample on this machine, training included
            arithmetic: \(Kernels.best.arithmeticClass.rawValue) (\(Kernels.best.name))
            """
    }
}
