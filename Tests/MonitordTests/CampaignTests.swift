import Foundation
import TestSupport
import Testing

/// A small part of each fault campaign, with seeds of its own; `make campaign` runs them whole.
@Suite("campaigns", .needsBinary, .serialized) struct CampaignTests {
    private func run(
        _ driver: String, in folder: String = "Tests/Campaigns", _ sizes: [String]
    ) throws -> CommandResult {
        try runCommand(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["python3", repositoryRoot.appending(path: "\(folder)/\(driver)").path] + sizes,
            environment: ["MONITORD_BINARY": try #require(monitordBinary).path])
    }

    @Test func `killed at random instants it loses no alert and forgets nothing that counts`() throws {
        let result = try run("crash.py", ["--seed", "11", "--kills", "5", "--crashes", "1"])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("5 kills"))
    }

    @Test(.enabled(if: hasCompiler, "no cc, which builds the library between monitord and the disk"))
    func `after a power cut at any instant nothing that was told is forgotten`() throws {
        let result = try run("power.py", ["--seed", "11", "--cuts", "5"])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("5 cuts"))
    }

    @Test(.enabled(if: hasCompiler, "no cc, which builds the library between monitord and the disk"))
    func `with a disk that fails it goes on, and has everything in its place once it is well`() throws {
        let result = try run("faults.py", ["--seed", "11", "--faults", "3", "--disks", "1", "--damages", "6"])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("faults: 3"))
        #expect(result.output.contains("damage: 6"))
    }

    @Test func `a socket that outlives it loses nothing that comes after a kill`() throws {
        // Few enough rows for a receive buffer that the system's limit keeps small, and a start that takes seconds.
        let result = try run("udp.py", ["--seed", "11", "--kills", "1", "--rate", "100"])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("socket passed in: 1 kills"))
        #expect(result.output.contains("file descriptor store: 1 kills"))
    }

    @Test(arguments: [
        "append", "rename and create, twenty times fast", "copied and truncated four times while it was down",
    ])
    func `a file that rotates under a reader that is killed loses no line`(name: String) throws {
        let result = try run(
            "rotation.py", [try #require(monitordBinary).path, "--seed", "11", "--lines", "2000", "--case", name])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("| \(name) |"))
    }

    @Test func `receivers of alerts that were away get everything in order, and one that was there waits for nothing`()
        throws
    {
        let result = try run("onward.py", ["--seed", "11", "--outage", "6"])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("outage: 6 s"))
    }

    @Test func `workers of a group that are killed and stopped tell and know what one alone does`() throws {
        let sizes = ["--series", "240", "--samples", "330", "--learn", "280", "--calm", "2", "--planted", "0.3"]
        let result = try run("kafka.py", ["--seed", "11", "--rounds", "1"] + sizes)
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("12 states equal"))
    }

    @Test func `a flood of keys takes neither memory nor samples of those that are known`() throws {
        let sizes = ["--keys", "100000", "--series", "20", "--ticks", "60"]
        let result = try run("key-flood.py", in: "Benchmarks", [try #require(monitordBinary).path] + sizes)
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("100000 keys"))
    }

    @Test func `six hours of soaking end in order`() throws {
        // Some seconds, so that it is looked at more than once on its way.
        let sizes = ["--series", "20", "--duration", "6h", "--seed", "11", "--every", "0.05"]
        let result = try run("soak.py", in: "Benchmarks", [try #require(monitordBinary).path] + sizes)
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("stopped watching"))
    }
}

private let hasCompiler =
    isContinuousIntegration || FileManager.default.isExecutableFile(atPath: "/usr/bin/cc")
