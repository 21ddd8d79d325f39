import Foundation

/// A real rsyslogd that listens by UDP and TCP and writes each message as it has read it, part by part.
public final class Rsyslog {
    /// A message as rsyslogd reads it.
    public struct Message: Equatable, Sendable {
        /// Facility and severity.
        public var priority: Int
        /// The header's parts.
        public var time, host, program, process, kind: String
        /// With its brackets, or `-`.
        public var structuredData: String
        /// The message itself.
        public var text: String
    }

    /// Where it is installed by Debian's package.
    public static let program = "/usr/sbin/rsyslogd"
    /// Whether tests that need it run: in continuous integration they do, and fail without it.
    public static var isExpected: Bool {
        FileManager.default.isExecutableFile(atPath: program) || isContinuousIntegration
    }
    /// Why a test is left out.
    public static let absence = "no rsyslogd; scripts/install-dependencies.sh --tests installs it"

    /// Its port, for datagrams and for connections.
    public let port: UInt16
    private let directory: TemporaryDirectory
    private var process: Process?

    /// Starts one and waits until it listens.
    public init() async throws {
        port = try freePort(for: .connections)
        directory = try TemporaryDirectory()
        try directory.write(
            """
            global(workDirectory="\(directory.path)" maxMessageSize="64k")
            module(load="imudp")
            module(load="imtcp")
            input(type="imudp" address="127.0.0.1" port="\(port)")
            input(type="imtcp" address="127.0.0.1" port="\(port)")
            template(name="parts" type="string" string="%pri%\\t%timestamp:::date-rfc3339%\\t%hostname%\\t%app-name%\\t%procid%\\t%msgid%\\t%structured-data%\\t%msg%\\n")
            *.* action(type="omfile" file="\(directory.path("messages"))" template="parts")

            """, to: "rsyslog.conf")
        try await start()
    }

    deinit { stop() }

    /// Starts it again; what it had written is kept.
    public func start() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = ["-n", "-f", directory.path("rsyslog.conf"), "-i", directory.path("pid")]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        // It opens both ports before the first message that it writes of its own.
        guard try await poll({ isListening() }, until: { $0 || !process.isRunning }) else {
            throw POSIXError(.ETIMEDOUT)
        }
    }

    /// Kills it.
    public func stop() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        directory.delete("pid")
        self.process = nil
    }

    /// Waits until it has written so many messages of monitord's; returns them, or fewer after so many seconds.
    public func messages(_ count: Int, seconds: Double = 60) async throws -> [Message] {
        try await poll(seconds: seconds, { messages() }, until: { $0.count >= count })
    }

    private func messages() -> [Message] {
        (directory.read("messages") ?? "").split(separator: "\n").compactMap(Self.message)
            .filter { $0.program == "monitord" }
    }

    private static func message(_ line: Substring) -> Message? {
        let parts = line.split(separator: "\t", maxSplits: 7, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 8, let priority = Int(parts[0]) else { return nil }
        return Message(
            priority: priority, time: parts[1], host: parts[2], program: parts[3], process: parts[4], kind: parts[5],
            structuredData: parts[6], text: parts[7])
    }

    private func isListening() -> Bool {
        let place = String(format: ":%04X", Int(port))
        return ["tcp", "udp"].allSatisfy { protocolName in
            let sockets = (try? String(contentsOfFile: "/proc/self/net/\(protocolName)", encoding: .utf8)) ?? ""
            return sockets.split(separator: "\n").contains { line in
                let cells = line.split(separator: " ")
                return cells.count > 3 && cells[1].hasSuffix(place) && ["0A", "07"].contains(cells[3])
            }
        }
    }
}
