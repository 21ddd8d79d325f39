import Glibc
import TestSupport
import Testing
import TimeSeries

@testable import Ingest

@Suite(.serialized) struct PassedSocketsTests {
    /// A socket that somebody else bound, and the address it got.
    private func bound(_ address: String = "127.0.0.1:0") throws -> (number: Int32, place: SocketAddress) {
        let socket = try System.bindDatagramSocket(try #require(SocketAddress(address)))
        let place = try #require(System.datagramAddress(of: socket))
        return (dup(socket.number), place)
    }

    @Test func `a socket belongs to the address it is bound to, whatever its name`() throws {
        let one = try bound()
        let two = try bound()
        let sockets = PassedSockets([(one.number, two.place.descriptorName), (two.number, "monitord.socket")])
        #expect(sockets.claim(try #require(SocketAddress("127.0.0.2:1"))) == nil)
        #expect(sockets.claim(two.place)?.number == two.number)
        #expect(sockets.claim(two.place)?.number == one.number, "its name says so, and nothing fits better")
        #expect(sockets.isEmpty)
    }

    @Test func `what nobody claims is closed and told`() throws {
        let one = try bound()
        let other = try bound()
        let null = unsafe open("/dev/null", O_RDONLY)
        let sockets = PassedSockets([(one.number, "a"), (other.number, "a"), (null, "b")])
        #expect(!sockets.isEmpty)
        let claimed = sockets.claim(one.place)
        #expect(
            sockets.closeUnclaimed() == [
                PassedSockets.Unclaimed(name: "a", address: other.place.text, hasClaimedNamesake: true),
                PassedSockets.Unclaimed(name: "b", address: nil, hasClaimedNamesake: false),
            ])
        #expect(sockets.closeUnclaimed().isEmpty)
        #expect(fcntl(null, F_GETFD) == -1)
        #expect(fcntl(other.number, F_GETFD) == -1)
        #expect(claimed.map { fcntl($0.number, F_GETFD) } != -1)
    }

    @Test func `what is no socket for datagrams is nothing to start with`() {
        let null = unsafe open("/dev/null", O_RDONLY)
        let stream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(PassedSockets([(null, "a"), (stream, "b"), (-1, "c")]).isEmpty)
        #expect(PassedSockets().isEmpty)
    }

    @Test(arguments: [
        ("0.0.0.0:5140", "udp-0.0.0.0-5140"), ("localhost:5140", "udp-127.0.0.1-5140"), ("[::]:5140", "udp----5140"),
        ("[0:0::1]:514", "udp---1-514"),
    ])
    func `a name has no colons and the same for each way to write an address`(address: String, name: String) throws {
        #expect(try #require(SocketAddress(address)).descriptorName == name)
    }

    @Test func `IPv6 sockets are known by their address`() throws {
        let one = try bound("[::1]:0")
        #expect(one.place.text.hasPrefix("[::1]:"))
        #expect(PassedSockets([(one.number, "")]).claim(one.place)?.number == one.number)
    }

    @Test func `a source reads what waits in a socket that was passed in, and offers none to be kept`() async throws {
        let one = try bound()
        let sender = DatagramSender(port: one.place.port)
        sender.send("time,temp\n1,10\n2,20\n")
        let (rows, row) = AsyncStream<[Double]>.makeStream()
        let source = try UDPSource(
            address: one.place.text, configuration: SourceConfiguration(input: .udp(address: one.place.text)),
            arrival: nil, passed: PassedSockets([(one.number, "x")]),
            keep: { _, _ in Issue.record("it is kept already") })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await source.run { batch in row.yield(batch.values) }
                row.finish()
            }
            try sender.waitUntilTaken()
            tasks.cancelAll()
        }
        var values: [Double] = []
        for await some in rows { values += some }
        #expect(values == [10, 20])
    }

    @Test func `what a socket dropped before it was taken over is not counted again`() async throws {
        let one = try bound()
        let socket = Descriptor(one.number, isOwned: false)
        // The least there is: a few datagrams.
        _ = System.askForReceiveBuffer(1, of: socket)
        let sender = DatagramSender(port: one.place.port)
        for number in 0..<100 { sender.send("time=\(1_792_000_000 + number) temp=\(number)\n") }
        let dropped = try #require(System.droppedDatagrams(of: socket))
        #expect(dropped > 0)
        let telemetry = SourceTelemetry()
        let source = try UDPSource(
            address: one.place.text, configuration: SourceConfiguration(input: .udp(address: one.place.text)),
            arrival: nil, telemetry: telemetry, passed: PassedSockets([(one.number, "x")]))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await source.run { _ in } }
            try sender.waitUntilTaken()
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
        #expect(telemetry.counters.datagrams == 100 - dropped)
        #expect(telemetry.counters.droppedDatagrams == 0)
    }

    @Test func `a socket of its own is offered to be kept before it is said to listen`() async throws {
        let (events, event) = AsyncStream<String>.makeStream()
        let source = try UDPSource(
            address: "127.0.0.1:0", configuration: SourceConfiguration(input: .udp(address: "127.0.0.1:0")),
            arrival: nil, keep: { number, name in event.yield("\(name) \(fcntl(number, F_GETFD) & FD_CLOEXEC)") },
            onListening: { _ in event.yield("listening") })
        await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await source.run { _ in } }
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "udp-127.0.0.1-0 1")
            #expect(await iterator.next() == "listening")
            tasks.cancelAll()
        }
    }

    @Test func `a drain counts what it throws away and leaves the sockets to be claimed`() async throws {
        let one = try bound()
        let two = try bound()
        let sockets = PassedSockets([(one.number, ""), (two.number, "")])
        let drain = SocketDrain(sockets)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await drain.run() }
            for place in [one.place, two.place] {
                let sender = DatagramSender(port: place.port)
                for number in 0..<200 { sender.send(String(repeating: "x", count: number)) }
                try sender.waitUntilTaken()
            }
            tasks.cancelAll()
        }
        #expect(drain.datagrams == 400)
        #expect(sockets.claim(one.place) != nil)
        #expect(!sockets.isEmpty)
    }
}
