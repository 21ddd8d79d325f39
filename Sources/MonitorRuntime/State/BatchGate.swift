import Synchronization

/// Lets batches of many streams through side by side, or nobody.
final class BatchGate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
        /// Batches that came while it was closed.
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Who closes it, while the last ones leave.
        var closing: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Goes in, as soon as the gate is open.
    func enter() async {
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                if state.isClosed {
                    state.waiting.append(continuation)
                    return false
                }
                state.inside += 1
                return true
            }
            if isIn { continuation.resume() }
        }
    }

    /// Goes out again.
    func leave() {
        let closing = state.withLock { state in
            state.inside -= 1
            return state.inside == 0 ? state.closing.take() : nil
        }
        closing?.resume()
    }

    /// Closes the gate and waits until nobody is inside. Only one may close it at a time.
    func close() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isClosed = true
                if state.inside == 0 { return true }
                state.closing = continuation
                return false
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Opens the gate: who waits goes in.
    func open() {
        let waiting = state.withLock { state in
            state.isClosed = false
            defer { state.waiting = [] }
            state.inside += state.waiting.count
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
