public import Ingest
public import Logging
public import TimeSeries

/// Messages that a broker has under some topics: each holds one line or several, or is one of Sparkplug B.
///
/// A thread of its own drives libmosquitto: it waits for the socket, reads, decodes and hands rows on in batches. When the
/// pipeline is behind it reads no more, so that the broker keeps what it has; nothing is dropped here. The name of a series is
/// made of the topic (``TopicTemplate``).
///
/// With a quality (QoS) of 1 or 2 the broker is asked to keep the session, and with it what is published while monitord or
/// the connection is away. What was acknowledged to it and not yet committed when monitord is killed is lost, as with standard input: the
/// library acknowledges a message once it was handed over.
///
/// A broker that is lost is tried again after 1, 2, 4 … 60 seconds. What it sends a second time then is recognised
/// (``RecentMessages``) and counted.
public struct MQTTSource: RecordSource {
    private let configuration: SourceConfiguration
    private let access: BrokerAccess
    private let stream: String
    private let resume: [String: DecodingState]
    private let telemetry: SourceTelemetry
    private let surroundings: MessageStream.Surroundings
    private let limits: ReadingLimits
    private let silence: Double
    private let arrival: @Sendable () -> Timestamp
    private let logger: Logger?

    /// Creates a source; the broker is looked for when it runs.
    ///
    /// - Parameters:
    ///   - address: `mqtt://HOST:PORT` or `mqtts://HOST:PORT`.
    ///   - client: the name under which the broker keeps the session; no other client may have it.
    ///   - stream: the stream's name; that of Sparkplug's messages has `sparkplug` behind it where there are others, too.
    ///   - arrival: the wall clock.
    ///   - admission: when a topic becomes a series.
    ///   - resume: what is known of the streams' series from before, by name.
    ///   - silence: seconds after which it is told that nothing has come.
    ///   - logger: where connections, losses and unusable messages are told; `nil` only counts them.
    ///   - onSchema: told a stream's name and schema once, on the reading thread, before its first batch.
    /// - Throws: ``IngestError/noBroker(address:reason:)`` when the address is none.
    public init(
        address: String, client: String, stream: String = "input", configuration: SourceConfiguration,
        arrival: @escaping @Sendable () -> Timestamp, limits: ReadingLimits = ReadingLimits(),
        telemetry: SourceTelemetry = SourceTelemetry(), admission: SeriesAdmission = SeriesAdmission(),
        resume: [String: DecodingState] = [:], silence: Double = 60, logger: Logger? = nil,
        onSchema: (@Sendable (_ stream: String, _ schema: StreamSchema) -> Void)? = nil
    ) throws(IngestError) {
        do throws(MQTTError) {
            var access = try BrokerAccess(address, client: client)
            access.take(configuration.mqtt)
            self.access = access
        } catch {
            throw .noBroker(address: address, reason: "\(error)")
        }
        self.silence = silence
        self.configuration = configuration
        self.stream = stream
        self.resume = resume
        self.telemetry = telemetry
        self.limits = limits
        self.arrival = arrival
        self.logger = logger
        surroundings = MessageStream.Surroundings(
            limits: limits, arrival: arrival, telemetry: telemetry, admission: admission, logger: logger,
            onSchema: onSchema)
    }

    /// The names of its streams: of lines, and of Sparkplug's messages.
    public static func streams(_ name: String, topics: [String]) -> (lines: String, sparkplug: String) {
        let isOnlySparkplug = topics.allSatisfy { $0.hasPrefix(SparkplugTopic.namespace + "/") }
        return (name, isOnlySparkplug ? name : "\(name) sparkplug")
    }

    /// Receives until the task is cancelled or `deliver` throws; what was received by then is delivered first.
    ///
    /// - Throws: ``IngestError/noBroker(address:reason:)`` when libmosquitto is not installed, or a file that is named
    ///   cannot be used. A broker that cannot be reached is waited for.
    public func run(deliver: @escaping @Sendable (RecordBatch) async throws -> Void) async throws {
        telemetry.update {
            $0.broker = BrokerCounters()
            $0.broker?.awaySince = arrival()
        }
        try await ReadingThread.run(
            batches: limits.batchesInFlight, activity: telemetry.activity, deliver: deliver
        ) { outlet in
            let names = Self.streams(stream, topics: configuration.mqtt.topics)
            let receiver = MessageReceiver(
                configuration, telemetry, arrival, access.text, logger, silence: silence,
                lines: try MessageStream(names.lines, configuration, resume: resume[names.lines], surroundings),
                sparkplug: try MessageStream(
                    names.sparkplug, configuration, resume: resume[names.sparkplug], surroundings))
            do throws(MQTTError) {
                let keeps = configuration.mqtt.qos > 0
                receiver.connection = try BrokerConnection(access, keepsSession: keeps)
            } catch {
                throw IngestError.noBroker(address: access.text, reason: "\(error)")
            }
            do {
                while true {
                    try receiver.connect(outlet)
                    try receiver.receive(outlet)
                    try receiver.waitBeforeNextTry(outlet)
                }
            } catch is ReadingStopped {
                try receiver.finish(outlet)
                throw ReadingStopped()
            }
        }
    }
}
