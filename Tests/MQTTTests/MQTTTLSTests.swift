import Foundation
import Ingest
import TestSupport
import Testing
import TimeSeries

@testable import MQTT

/// An authority of our own, with a certificate for 127.0.0.1 and one for a client, made by OpenSSL's command.
private struct Certificates {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("subjectAltName=IP:127.0.0.1\n", to: "names")
        try openssl([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("ca.key"), "-out", path("ca.crt"),
            "-days", "2", "-subj", "/CN=authority",
        ])
        for name in ["server", "client"] {
            try openssl([
                "req", "-newkey", "rsa:2048", "-nodes", "-keyout", path("\(name).key"), "-out", path("\(name).csr"),
                "-subj", "/CN=\(name)",
            ])
            try openssl([
                "x509", "-req", "-in", path("\(name).csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"),
                "-CAcreateserial", "-out", path("\(name).crt"), "-days", "2", "-extfile", path("names"),
            ])
        }
    }

    func path(_ name: String) -> String { directory.path(name) }

    private func openssl(_ arguments: [String]) throws {
        let result = try runCommand(URL(fileURLWithPath: "/usr/bin/openssl"), arguments)
        try #require(result.exitCode == 0, "openssl: \(result.errors)")
    }
}

@Suite(.serialized, .enabled(if: TestBroker.isExpected, TestBroker.absence)) struct MQTTTLSTests {
    @Test func `with certificates by their paths both sides know each other`() async throws {
        let files = try Certificates()
        let broker = try TestBroker(listener: [
            "cafile \(files.path("ca.crt"))", "certfile \(files.path("server.crt"))",
            "keyfile \(files.path("server.key"))",
            "require_certificate true",
        ])
        var settings = MQTTSettings(topics: ["n"])
        settings.caFile = files.path("ca.crt")
        settings.certFile = files.path("client.crt")
        settings.keyFile = files.path("client.key")
        let address = "mqtts://127.0.0.1:\(broker.port)"
        let result = try await receive(broker, settings, address: address) { delivered, _ in
            for value in 1...5 {
                let sent = try runCommand(
                    URL(fileURLWithPath: "/usr/bin/mosquitto_pub"),
                    [
                        "-h", "127.0.0.1", "-p", "\(broker.port)", "-t", "n", "-m", "\(value)", "-q", "1",
                        "--cafile", files.path("ca.crt"), "--cert", files.path("client.crt"), "--key",
                        files.path("client.key"),
                    ])
                #expect(sent.exitCode == 0, "\(sent.errors)")
            }
            await delivered.wait(forRows: 5)
        }
        #expect(await result.delivered.rows.map(\.values) == [[1], [2], [3], [4], [5]])
    }

    @Test func `a broker that nobody trusts is not spoken to`() async throws {
        let files = try Certificates()
        let others = try Certificates()
        let broker = try TestBroker(listener: [
            "cafile \(files.path("ca.crt"))", "certfile \(files.path("server.crt"))",
            "keyfile \(files.path("server.key"))",
        ])
        var access = try BrokerAccess("mqtts://127.0.0.1:\(broker.port)", client: "c")
        access.caFile = others.path("ca.crt")
        #expect(throws: MQTTError.self) {
            _ = try AlertPublisher(MQTTSink.Configuration(access: access, patience: 5))
        }
        access.caFile = files.path("ca.crt")
        _ = try AlertPublisher(MQTTSink.Configuration(access: access, patience: 5))
    }

    @Test func `a file that is not there is named`() async throws {
        var configuration = SourceConfiguration(input: .mqtt(address: "mqtts://127.0.0.1:1", client: nil))
        configuration.mqtt = MQTTSettings(topics: ["n"])
        configuration.mqtt.caFile = "/nowhere/ca.crt"
        let source = try MQTTSource(
            address: "mqtts://127.0.0.1:1", client: "c", configuration: configuration,
            arrival: { Timestamp(nanoseconds: 5) })
        let expected = IngestError.noBroker(
            address: "mqtts://127.0.0.1:1", reason: "cannot use /nowhere/ca.crt: no such file or directory")
        await #expect(throws: expected) { try await source.run { _ in } }
    }
}
