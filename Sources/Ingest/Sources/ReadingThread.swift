import Glibc
import Synchronization

/// The task was cancelled or the consumer failed: the thread ends, and nobody is told.
package struct ReadingStopped: Error {
    /// Creates it.
    package init() {}
}

/// The thread's side of a source: where batches go, and what it waits on.
///
/// Back-pressure is a counter of the batches that may still be sent. The thread waits for that counter or for the one that
/// says stop, so that it can be stopped wherever it waits.
package final class BatchOutlet: Sendable {
    /// Readable once the source is to stop.
    private let stop: Descriptor
    private let credits: Descriptor
    private let stream: AsyncThrowingStream<RecordBatch?, any Error>.Continuation

    private let activity: ReadingActivity

    /// Where the batches of a source that cannot wait do; of such a stream `nil` says that one is there.
    fileprivate let waiting: WaitingBatches?

    /// Batches that were sent without waiting and not delivered yet.
    var waitingBatches: Int { waiting?.count ?? 0 }

    fileprivate init(
        batches: Int, _ waiting: WaitingBatches?, _ activity: ReadingActivity,
        _ stream: AsyncThrowingStream<RecordBatch?, any Error>.Continuation
    ) throws(SystemCallError) {
        self.waiting = waiting
        self.activity = activity
        stop = try System.makeEventCounter(0)
        credits = try System.makeEventCounter(batches)
        self.stream = stream
    }

    /// Hands a batch over, when there is room for it.
    ///
    /// - Throws: ``ReadingStopped`` when the source is to stop.
    func send(_ batch: RecordBatch) throws {
        activity.rest()
        defer { activity.work() }
        let ready = try System.wait(for: [stop, credits], milliseconds: -1)
        guard !ready[0] else { throw ReadingStopped() }
        try System.lower(credits)
        stream.yield(batch)
    }

    /// Hands a batch over at the stop, when nobody waits for room any more: a source has one or two of them.
    func sendLast(_ batch: RecordBatch) { stream.yield(batch) }

    /// Hands a batch over without waiting: for a source that cannot wait. Past the bounds of its queue the oldest batches
    /// that wait are dropped.
    ///
    /// - Returns: the rows that were dropped.
    func sendNow(_ batch: RecordBatch) -> Int {
        let lost = waiting?.append(batch) ?? 0
        stream.yield(nil)
        return lost
    }

    /// Waits until one of the descriptors can be read or the time is over.
    ///
    /// - Throws: ``ReadingStopped`` when the source is to stop.
    func wait(for descriptors: [Descriptor], milliseconds: Int32 = -1) throws {
        // A wait with an end must end: it is a turn, not a rest.
        if milliseconds < 0 { activity.rest() } else { activity.turn() }
        defer { activity.work() }
        if try System.wait(for: [stop] + descriptors, milliseconds: milliseconds)[0] { throw ReadingStopped() }
    }

    /// Waits until a descriptor of somebody else's can be read, or the time is over.
    ///
    /// - Parameter milliseconds: at least 0.
    /// - Returns: whether it can be read.
    /// - Throws: ``ReadingStopped`` when the source is to stop.
    package func waited(for number: Int32?, milliseconds: Int32) throws -> Bool {
        activity.turn()
        defer { activity.work() }
        let others = number.map { [Descriptor($0, isOwned: false)] } ?? []
        let ready = try System.wait(for: [stop] + others, milliseconds: milliseconds)
        if ready[0] { throw ReadingStopped() }
        return ready.count > 1 && ready[1]
    }

    /// Throws ``ReadingStopped`` when the source is to stop, without waiting.
    func checkStop() throws { try wait(for: [], milliseconds: 0) }

    fileprivate func returnCredit() { System.raise(credits) }

    fileprivate func requestStop() { System.raise(stop) }

    fileprivate func begin() { activity.work() }

    fileprivate func finish(_ error: (any Error)?) {
        activity.rest()
        stream.finish(throwing: error)
    }
}

/// Runs a source's loop on a thread of its own.
package enum ReadingThread {
    private final class Start: Sendable {
        let outlet: BatchOutlet
        let body: @Sendable (BatchOutlet) throws -> Void

        init(_ outlet: BatchOutlet, _ body: @escaping @Sendable (BatchOutlet) throws -> Void) {
            self.outlet = outlet
            self.body = body
        }

        func run() {
            outlet.begin()
            do {
                try body(outlet)
                outlet.finish(nil)
            } catch is ReadingStopped {
                outlet.finish(nil)
            } catch let error as SystemCallError {
                outlet.finish(IngestError.systemCall(name: error.call, reason: error.reason))
            } catch {
                outlet.finish(error)
            }
        }
    }

    /// Runs `body` on a new thread until it returns, and `deliver` here for each batch it sends.
    ///
    /// - Parameters:
    ///   - batches: most batches that wait.
    ///   - activity: told when the thread waits and when it works.
    ///   - droppingPast: rows that may wait in them; past either bound the oldest go (``BatchOutlet/sendNow(_:)``). `nil` for
    ///     a source that waits.
    /// - Throws: what `body` or `deliver` throws. Cancellation stops the thread, and returns once what it had sent by its end
    ///   is delivered.
    package static func run(
        batches: Int, activity: ReadingActivity = ReadingActivity(), droppingPast mostRows: Int? = nil,
        deliver: @escaping @Sendable (RecordBatch) async throws -> Void,
        body: @escaping @Sendable (BatchOutlet) throws -> Void
    ) async throws {
        // That something waits need be said once.
        let (stream, continuation) = AsyncThrowingStream<RecordBatch?, any Error>.makeStream(
            bufferingPolicy: mostRows == nil ? .unbounded : .bufferingNewest(1))
        let outlet: BatchOutlet
        do {
            let waiting = mostRows.map { WaitingBatches(most: batches, mostRows: $0) }
            outlet = try BatchOutlet(batches: batches, waiting, activity, continuation)
        } catch {
            throw IngestError.systemCall(name: error.call, reason: error.reason)
        }
        try start(Start(outlet, body))
        defer { outlet.requestStop() }
        // A task of its own: a stream that is read in a cancelled task takes nothing more in, and what the thread still has
        // when it is told to stop would be lost.
        let delivery = Task {
            for try await batch in stream {
                if let batch {
                    try await deliver(batch)
                    outlet.returnCredit()
                }
                while let batch = outlet.waiting?.takeFirst() { try await deliver(batch) }
            }
        }
        try await withTaskCancellationHandler {
            try await delivery.value
        } onCancel: {
            outlet.requestStop()
        }
    }

    private static func start(_ start: Start) throws(IngestError) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe _ = pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        // The thread takes over this reference and gives it up when it has run.
        let reference = unsafe Unmanaged.passRetained(start)
        let code = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, unsafe reference.toOpaque())
        guard code == 0 else {
            // No thread took the reference.
            unsafe reference.release()
            throw .systemCall(name: "pthread_create", reason: SystemCallError(call: "", code: code).reason)
        }
    }
}
