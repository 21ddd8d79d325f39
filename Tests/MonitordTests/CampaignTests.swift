import Foundation
import TestSupport
import Testing

/// A small part of each fault campaign, with seeds of its own; `make campaign` runs them whole.
@Suite("campaigns", .needsBinary, .serialized) struct CampaignTests {
    private func run(_ driver: String, _ sizes: [String]) throws -> CommandResult {
        try runCommand(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["python3", repositoryRoot.appending(path: "Tests/Campaigns/\(driver)").path] + sizes,
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
        let result = try run("faults.py", ["--seed", "11", "--faults", "3", "--disks", "1"])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("faults: 3"))
    }
}

private let hasCompiler =
    isContinuousIntegration || FileManager.default.isExecutableFile(atPath: "/usr/bin/cc")
