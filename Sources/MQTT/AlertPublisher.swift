import Glibc
import Ingest

/// A connection on which one message at a time is published and its acknowledgement waited for, on a thread that may block.
final class AlertPublisher: BrokerConnection.Handler {
    private let connection: BrokerConnection
    private let configuration: MQTTSink.Configuration
    private var isAnswered = false
    private var refusal: String?
    private var acknowledgedNumbers: Set<Int32> = []

    /// Connects.
    ///
    /// - Throws: ``MQTTError`` when the broker does not let us in within the patience of the configuration.
    init(_ configuration: MQTTSink.Configuration) throws(MQTTError) {
        self.configuration = configuration
        connection = try BrokerConnection(configuration.access, keepsSession: false)
        connection.handler = self
        let deadline = Self.seconds() + configuration.patience
        let connecting = try ConnectingThread(connection)
        guard Self.wait(connecting.descriptor, writing: false, until: deadline) else {
            throw failure("it does not answer")
        }
        if let reason = connecting.failure { throw failure(reason) }
        try drive(until: deadline) { isAnswered }
        if let refusal { throw failure(refusal) }
        guard isAnswered else { throw failure("it does not answer") }
    }

    deinit { connection.disconnect() }

    /// Publishes a message and waits for its acknowledgement.
    ///
    /// - Throws: ``MQTTError/notAcknowledged(address:reason:)``.
    func publish(_ topic: String, _ payload: [UInt8]) throws(MQTTError) {
        let deadline = Self.seconds() + configuration.patience
        acknowledgedNumbers.removeAll()
        let (code, number) = connection.publish(topic, payload, quality: 1, retained: configuration.isRetained)
        guard code == 0 else { throw missing(connection.library.reason(code)) }
        do throws(MQTTError) {
            try drive(until: deadline) { acknowledgedNumbers.contains(number) }
        } catch {
            throw missing("\(error)")
        }
        guard acknowledgedNumbers.contains(number) else { throw missing("none in \(configuration.patience) s") }
    }

    /// Drives the connection until something is so, or the time is over.
    private func drive(until deadline: Double, _ isDone: () -> Bool) throws(MQTTError) {
        while !isDone(), refusal == nil, Self.seconds() < deadline {
            guard let descriptor = connection.descriptor else { throw failure("the connection is closed") }
            let pause = min(deadline, Self.seconds() + 1)
            if Self.wait(descriptor, writing: connection.wantsToWrite, until: pause) {
                if connection.wantsToWrite { try check(connection.write()) }
                try check(connection.read())
            }
            try check(connection.tick())
        }
    }

    private func check(_ code: Int32) throws(MQTTError) {
        if code != 0 { throw failure(connection.library.reason(code)) }
    }

    private func failure(_ reason: String) -> MQTTError {
        .cannotConnect(address: configuration.access.text, reason: reason)
    }

    private func missing(_ reason: String) -> MQTTError {
        .notAcknowledged(address: configuration.access.text, reason: reason)
    }

    private static func wait(_ descriptor: Int32, writing: Bool, until deadline: Double) -> Bool {
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN) | (writing ? Int16(POLLOUT) : 0), revents: 0)
        while true {
            let left = deadline - seconds()
            if left <= 0 { return false }
            // One descriptor, as the call is told.
            let count = unsafe poll(&waited, 1, Int32(left * 1_000) + 1)
            if count >= 0 || errno != EINTR { return count > 0 }
        }
    }

    private static func seconds() -> Double {
        var now = timespec()
        // The monotonic clock is always there, and the call writes one value.
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }

    // MARK: What the broker says

    func connected(refusal: String?, isResumed: Bool) {
        isAnswered = true
        self.refusal = refusal
    }

    func subscribed(_ granted: [Int32]) {}

    func received(
        _ topic: Span<UInt8>, _ payload: Span<UInt8>, number: Int32, quality: Int32, isRetained: Bool
    ) {}

    func acknowledged(_ number: Int32) { acknowledgedNumbers.insert(number) }
}
