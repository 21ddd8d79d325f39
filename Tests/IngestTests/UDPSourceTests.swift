import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import Ingest

/// What a source delivered, and who waits for how many rows of it.
private actor Delivered {
    private(set) var batches: [RecordBatch] = []
    private var waiting: (rows: Int, continuation: CheckedContinuation<Void, Never>)?

    var rows: [RecordBatch.Row] { batches.flatMap(\.rows) }
    var values: [Double] { batches.flatMap(\.values) }

    func add(_ batch: RecordBatch) {
        batches.append(batch)
        if let waiting, rows.count >= waiting.rows {
            self.waiting = nil
            waiting.continuation.resume()
        }
    }

    /// Nothing more will come.
    func end() {
        waiting?.continuation.resume()
        waiting = nil
    }

    func wait(forRows count: Int) async {
        if rows.count >= count { return }
        await withCheckedContinuation { waiting = (count, $0) }
    }
}

@Suite(.serialized) struct UDPSourceTests {
    /// Runs a source while `body` sends to it, and returns what it delivered and counted.
    private func receive(
        limits: UDPSource.Limits = UDPSource.Limits(),
        deliver: (@Sendable (RecordBatch) async throws -> Void)? = nil,
        _ body: @escaping @Sendable (DatagramSender, Delivered, SourceTelemetry) async throws -> Void
    ) async throws -> (delivered: Delivered, counters: SourceTelemetry.Counters) {
        let delivered = Delivered()
        let telemetry = SourceTelemetry()
        let (ports, port) = AsyncStream<UInt16>.makeStream()
        let source = try UDPSource(
            address: "127.0.0.1:0", configuration: SourceConfiguration(input: .udp(address: "127.0.0.1:0")),
            arrival: { Timestamp(nanoseconds: 5) }, limits: limits, telemetry: telemetry,
            onListening: { port.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await source.run { batch in
                        try await deliver?(batch)
                        await delivered.add(batch)
                    }
                } catch {
                    await delivered.end()
                    throw error
                }
            }
            var iterator = ports.makeAsyncIterator()
            let bound = try #require(await iterator.next())
            try await body(DatagramSender(port: bound), delivered, telemetry)
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
        return (delivered, telemetry.counters)
    }

    @Test func `each datagram is a line, several lines or a line without its end`() async throws {
        let result = try await receive { sender, delivered, _ in
            sender.send("time,temp\n")
            sender.send("1,10\n")
            sender.send("2,20")
            sender.send("3,30\r\n4,40\n5,50")
            sender.send("")
            sender.send("6,60\n")
            await delivered.wait(forRows: 6)
        }
        #expect(await result.delivered.values == [10, 20, 30, 40, 50, 60])
        #expect(await result.delivered.batches.allSatisfy { $0.arrival == Timestamp(nanoseconds: 5) })
        #expect(result.counters.datagrams == 6)
        #expect(result.counters.droppedDatagrams == 0)
        #expect(result.counters.receiveBuffer > 0)
    }

    @Test func `a datagram that is too long is cut at its last whole line, and counted`() async throws {
        let result = try await receive(limits: UDPSource.Limits(datagramSize: 32)) { sender, delivered, _ in
            sender.send("time,temp\n")
            for number in 0..<4 { sender.send("\(number),1\n") }
            sender.send("10,2\n11,3\n12,4\n13,5\n14,6\n15,7\n16,8\n")
            sender.send("20,9\n")
            await delivered.wait(forRows: 11)
        }
        #expect(result.counters.cutDatagrams == 1)
        #expect(await result.delivered.values.last == 9)
        #expect(await result.delivered.values.contains(7))
        #expect(await !result.delivered.values.contains(8))
    }

