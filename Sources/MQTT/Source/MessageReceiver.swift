import Glibc
import Ingest
import Logging
import TimeSeries

/// The thread's side of a source at a broker: connects, receives, decodes, hands on.
final class MessageReceiver: BrokerConnection.Handler {
    private static let longestDelay = 10.0
    /// Milliseconds that rows wait for more to come.
    private static let patience: Int32 = 2

    var connection: BrokerConnection? { didSet { connection?.handler = self } }
    private let settings: MQTTSettings
    private let telemetry: SourceTelemetry
    private let arrival: @Sendable () -> Timestamp
    private let broker: String
    private let logger: Logger?
    private var lines: MessageStream
    private var sparkplug: MessageStream
    private var session: SparkplugSession
    private var topics: TopicTable
    private var recent = RecentMessages()
    /// What was counted since the telemetry was told.
    private var counters = BrokerCounters()
    private var delay = 1.0
    private var failure: String?
    private var losses = LossesInARow()
    /// Seconds after which it is told that nothing has come.
    private let silence: Double
    /// When the topics were subscribed to, by the monotonic clock; `nil` once something has come since.
    private var silentFrom: Double?
    private var isSilenceTold = false
    private var isMixtureTold = false
    private var isSubscribed = false
    private var hasSubscribed = false
    private var isLossTold = false
    private var lostSparkplug = GrowthNotice()
    private var unusable = GrowthNotice()
    private var messages: UInt64 = 0

    init(
        _ configuration: SourceConfiguration, _ telemetry: SourceTelemetry,
        _ arrival: @escaping @Sendable () -> Timestamp,
        _ broker: String, _ logger: Logger?, silence: Double = 60, lines: MessageStream, sparkplug: MessageStream
    ) {
        self.silence = silence
        counters.awaySince = arrival()
        settings = configuration.mqtt
        session = SparkplugSession(channels: configuration.channels)
        topics = TopicTable(configuration.mqtt)
        self.telemetry = telemetry
        self.arrival = arrival
        self.broker = broker
        self.logger = logger
        self.lines = lines
        self.sparkplug = sparkplug
    }

    // MARK: The connection

    /// Connects; that it failed is found out by ``receive(_:)``.
    func connect(_ outlet: BatchOutlet) throws {
        guard let connection else { return }
        failure = nil
        isSubscribed = false
        let connecting: ConnectingThread
        do throws(MQTTError) {
            connecting = try ConnectingThread(connection)
        } catch {
            return failure = "\(error)"
        }
        while try !outlet.waited(for: connecting.descriptor, milliseconds: 1_000) {}
        failure = connecting.failure
    }

    /// Receives until the connection is lost.
    func receive(_ outlet: BatchOutlet) throws {
        guard let connection, failure == nil else { return }
        var ticked = Self.seconds()
        while failure == nil {
            if connection.wantsToWrite { note(connection.write()) }
            guard failure == nil, let descriptor = connection.descriptor else { break }
            let hasRows = lines.rows + sparkplug.rows > 0
            let pause = connection.wantsToWrite || hasRows ? Self.patience : 1_000
            if try outlet.waited(for: descriptor, milliseconds: pause) {
                try drain(connection, outlet)
            } else {
                try send(outlet)
            }
            let now = Self.seconds()
            if now - ticked >= 1 {
                ticked = now
                noteSilence(at: now)
                note(connection.tick())
            }
        }
        if failure == nil { failure = "the connection is closed" }
    }

    /// Reads until nothing is there, or a batch is full.
    private func drain(_ connection: BrokerConnection, _ outlet: BatchOutlet) throws {
        let begun = Self.seconds()
        var before: UInt64
        repeat {
            before = messages
            note(connection.read())
            // Lines without a time are dated by the batch: it may not be long.
            if lines.hasTime == false, Self.seconds() - begun > 0.001 { break }
        } while failure == nil && messages > before && !lines.isFull && !sparkplug.isFull
        askForBirths(connection)
        if lines.isFull || sparkplug.isFull || lines.hasTime == false { try send(outlet) }
    }

    /// Hands on what was received, waiting for the pipeline.
    private func send(_ outlet: BatchOutlet) throws {
        publishCounters()
        try lines.send(outlet)
        try sparkplug.send(outlet)
    }

    /// Tells the loss, and waits until it is time for another try.
    func waitBeforeNextTry(_ outlet: BatchOutlet) throws {
        let reason = failure ?? "the connection is closed"
        if isSubscribed {
            counters.losses += 1
            losses.note(at: Self.seconds())
            // The first after a quiet minute is told, however it was before.
            if !losses.areMany { (isLossTold, delay) = (false, 1) }
        }
        noteAway(because: reason)
        if losses.areMany, !losses.areTold {
            losses.areTold = true
            isLossTold = true
            logger?.lostInARow(broker, reason, client: connection?.access.client ?? "", losses: losses.count)
        } else if !isLossTold {
            isLossTold = true
            if isSubscribed {
                logger?.lost(broker, reason, losses: counters.losses)
            } else {
                logger?.unreachable(broker, reason)
            }
        }
        try send(outlet)
        let end = Self.seconds() + delay
        delay = min(2 * delay, Self.longestDelay)
        while true {
            let left = end - Self.seconds()
            if left <= 0 { return }
            _ = try outlet.waited(for: nil, milliseconds: Int32(min(1_000, max(1, left * 1_000))))
        }
    }

