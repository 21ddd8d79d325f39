import Foundation
import TestSupport
import Testing

/// The tests of this module start the finished binary.
extension Trait where Self == ConditionTrait {
    /// Leaves a test out where no binary is named; in continuous integration it runs, and fails.
    static var needsBinary: Self {
        .enabled(
            if: monitordBinary != nil || isContinuousIntegration,
            "MONITORD_BINARY names no release binary; `make test` builds one and sets it")
    }

    /// Leaves a test out where there is no Chromium; in continuous integration it runs, and fails.
    static var needsChromium: Self {
        .enabled(
            if: isContinuousIntegration
                || ["chromium", "chromium-browser", "google-chrome"].contains {
                    FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
                },
            "no chromium; scripts/install-dependencies.sh --tests installs it")
    }
}

/// Runs the binary to its end.
func monitord(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
) throws -> CommandResult {
    try runCommand(try #require(monitordBinary), arguments, input: input, environment: environment)
}

/// A recording of `samples/`.
func sample(_ name: String) -> String { repositoryRoot.appending(path: "samples/\(name)").path }

/// The records of a file or of lines, without what only `run` adds, keys in order.
func bareRecords(_ lines: String) throws -> [String] {
    try lines.split(separator: "\n").map { line in
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let bare = object.filter { !["host", "version", "emitted"].contains($0.key) }
        return String(decoding: try JSONSerialization.data(withJSONObject: bare, options: .sortedKeys), as: UTF8.self)
    }
}
