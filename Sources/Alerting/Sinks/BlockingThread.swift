import DequeModule
import Glibc
import Synchronization

/// A thread for calls that may block without limit, so that none of the pool's threads is ever held by a slow disk, a full
/// pipe or a journald that does not read.
///
/// Jobs run in the order they were given. A bounded number waits; one more is refused, which a sink reports as a failed
/// delivery. A caller that is cancelled gets away at once, also while its job hangs; the thread goes on when the call
/// returns. The thread ends when its owner is gone.
///
/// It is woken through a pipe: an end of file, which the owner's `deinit` makes, ends it, and no flag can be missed.
public final class BlockingThread: Sendable {
    private final class Queue: Sendable {
        let jobs = Mutex(Deque<@Sendable () -> Void>())
        let waiting: Int32

        init(waiting: Int32) { self.waiting = waiting }
        deinit { close(waiting) }

        func work() {
            var byte: UInt8 = 0
            while true {
                let got = unsafe read(waiting, &byte, 1)
                if got == 1 {
                    jobs.withLock { $0.popFirst() }?()
                } else if got == 0 || errno != EINTR {
                    return
                }
            }
        }
    }

    /// Where the result of a job goes: to the job's end or to a cancellation, whichever comes first.
    private final class Reply<Result: Sendable>: Sendable {
        let continuation = Mutex<CheckedContinuation<Result, any Error>?>(nil)

        func take() -> CheckedContinuation<Result, any Error>? {
            continuation.withLock { held in
                defer { held = nil }
                return held
            }
        }

        var isWaitedFor: Bool { continuation.withLock { $0 != nil } }
    }

    private let name: String
    private let capacity: Int
    private let queue: Queue
    private let waker: Int32

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: for errors.
    ///   - capacity: jobs that may wait.
    /// - Throws: ``AlertingError/system(call:path:code:reason:)`` when the system has no more descriptors or threads.
    public init(name: String, capacity: Int = 64) throws(AlertingError) {
        self.name = name
        self.capacity = capacity
        var ends: [Int32] = [-1, -1]
        // The array holds the two descriptors the call writes.
        try SystemCall.run("make a pipe for", on: name) { unsafe pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        queue = Queue(waiting: ends[0])
        waker = ends[1]
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(queue)
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                // Signals belong to the threads that wait for them; here one would only interrupt a delivery.
                var all = sigset_t()
                unsafe sigfillset(&all)
                unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
                // The reference was retained for this thread, which gives it back once.
                if let argument = unsafe argument {
                    unsafe Unmanaged<Queue>.fromOpaque(argument).takeRetainedValue().work()
                }
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            unsafe argument.release()
            close(ends[1])
            throw SystemCall.failure("start a thread for", name, code)
        }
        pthread_detach(thread)
    }

    deinit { close(waker) }

    /// Runs a job on the thread and waits for it.
    ///
    /// - Throws: what the job throws; ``AlertingError/queueFull(sink:capacity:)``; `CancellationError` when the caller is
    ///   cancelled first: the job may then still run to its end.
    public func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        let reply = Reply<Result>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                reply.continuation.withLock { $0 = continuation }
                if Task.isCancelled { reply.take()?.resume(throwing: CancellationError()) }
                let isQueued = enqueue {
                    guard reply.isWaitedFor else { return }
                    let result = Swift.Result { try body() }
                    reply.take()?.resume(with: result)
                }
                if !isQueued {
                    reply.take()?.resume(throwing: AlertingError.queueFull(sink: name, capacity: capacity))
                }
            }
        } onCancel: {
            reply.take()?.resume(throwing: CancellationError())
        }
    }

    /// Gives the thread a job that nobody waits for.
    ///
    /// - Returns: whether there was room for it.
    func post(_ job: @escaping @Sendable () -> Void) -> Bool { enqueue(job) }

    private func enqueue(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isQueued = queue.jobs.withLock { jobs in
            guard jobs.count < capacity else { return false }
            jobs.append(job)
            return true
        }
        guard isQueued else { return false }
        var byte: UInt8 = 1
        // Capacity bytes always fit into a pipe, so this never blocks; it is retried when a signal comes between.
        while unsafe write(waker, &byte, 1) == -1 && errno == EINTR {}
        return true
    }
}
