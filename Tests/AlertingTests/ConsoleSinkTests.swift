import Glibc
import Testing
import TimeSeries

@testable import Alerting

@Suite struct ConsoleSinkTests {
    @Test(arguments: [
        (record(), false, "2026-11-21T02:14:10Z WARNING pump3.temp is 84.2 °C\n"),
        (record(), true, "2026-11-21T02:14:10Z \u{1b}[33mWARNING\u{1b}[0m pump3.temp is 84.2 °C\n"),
        (record(event: .close), true, "2026-11-21T02:14:10Z \u{1b}[32mCLOSED\u{1b}[0m pump3.temp is 84.2 °C\n"),
    ]) func `a person gets a sentence`(record: AlertRecord, isColoured: Bool, line: String) {
        #expect(ConsoleSink.line(for: record, style: .text(isColoured: isColoured), stamp: nil) == line)
    }

    @Test func `control characters out of the input do not reach the terminal`() {
        var nasty = record()
        nasty.message = "a\u{1b}[2Jb\n\u{9b}c"
        #expect(
            ConsoleSink.line(for: nasty, style: .text(isColoured: false), stamp: nil)
                == "2026-11-21T02:14:10Z WARNING a\u{fffd}[2Jb\u{fffd}\u{fffd}c\n")
    }

    @Test func `a program gets JSON lines through a pipe`() async throws {
        let ends = try makePipe()
        #expect(ConsoleSink.style(for: ends[1], noColor: nil) == .jsonLines)
        let sink = try ConsoleSink(descriptor: ends[1], style: .jsonLines)
        try await sink.deliver(record())
        try await sink.deliver(record(seq: 1))
        close(ends[1])
        #expect(readAll(ends[0]) == record().jsonLine() + "\n" + record(seq: 1).jsonLine() + "\n")
        close(ends[0])
    }

    @Test func `NO_COLOR with any text takes the colour away at a terminal`() throws {
        // The master's side of a new pseudo-terminal is a terminal too.
        let terminal = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0, "no pseudo-terminal")
        defer { close(terminal) }
        #expect(ConsoleSink.style(for: terminal, noColor: nil) == .text(isColoured: true))
        #expect(ConsoleSink.style(for: terminal, noColor: "") == .text(isColoured: true))
        #expect(ConsoleSink.style(for: terminal, noColor: "1") == .text(isColoured: false))
    }

    @Test func `a descriptor that is gone is an error with words`() async throws {
        let sink = try ConsoleSink(descriptor: -1, style: .jsonLines)
        let error = await #expect(throws: AlertingError.self) { try await sink.deliver(record()) }
        #expect(error?.description == "cannot write the console: Bad file descriptor")
    }
}

@Suite struct BlockingThreadTests {
    /// A pipe whose reading end holds up whoever reads it until `release()`.
    private struct Gate {
        let ends: [Int32]

        init() throws {
            ends = try makePipe()
        }

        func wait() {
            var byte: UInt8 = 0
            _ = unsafe read(ends[0], &byte, 1)
        }

        func release() { close(ends[1]) }
    }

    @Test func `jobs run in order and give back what they return or throw`() async throws {
        let thread = try BlockingThread(name: "test")
        #expect(try await thread.run { 1 } == 1)
        await #expect(throws: AlertingError.closed(sink: "x")) {
            try await thread.run { throw AlertingError.closed(sink: "x") }
        }
        #expect(try await thread.run { 2 } == 2)
    }

    @Test func `one job too many is refused while the first hangs`() async throws {
        let thread = try BlockingThread(name: "test", capacity: 1)
        let gate = try Gate()
        let (started, starter) = AsyncStream.makeStream(of: Void.self)
        async let hanging: Int = thread.run {
            starter.finish()
            gate.wait()
            return 1
        }
        for await _ in started {}
        // One of the two finds the only place taken, and is told so while the gate is still shut.
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do { return try await thread.run { "ran" } } catch { return "\(error)" }
                }
            }
            let first = await group.next()
            gate.release()
            return [first, await group.next()]
        }
        #expect(outcomes == ["cannot deliver to test: 1 deliveries wait already", "ran"])
        #expect(try await hanging == 1)
    }

    @Test func `a caller that is cancelled gets away while its job hangs`() async throws {
        let thread = try BlockingThread(name: "test")
        let gate = try Gate()
        let (started, starter) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await thread.run {
                starter.finish()
                gate.wait()
            }
        }
        for await _ in started {}
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        gate.release()
        #expect(try await thread.run { 4 } == 4)
    }
}
