public import Foundation
public import Testing

/// Debian's mosquitto on a free port of 127.0.0.1, with a folder of its own, in which it keeps sessions and messages.
public final class TestBroker: @unchecked Sendable {
    // Sendable because only the test that has made it starts and stops it.

    /// Where it is found.
    public static let executable = URL(fileURLWithPath: "/usr/sbin/mosquitto")
    /// Whether it is there, or has to be: in continuous integration nothing is left out.
    public static var isExpected: Bool {
        FileManager.default.isExecutableFile(atPath: executable.path) || isContinuousIntegration
    }
    /// Why a test is left out.
    public static let absence: Comment = "no mosquitto; scripts/install-dependencies.sh --tests installs it"

    /// When a broker writes sessions and messages to its file.
    public enum Keeping: Sendable {
        case nothing
        /// At a stop, not when it is killed.
        case atStop
        /// With each change, which then costs as much as the file is long.
        case always
    }

    /// The port.
    public let port: UInt16
    /// Its folder.
    public let directory: TemporaryDirectory
    private var process: Process?

    /// `mqtt://127.0.0.1:PORT`.
    public var address: String { "mqtt://127.0.0.1:\(port)" }

    /// Starts a broker that drops nothing that waits for a client.
    ///
    /// - Parameters:
    ///   - keeping: when it writes what it has to its file.
    ///   - listener: more lines for its listener: certificates.
    public init(keeping: Keeping = .nothing, listener: [String] = []) throws {
        port = try freePort(for: .connections)
        directory = try TemporaryDirectory()
        let persistence =
            switch keeping {
            case .nothing: [String]()
            case .atStop: ["persistence true", "persistence_location \(directory.url.path)/"]
            case .always:
                [
                    "persistence true", "persistence_location \(directory.url.path)/", "autosave_interval 1",
                    "autosave_on_changes true",
                ]
            }
        let lines =
            ["user root"] + persistence
            + [
                "max_queued_messages 0", "log_dest file \(directory.path("log"))",
                "listener \(port) 127.0.0.1", "allow_anonymous true",
            ] + listener
        try directory.write(lines.map { $0 + "\n" }.joined(), to: "mosquitto.conf")
        try start()
    }

    deinit { if process?.isRunning == true { stop(SIGKILL) } }

    /// Starts it, and waits until it takes connections.
    public func start() throws {
        let started = Process()
        started.executableURL = Self.executable
        started.arguments = ["-c", directory.path("mosquitto.conf")]
        started.standardOutput = FileHandle.nullDevice
        started.standardError = FileHandle.nullDevice
        // The threads that tests run on have signals blocked; a child inherits that, and would never hear that it is to stop.
        var none = sigset_t()
        var before = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { unsafe _ = pthread_sigmask(SIG_SETMASK, &before, nil) }
        try started.run()
        process = started
        while !isListening {
            try #require(started.isRunning, "mosquitto: \(directory.read("log") ?? "")")
            sched_yield()
        }
    }

    /// Ends it with a signal, and waits until it is gone.
    public func stop(_ signal: Int32) {
        guard let running = process else { return }
        kill(running.processIdentifier, signal)
        running.waitUntilExit()
        process = nil
    }

    private var isListening: Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        // Both types begin alike, and the length is that of the one given.
        return unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
