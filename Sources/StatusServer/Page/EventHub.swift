import Synchronization

/// Tells events to whoever listens (server-sent events), and waits for nobody.
///
/// Listeners are few, and few events wait for each: one that does not keep up is let go, and asks again when it can.
/// Source of the format: HTML Living Standard, 9.2 Server-sent events.
public final class EventHub: Sendable {
    private struct State {
        var next: UInt64 = 0
        var listeners: [UInt64: AsyncStream<String>.Continuation] = [:]
    }

    private let state = Mutex(State())
    private let mostListeners: Int
    private let mostWaiting: Int

    /// Creates a hub without listeners.
    ///
    /// - Parameters:
    ///   - mostListeners: at once.
    ///   - mostWaiting: events that wait for one listener.
    public init(mostListeners: Int = 16, mostWaiting: Int = 32) {
        self.mostListeners = mostListeners
        self.mostWaiting = mostWaiting
    }

    /// How many listen.
    public var listenerCount: Int { state.withLock { $0.listeners.count } }

    /// Begins to listen; it ends when the stream is let go.
    ///
    /// - Parameter first: texts that this listener is told at once.
    /// - Returns: events as they are sent; `nil` when too many listen.
    public func listen(first: [String] = []) -> AsyncStream<String>? {
        let (events, continuation) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingOldest(mostWaiting))
        let number: UInt64? = state.withLock { state in
            guard state.listeners.count < mostListeners else { return nil }
            defer { state.next += 1 }
            state.listeners[state.next] = continuation
            return state.next
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in self?.leave(number) }
        for text in first { continuation.yield(text) }
        return events
    }

    /// Tells all who listen.
    ///
    /// - Parameter text: as ``event(_:_:)`` makes it.
    public func tell(_ text: String) {
        let listeners = state.withLock { $0.listeners }
        for (number, listener) in listeners {
            if case .enqueued = listener.yield(text) { continue }
            leave(number)
            listener.finish()
        }
    }

    private func leave(_ number: UInt64) { state.withLock { $0.listeners[number] = nil } }

    /// An event as it is sent.
    ///
    /// - Parameters:
    ///   - name: of its kind, one word.
    ///   - data: one line.
    public static func event(_ name: String, _ data: String) -> String { "event: \(name)\ndata: \(data)\n\n" }
}
