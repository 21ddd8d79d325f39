public import Foundation

/// A finished run of a command.
public struct CommandResult: Sendable {
    /// The exit code; 128 + signal when a signal ended it.
    public var exitCode: Int32
    /// Standard output.
    public var output: String
    /// Standard error.
    public var errors: String
}

/// The finished binary, as the test command names it in `MONITORD_BINARY`.
public var monitordBinary: URL? {
    ProcessInfo.processInfo.environment["MONITORD_BINARY"].map { URL(fileURLWithPath: $0) }
}

/// The repository's folder, found from this file's own place.
public let repositoryRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// A command that runs: its output can be waited for line by line, and it can be signalled.
public final class RunningCommand {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let directory: TemporaryDirectory
    private var errorFile: URL { directory.url.appending(path: "errors") }
    private var buffered = Data()
    private var lines: [String] = []

    /// Starts a command with an environment of `PATH`, `TZ=UTC` and what is given.
    public init(_ executable: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        directory = try TemporaryDirectory()
        let errorFile = directory.url.appending(path: "errors")
        _ = FileManager.default.createFile(atPath: errorFile.path, contents: nil)
        process.executableURL = executable
        process.arguments = arguments
        process.environment = bareEnvironment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
    }

    /// Writes to its standard input; a closed pipe is ignored.
    public func send(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    /// Ends its standard input.
    public func closeInput() { try? input.fileHandleForWriting.close() }

    /// Sends a signal.
    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the next line of standard output; `nil` when it has ended.
    public func nextLine() -> String? {
        while true {
            if let end = buffered.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffered[buffered.startIndex..<end], as: UTF8.self)
                buffered.removeSubrange(buffered.startIndex...end)
                return line
            }
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { return nil }
            buffered.append(data)
        }
    }

    /// What it has written to standard error so far.
    public var errors: String { String(decoding: (try? Data(contentsOf: errorFile)) ?? Data(), as: UTF8.self) }

    /// Waits for its end and returns what was not read before.
    public func finish(closingInput: Bool = true) -> CommandResult {
        if closingInput { closeInput() }
        let rest = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let code = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
        return CommandResult(
            exitCode: code, output: String(decoding: buffered + rest, as: UTF8.self), errors: errors)
    }
}

/// What every command is told: where programs are, one zone, and what a sanitizer is asked for.
private var bareEnvironment: [String: String] {
    let own = ProcessInfo.processInfo.environment
    let told = own.filter { ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains($0.key) }
    return ["PATH": own["PATH"] ?? "/usr/bin:/bin", "TZ": "UTC"].merging(told) { $1 }
}

/// Whether this is a run in which a missing precondition is a failure.
public var isContinuousIntegration: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

/// Runs a command to its end, its standard input read from a file, so that neither side can wait for the other.
public func runCommand(
    _ executable: URL, _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
) throws -> CommandResult {
    let directory = try TemporaryDirectory()
    let path = try directory.write(input, to: "input")
    let errors = directory.path("errors")
    let output = directory.path("output")
    for file in [errors, output] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = bareEnvironment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    try process.run()
    process.waitUntilExit()
    return CommandResult(
        exitCode: process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0),
        output: String(decoding: try Data(contentsOf: URL(fileURLWithPath: output)), as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: errors)), as: UTF8.self))
}
