import Synchronization

/// The wish that running work ends in order: made once, by a signal most often, and never taken back.
///
/// What is to end with it runs inside ``cancelling(_:)``; everything behind that call, such as storing the state, still
/// happens. A request is heard whether it comes before the work, while it runs or between two pieces of it.
public final class StopRequest: Sendable {
    private struct State {
        var isMade = false
        /// Finished when the request is made: one for each piece of work that began before it.
        var waiting: [AsyncStream<Never>.Continuation] = []
    }

    private let state = Mutex(State())

    /// Creates a request that is not made yet.
    public init() {}

    /// Whether it was made.
    public var isMade: Bool { state.withLock { $0.isMade } }

    /// Makes the request; making it again changes nothing.
    public func make() {
        let waiting = state.withLock { state in
            state.isMade = true
            defer { state.waiting = [] }
            return state.waiting
        }
        // Outside of the lock: finishing may run what waits.
        for continuation in waiting { continuation.finish() }
    }

    /// Runs work in a task of its own that the request cancels; also the cancelling of the caller's task does.
    ///
    /// - Parameter work: returns or throws soon after its task is cancelled; what it then gives is given on.
    /// - Returns: what the work returns.
    /// - Throws: what the work throws.
    public func cancelling<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let made = whenMade()
        return try await withThrowingTaskGroup(of: Result?.self) { tasks in
            tasks.addTask { try await work() }
            tasks.addTask {
                // Has no elements. Ends with the request, or with this task when the work was faster.
                for await _ in made {}
                return nil
            }
            defer { tasks.cancelAll() }
            while let ended = try await tasks.next() {
                if let result = ended { return result }
                tasks.cancelAll()
            }
            // Not reached: the work's task either returns a result or throws.
            throw CancellationError()
        }
    }

    /// A stream without elements that ends when the request is made, at once when it was.
    private func whenMade() -> AsyncStream<Never> {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let isMade = state.withLock { state in
            if !state.isMade { state.waiting.append(continuation) }
            return state.isMade
        }
        if isMade { continuation.finish() }
        return stream
    }
}
