import Foundation
import TestSupport
import Testing

/// The probe stands beside the binary; `make test` builds both.
private let probe = monitordBinary?.deletingLastPathComponent().appending(path: "allocation-probe")

@Suite("allocations") struct AllocationTests {
    @Test(
        .enabled(
            if: isContinuousIntegration || probe.map { FileManager.default.isExecutableFile(atPath: $0.path) } == true,
            "no release build of allocation-probe beside MONITORD_BINARY; `make test` makes one"))
    func `scoring and learning allocate nothing once a series is warm, and change no copy of it`() throws {
        let result = try runCommand(try #require(probe), [])
        #expect(result.exitCode == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map { $0.split(separator: " ") }
        #expect(lines.last == ["reference", "counts"])
        let counts = lines.dropLast().filter { $0[2] == "observe" }
        #expect(counts.map { "\($0[0]) \($0[1])" } == ["full 1", "full 8", "lean 1", "lean 8"])
        for line in counts {
            #expect(line[2...3] == ["observe", "0"], "\(line)")
            #expect(line[4...5] == ["train", "0"], "\(line)")
        }
        let copies = lines.dropLast().filter { $0[2] == "copies" }
        #expect(copies.count == 4 && copies.allSatisfy { $0[3] == "apart" }, "\(copies)")
    }
}