    private func noteAway(because reason: String) {
        if counters.isConnected || counters.awaySince == nil { counters.awaySince = arrival() }
        counters.isConnected = false
        counters.silentSince = nil
        silentFrom = nil
        counters.awayReason =
            losses.areMany
            ? "\(reason), again and again: another client may have the client_id \(connection?.access.client ?? "")"
            : reason
    }

    /// Whoever subscribes to the wrong topic is connected, and nothing is wrong but that nothing comes.
    private func noteSilence(at now: Double) {
        guard let from = silentFrom, counters.silentSince == nil, now - from >= silence else { return }
        counters.silentSince = arrival().advanced(bySeconds: from - now)
        publishCounters()
        guard !isSilenceTold else { return }
        isSilenceTold = true
        logger?.nothingCame(broker, topics: settings.topics, seconds: silence)
    }

    /// The source stops.
    func finish(_ outlet: BatchOutlet) throws {
        counters.isConnected = false
        publishCounters()
        try lines.finish(outlet)
        try sparkplug.finish(outlet)
        connection?.disconnect()
    }

    private func note(_ code: Int32) {
        if code != 0, failure == nil { failure = connection?.library.reason(code) ?? "error \(code)" }
    }

    private func publishCounters() {
        counters.sparkplug = session.counters == SparkplugCounters() ? nil : session.counters
        let now = counters
        telemetry.update { $0.broker = now }
        if let mixture = topics.mixture, !isMixtureTold, lines.namesSeries == false {
            isMixtureTold = true
            logger?.topicsMixed(mixture, template: settings.series.text)
        }
        if let count = unusable.note(total: now.unusable) { logger?.unusableTopics(broker, messages: count) }
        if let count = lostSparkplug.note(total: session.counters.lost) {
            logger?.sparkplugLost(broker, messages: count)
        }
    }

    private func askForBirths(_ connection: BrokerConnection) {
        guard !session.requests.isEmpty else { return }
        let command = SparkplugMessage.rebirthCommand(at: arrival())
        for topic in session.requests {
            let code = connection.publish(topic, command, quality: 0).code
            if code != 0 { logger?.rebirthNotSent(topic, connection.library.reason(code)) }
        }
        session.requests = []
    }

    private static func seconds() -> Double {
        var now = timespec()
        // The monotonic clock is always there, and the call writes one value.
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }

    // MARK: What the broker says

    func connected(refusal: String?, isResumed: Bool) {
        if let refusal { return failure = refusal }
        if isResumed { recent.sessionGoesOn() } else { recent.sessionBegins() }
        // The first time in any case: the topics may be others than those of the session that was kept. Each
        // subscription has what is retained sent again, so not more often than needed.
        if isResumed, hasSubscribed { return ready(isResumed: true) }
        wasResumed = isResumed
        if let code = connection?.subscribe(settings.topics, quality: settings.qos) { note(code) }
    }

    private var wasResumed = false

    func subscribed(_ granted: [Int32]) {
        for (topic, quality) in zip(settings.topics, granted) where quality > 2 { logger?.refusedTopic(topic, broker) }
        hasSubscribed = true
        ready(isResumed: wasResumed)
    }

    private func ready(isResumed: Bool) {
        isSubscribed = true
        // Two clients of one name throw each other out for as long as they come back: told once, and ever more slowly.
        if !losses.areMany {
            isLossTold = false
            delay = 1
        }
        counters.isConnected = true
        (counters.awaySince, counters.awayReason) = (nil, nil)
        silentFrom = Self.seconds()
        publishCounters()
        guard !losses.areMany else { return }
        logger?.subscribed(broker, topics: settings.topics, isResumed: isResumed)
    }

    func acknowledged(_ number: Int32) {}

    func received(
        _ topic: Span<UInt8>, _ payload: Span<UInt8>, number: Int32, quality: Int32, isRetained: Bool
    ) {
        messages += 1
        counters.messages += 1
        if silentFrom != nil { (silentFrom, counters.silentSince) = (nil, nil) }
        var hash = MessageHash()
        hash.add(topic)
        let topicHash = hash.value
        let use = topics.use(of: topic, hash: topicHash)
        if quality > 0 {
            hash.add(payload)
            guard !recent.take(number: number, hash: hash.value) else {
                counters.duplicates += 1
                return
            }
        }
        switch use {
        case .nothing: return
        case .unusable: counters.unusable += 1
        case .lines(let key, let series):
            if !isMixtureTold { topics.note(topic, hash: topicHash, of: series) }
            if isRetained, settings.retained == .skip {
                counters.retainedSkipped += 1
                return
            }
            let before = lines.undated
            lines.take(payload, key: key, isOld: isRetained && settings.retained == .dated)
            counters.retainedSkipped += lines.undated - before
        case .sparkplug(let topic):
            // Neither births nor deaths are retained by the specification: such a message says nothing of now.
            if isRetained {
                counters.retainedSkipped += 1
                return
            }
            sparkplug.count(bytes: payload.count)
            session.take(topic, payload, arrival: arrival(), at: Self.seconds(), into: &sparkplug)
        }
    }
}
