import Foundation
import TestSupport
import Testing

/// The finished binary where there is no cluster.
@Suite("kafka without a cluster", .needsBinary) struct KafkaTests {
    private func configuration(_ directory: TemporaryDirectory, _ keys: String) throws -> String {
        try directory.write(
            """
            log = "none"
            journal = false
            control = "\(directory.path("c.sock"))"
            [[source]]
            kafka = "127.0.0.1:1"
            topics = ["telemetry", "^hall"]
            \(keys)

            """, to: "monitord.toml")
    }

    @Test func `a library that is not there is named with its key`() throws {
        let directory = try TemporaryDirectory()
        let path = try configuration(directory, "kafka_library = \"/nowhere/librdkafka.so\"")
        let words = "source.kafka_library: cannot load /nowhere/librdkafka.so"
        let checked = try monitord(["check", "--config", path])
        #expect(checked.exitCode == 0, "like a file that is not there yet")
        #expect(checked.errors.contains(words), "\(checked.errors)")
        let run = try monitord(["run", "--config", path])
        #expect(run.exitCode == 66)
        #expect(run.errors.contains(words), "\(run.errors)")
    }

    @Test(arguments: [
        (#""sesion.timeout=3""#, "sesion.timeout: No such configuration property"),
        (#""fetch.wait.max.ms=soon""#, "fetch.wait.max.ms: Invalid value"),
        (#""security.protocol=ssl", "ssl.ca.location=/nowhere.pem""#, "ssl.ca.location failed"),
    ])
    func `options that the library refuses are a fault of the configuration`(options: String, reason: String) throws {
        let directory = try TemporaryDirectory()
        let path = try configuration(directory, "kafka_options = [\(options)]")
        for verb in ["check", "run"] {
            let result = try monitord([verb, "--config", path])
            #expect(result.exitCode == 78)
            #expect(result.errors.contains("source.kafka_options: \(reason)"), "\(result.errors)")
        }
    }

    @Test func `it says what it joins, and that no broker can be reached`() throws {
        let directory = try TemporaryDirectory()
        let path = try configuration(directory, "group = \"plant\"\nmember = \"first\"")
        let command = try RunningCommand(try #require(monitordBinary), ["run", "--config", path])
        defer { command.signal(SIGKILL) }
        while !command.errors.contains("no broker can be reached") { sched_yield() }
        #expect(
            command.errors.contains(
                "joining group plant as member first at 127.0.0.1:1, topics telemetry, ^hall, librdkafka "))
        let socket = ["--control", directory.path("c.sock")]
        let status = try monitord(["status"] + socket)
        #expect(status.output.contains("  none here\n  the brokers cannot be reached\n"), "\(status.output)")
        #expect(!status.output.contains("behind"))
        let json = try monitord(["status", "--json"] + socket)
        #expect(json.output.contains(#""reachable":false"#) && json.output.contains(#""connected":false"#))
        command.signal(SIGTERM)
        #expect(command.finish().exitCode == 0)
    }
}