    @Test func `what the socket drops is read from its own counter`() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let isFirst = Mutex(true)
        // A small buffer, room for few batches, and a consumer that waits: the rest must be dropped by the source.
        let limits = UDPSource.Limits(receiveBuffer: 4_096, batchesWaiting: 4, rowsPerBatch: 8)
        let total = 3_000
        let result = try await receive(
            limits: limits,
            deliver: { _ in
                let waits = isFirst.withLock { first in
                    defer { first = false }
                    return first
                }
                if waits { for await _ in gate { break } }
            }
        ) { sender, delivered, telemetry in
            sender.send("time,temp\n")
            // First what is received but not taken by the consumer, then what the socket has no room for.
            for number in 1..<total {
                sender.send("\(number),1\n")
                if number < 1_000, number % 16 == 0 { try sender.waitUntilTaken() }
            }
            // Everything was received or dropped by the time that the thread has taken the last one there is.
            while telemetry.counters.datagrams + telemetry.counters.droppedDatagrams < UInt64(total) {
                await Task.yield()
            }
            opener.yield()
            opener.finish()
            await delivered.wait(forRows: 1)
        }
        let counters = result.counters
        #expect(counters.datagrams + counters.droppedDatagrams == UInt64(total))
        #expect(counters.droppedRows > 0, "4 batches of 8 rows wait, the oldest of the others went")
        let rows = UInt64(await result.delivered.rows.count)
        #expect(rows + counters.droppedRows <= counters.decoded.records)
    }

    @Test func `what waits is bounded in rows, however many a datagram holds`() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let isFirst = Mutex(true)
        let limits = UDPSource.Limits(batchesWaiting: 512, rowsWaiting: 2_000, rowsPerBatch: 8)
        // Far fewer batches than may wait, each of a thousand rows.
        let lines = (0..<1_000).map { "\($0),1\n" }.joined()
        let total: UInt64 = 30
        let result = try await receive(
            limits: limits,
            deliver: { _ in
                let waits = isFirst.withLock { first in
                    defer { first = false }
                    return first
                }
                if waits { for await _ in gate { break } }
            }
        ) { sender, _, telemetry in
            sender.send("time,temp\n0,1\n1,1\n2,1\n")
            for _ in 1..<total {
                sender.send(lines)
                try sender.waitUntilTaken()
            }
            while telemetry.counters.datagrams < total { await Task.yield() }
            while telemetry.counters.decoded.records < 3 + 1_000 * (total - 1) { await Task.yield() }
            opener.yield()
            opener.finish()
        }
        let rows = UInt64(await result.delivered.rows.count)
        #expect(rows + result.counters.droppedRows == result.counters.decoded.records)
        // Two in the queue, and those in the consumer's hand and the thread's.
        #expect(rows <= 4_003 && rows >= 2_000, "\(rows) rows")
    }

    @Test func `the oldest batches go, by number or by rows`() {
        func batch(_ rows: Int, _ mark: Int) -> RecordBatch {
            var batch = RecordBatch()
            batch.values = [Double(mark)]
            batch.rows = Array(
                repeating: RecordBatch.Row(
                    malformed: nil, series: 0, time: nil, timeText: 0..<0, firstValue: 0, endOffset: 0), count: rows)
            return batch
        }
        let waiting = WaitingBatches(most: 3, mostRows: 10)
        #expect([batch(2, 1), batch(2, 2), batch(2, 3)].map(waiting.append) == [0, 0, 0])
        #expect(waiting.append(batch(1, 4)) == 2)
        #expect(waiting.append(batch(9, 5)) == 4)
        #expect(waiting.append(batch(50, 6)) == 10 && waiting.count == 1, "one that is too large waits alone")
        #expect(waiting.append(batch(1, 7)) == 50)
        #expect(waiting.takeFirst()?.values == [7] && waiting.takeFirst()?.values == nil)
        for mark in 0..<100 {
            #expect(waiting.append(batch(1, mark)) == 0)
            #expect(waiting.takeFirst()?.values == [Double(mark)])
        }
    }

    @Test func `what had arrived by the stop is delivered`() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let isFirst = Mutex(true)
        let limits = UDPSource.Limits(rowsPerBatch: 8)
        let result = try await receive(
            limits: limits,
            deliver: { _ in
                guard
                    isFirst.withLock({ first in
                        defer { first = false }; return first
                    })
                else { return }
                for await _ in gate { return }
            }
        ) { sender, _, telemetry in
            sender.send("time,temp\n")
            for number in 0..<64 { sender.send("\(number),1\n") }
            // The consumer is at its first batch, and stays there until all is sent.
            while telemetry.counters.datagrams == 0 { await Task.yield() }
            for number in 64..<160 { sender.send("\(number),1\n") }
            opener.yield()
        }
        #expect(result.counters.datagrams == 161)
        #expect(result.counters.droppedDatagrams + result.counters.droppedRows == 0)
        #expect(await result.delivered.values.count == 160)
    }

    @Test func `lines too few to know their form are settled at the stop`() async throws {
        let result = try await receive { sender, _, _ in
            sender.send("time,temp\n1,10\n2,20\n")
        }
        #expect(await result.delivered.values == [10, 20])
    }

    @Test(
        arguments: ["", "5140", "localhost", "example.com:5140", "1.2.3.4:70000", "[::1]", "::1:5140", "1.2.3.4:-1"])
    func `an address that is none is refused with its text`(address: String) {
        #expect(throws: IngestError.notAnAddress(address)) {
            try UDPSource(
                address: address, configuration: SourceConfiguration(input: .udp(address: address)), arrival: nil)
        }
    }

    @Test func `an address in use is an error that names it`() async throws {
        _ = try await receive { _, _, _ in
            let (ports, port) = AsyncStream<UInt16>.makeStream()
            let first = try UDPSource(
                address: "127.0.0.1:0", configuration: SourceConfiguration(input: .udp(address: "")), arrival: nil,
                onListening: { port.yield($0) })
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await first.run { _ in } }
                var iterator = ports.makeAsyncIterator()
                let taken = "127.0.0.1:\(try #require(await iterator.next()))"
                let second = try UDPSource(
                    address: taken, configuration: SourceConfiguration(input: .udp(address: taken)), arrival: nil)
                await #expect(
                    throws: IngestError.cannotBind(address: taken, reason: "address already in use")
                ) { try await second.run { _ in } }
                tasks.cancelAll()
            }
        }
    }

    @Test func `IPv6 addresses stand in brackets`() throws {
        let address = try #require(SocketAddress("[::1]:5140"))
        #expect(address.bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        #expect(address.port == 5_140)
        #expect(SocketAddress("localhost:1")?.bytes == [127, 0, 0, 1])
    }
}
