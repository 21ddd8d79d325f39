import Glibc
import Testing

@testable import MQTT

/// A client that publishes, and waits for each acknowledgement or for all but a few of them.
final class Publisher: BrokerConnection.Handler {
    private let connection: BrokerConnection
    private let window: Int
    private var isConnected = false
    private(set) var open: Set<Int32> = []
    /// Messages that were not acknowledged when the connection was lost: the library sends them again.
    private(set) var uncertain: [String] = []
    private var payloads: [Int32: String] = [:]
    private(set) var received: [(topic: String, payload: [UInt8])] = []
    private(set) var isSubscribed = false

    /// Connects.
    ///
    /// - Parameter window: messages that may wait for their acknowledgement.
    init(_ address: String, client: String = "publisher", window: Int = 1) throws {
        self.window = window
        connection = try BrokerConnection(try BrokerAccess(address, client: client), keepsSession: true)
        connection.handler = self
        connect()
    }

    deinit { connection.disconnect() }

    /// Connects, and tries again until the broker is there.
    private func connect() {
        isConnected = false
        while !isConnected {
            guard connection.connect() == 0 else {
                sched_yield()
                continue
            }
            while !isConnected, drive() {}
        }
    }

    /// Publishes, and returns when at most `window` − 1 messages wait for their acknowledgement.
    func publish(_ topic: String, _ payload: String, quality: Int32 = 1, retained: Bool = false) {
        publish(topic, Array(payload.utf8), shown: payload, quality: quality, retained: retained)
    }

    /// Publishes bytes.
    func publish(
        _ topic: String, _ payload: [UInt8], shown: String = "", quality: Int32 = 1, retained: Bool = false
    ) {
        let number = connection.publish(topic, payload, quality: quality, retained: retained).number
        if quality > 0 {
            open.insert(number)
            payloads[number] = shown
        }
        settle(atMost: window - 1)
    }

    /// Returns when at most so many messages wait for their acknowledgement; a lost connection is made again.
    func settle(atMost most: Int = 0) {
        while open.count > most {
            if drive() { continue }
            uncertain += open.compactMap { payloads[$0] }
            connect()
        }
    }

    /// Subscribes, and returns when the broker has said yes.
    func subscribe(_ topic: String) {
        _ = connection.subscribe([topic], quality: 1)
        while !isSubscribed, drive() {}
    }

    /// Reads until something has come.
    func waitForMessage(count: Int) { while received.count < count, drive() {} }

    private func drive() -> Bool {
        guard let descriptor = connection.descriptor else { return false }
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN | (connection.wantsToWrite ? POLLOUT : 0)), revents: 0)
        _ = unsafe poll(&waited, 1, 1_000)
        if connection.wantsToWrite, connection.write() != 0 { return false }
        if waited.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, connection.read() != 0 { return false }
        return connection.tick() == 0
    }

    func connected(refusal: String?, isResumed: Bool) { isConnected = refusal == nil }
    func subscribed(_ granted: [Int32]) { isSubscribed = true }
    func acknowledged(_ number: Int32) {
        open.remove(number)
        payloads[number] = nil
    }
    func received(
        _ topic: Span<UInt8>, _ payload: Span<UInt8>, number: Int32, quality: Int32, isRetained: Bool
    ) {
        var name: [UInt8] = []
        for index in 0..<topic.count { name.append(topic[index]) }
        var body: [UInt8] = []
        for index in 0..<payload.count { body.append(payload[index]) }
        received.append((String(decoding: name, as: UTF8.self), body))
    }
}
