import Foundation
import TestSupport
import Testing

/// The kernels on another processor: what aarch64 computes is what this machine computes.
@Suite struct NEONTests {
    @Test func `the NEON build gives the bits of the other fused builds, under qemu`() throws {
        let script = repositoryRoot.appending(path: "Tests/Scripts/neon-bits.sh").path
        let environment = isContinuousIntegration ? ["CI": "true"] : [:]
        let result = try runCommand(URL(fileURLWithPath: "/bin/bash"), [script], environment: environment)
        if result.exitCode == 77 {
            withKnownIssue("this machine cannot run NEON code: \(result.errors)") { Issue.record() }
            return
        }
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.hasSuffix("all builds of a class agree\n"), "\(result.output)")
        print(result.output)
    }

    @Test func `without a compiler for aarch64 it is left out, but not in continuous integration`() throws {
        // A path with the tools of every machine, and swift, but none of those.
        let directory = try TemporaryDirectory()
        for tool in ["bash", "dirname", "readlink", "cat"] {
            let place = ["/bin/", "/usr/bin/"].map { $0 + tool }.first(where: FileManager.default.fileExists)
            try FileManager.default.createSymbolicLink(
                atPath: directory.path(tool), withDestinationPath: try #require(place))
        }
        let clang = try directory.write("", to: "clang")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: clang)
        _ = try directory.write("", to: "swift")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path("swift"))
        let script = repositoryRoot.appending(path: "Tests/Scripts/neon-bits.sh").path
        for (isIntegration, code) in [("false", Int32(77)), ("true", 1)] {
            let result = try runCommand(
                URL(fileURLWithPath: "/bin/bash"), [script],
                environment: ["PATH": directory.url.path, "CI": isIntegration])
            #expect(result.exitCode == code, "\(result.errors)")
            #expect(result.errors.contains("there is no aarch64-linux-gnu-gcc"), "\(result.errors)")
        }
    }
}
