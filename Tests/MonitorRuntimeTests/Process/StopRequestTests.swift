import MonitorRuntime
import Testing

@Suite("StopRequest") struct StopRequestTests {
    /// Runs until its task is cancelled, and then says so.
    @Sendable private static func untilCancelled() async -> String {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        return await withTaskCancellationHandler {
            for await _ in stream {}
            return Task.isCancelled ? "cancelled" : "ended"
        } onCancel: {
            continuation.finish()
        }
    }

    @Test func `work that ends by itself gives its result, and the request is not made`() async throws {
        let stop = StopRequest()
        #expect(try await stop.cancelling { 7 } == 7)
        #expect(!stop.isMade)
    }

    @Test func `a request cancels the work that runs, and its result is kept`() async throws {
        let stop = StopRequest()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        async let result = stop.cancelling {
            begin.yield()
            return await Self.untilCancelled()
        }
        for await _ in begun { break }
        stop.make()
        #expect(try await result == "cancelled")
        #expect(stop.isMade)
    }

    @Test func `a request that came before the work cancels it too, and so it does the next`() async throws {
        let stop = StopRequest()
        stop.make()
        stop.make()
        #expect(try await stop.cancelling { await Self.untilCancelled() } == "cancelled")
        #expect(try await stop.cancelling { await Self.untilCancelled() } == "cancelled")
    }

    @Test func `what follows the work is not cancelled`() async throws {
        let stop = StopRequest()
        stop.make()
        _ = try await stop.cancelling { await Self.untilCancelled() }
        #expect(!Task.isCancelled)
    }

    @Test func `what the work throws is thrown`() async {
        struct Broken: Error {}
        let stop = StopRequest()
        await #expect(throws: Broken.self) { try await stop.cancelling { throw Broken() } }
        stop.make()
        await #expect(throws: Broken.self) {
            try await stop.cancelling {
                _ = await Self.untilCancelled()
                throw Broken()
            }
        }
    }

    @Test func `who is cancelled cancels the work without a request`() async throws {
        let stop = StopRequest()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let caller = Task {
            try await stop.cancelling {
                begin.yield()
                return await Self.untilCancelled()
            }
        }
        for await _ in begun { break }
        caller.cancel()
        #expect(try await caller.value == "cancelled")
        #expect(!stop.isMade)
    }
}
