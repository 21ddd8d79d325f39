import Alerting
import Foundation
import TestSupport
import Testing

@testable import Onward

@Suite(.serialized) struct SyslogSinkTests {
    /// What a delivery throws; `nil` when it goes well.
    private func failure(_ sink: any AlertSink, _ record: AlertRecord = record()) async -> OnwardError? {
        do { try await sink.deliver(record) } catch { return error as? OnwardError }
        return nil
    }

    @Test(
        .enabled(if: Rsyslog.isExpected, "\(Rsyslog.absence)"), arguments: ["udp", "tcp"])
    func `a real rsyslogd reads every part`(transport: String) async throws {
        let rsyslog = try await Rsyslog()
        let sink = try syslog("\(transport)://127.0.0.1:\(rsyslog.port)").sink()
        var hostile = record("bb", seq: 1, event: .close, severity: .critical, series: "a\"b]c\\d")
        hostile.message = "[tcp] is 5 µs\nlate"
        try await sink.deliver(record())
        try await sink.deliver(hostile)
        let messages = try await rsyslog.messages(2)
        try #require(messages.count == 2)
        #expect(messages.map(\.priority) == [28, 29])
        #expect(messages.allSatisfy { $0.time == "2026-11-21T02:15:10Z" && $0.host == "gw7" && $0.kind == "anomaly" })
        #expect(messages[0].process == "\(getpid())")
        #expect(
            messages[0].structuredData.hasPrefix("[monitord@32473 id=\"00000000000000aa\" seq=\"0\" event=\"open\""))
        #expect(messages[0].text.hasSuffix(record().message))
        #expect(messages[1].structuredData.contains(#" series="a\"b\]c\\d" "#))
        #expect(messages[1].structuredData.hasSuffix("\"]"))
        #expect(messages[1].text.hasSuffix("[tcp] is 5 µs\u{FFFD}late"))
    }

    @Test(.enabled(if: Rsyslog.isExpected, "\(Rsyslog.absence)"))
    func `over TCP nothing is lost by a receiver that is killed and comes back`() async throws {
        let rsyslog = try await Rsyslog()
        let sink = try syslog("tcp://127.0.0.1:\(rsyslog.port)").sink()
        let outbox = MemoryOutbox()
        let router = AlertRouter(sinks: [sink], outbox: outbox, sleep: { _ in await Task.yield() })
        let run = Task { await router.run() }
        try await router.submit((0..<10).map { record("\($0)") })
        #expect(try await rsyslog.messages(10).count == 10)
        rsyslog.stop()
        try await router.submit((10..<20).map { record("\($0)") })
        while await router.status[0].failures == 0 { await Task.yield() }
        try await rsyslog.start()
        let messages = try await rsyslog.messages(20)
        run.cancel()
        await run.value
        let ids = messages.map { String($0.structuredData.dropFirst(20).prefix(16)) }
        #expect(ids == (0..<20).map { record("\($0)").id })
    }

    @Test func `over UDP it is said that nobody listens, where that is known`() async throws {
        let port = try freePort()
        let sink = try syslog("udp://127.0.0.1:\(port)").sink()
        let error = try #require(await failure(sink))
        #expect("\(error)" == "lost the connection to udp://127.0.0.1:\(port): Connection refused")
    }

    @Test func `over TCP a message has its length before it, and long ones come whole`() async throws {
        let bytes = Collected<UInt8>()
        let listener = try LoopbackListener { connection in
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = unsafe recv(connection, &chunk, chunk.count, 0), count > 0 {
                for byte in chunk[..<count] { bytes.append(byte) }
            }
        }
        let sink = try syslog("tcp://localhost:\(listener.port)").sink()
        var long = record("bb")
        long.message = String(repeating: "ü", count: 400_000)
        try await sink.deliver(record())
        try await sink.deliver(long)
        let frames = [record(), long].flatMap { record -> [UInt8] in
            let message = SyslogMessage.bytes(of: record, facility: .daemon, stamp: stamp, process: Int(getpid()))
            return Array("\(message.count) ".utf8) + message
        }
        #expect(try await bytes.wait { $0.count >= frames.count } == frames)
    }

    @Test func `a connection that the other end has closed is opened anew before the next message`() async throws {
        let connections = Collected<Int>()
        let listener = try LoopbackListener { connection in
            // One message each, and the connection ends.
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe recv(connection, &chunk, chunk.count, 0)
            shutdown(connection, Int32(SHUT_RDWR))
            connections.append(count)
        }
        let sink = try syslog("tcp://127.0.0.1:\(listener.port)").sink()
        for number in 1...5 {
            try await sink.deliver(record())
            try await connections.wait { $0.count == number }
        }
        #expect(connections.all.allSatisfy { $0 > 200 })
    }

    @Test func `one that acknowledges nothing more has not taken it`() async throws {
        // Its buffers fill up, as nobody reads.
        let held = Collected<Int32>()
        let listener = try LoopbackListener { connection in
            held.append(connection)
            held.block(seconds: 120) { $0.count > 1 }
        }
        var configuration = try syslog("tcp://127.0.0.1:\(listener.port)")
        configuration.timeout = 1
        var long = record()
        long.message = String(repeating: "x", count: 20_000_000)
        let error = try #require(await failure(try configuration.sink(), long))
        #expect("\(error)" == "lost the connection to tcp://127.0.0.1:\(listener.port): it takes nothing")
        held.append(-1)
    }

    @Test func `what fits into no datagram is final`() async throws {
        let port = try freePort()
        var long = record()
        long.message = String(repeating: "x", count: 70_000)
        let error = try #require(await failure(try syslog("udp://127.0.0.1:\(port)").sink(), long))
        #expect(error.isFinal)
    }

    @Test func `a socket of this machine takes datagrams`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("log")
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &place.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        // Both types begin alike, and the length is that of the one given.
        let bound = unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        try await syslog("unix://\(path)").sink().deliver(record())
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
        #expect(
            Array(chunk[..<count])
                == SyslogMessage.bytes(of: record(), facility: .daemon, stamp: stamp, process: Int(getpid())))
    }

    @Test func `a host that nobody knows is said in words`() async throws {
        let error = try #require(await failure(try syslog("udp://nobody.invalid").sink()))
        #expect("\(error)".hasPrefix("cannot reach udp://nobody.invalid:514: "), "\(error)")
    }
}
