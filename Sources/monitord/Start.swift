import Alerting
import ArgumentParser
import Glibc
import Ingest
import Logging
import MonitorRuntime
import Persistence
import StatusServer

/// What the verbs share: the environment, messages on standard error, and exit codes.
enum Start {
    /// The environment of the process, read once.
    static let environment: [String: String] = {
        var values: [String: String] = [:]
        // `environ` is a null-terminated array of null-terminated texts, and nobody changes it while we read.
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text)
            if let split = pair.firstIndex(of: "=") {
                values[String(pair[..<split])] = String(pair[pair.index(after: split)...])
            }
            unsafe entry += 1
        }
        return values
    }()

    /// Reads the configuration's layers, at the start and at a reload.
    static func loader() -> ConfigurationLoader {
        ConfigurationLoader(environment: environment, isRoot: geteuid() == 0)
    }

    /// Loads the configuration; problems are told line by line and end the process with 78.
    static func load(_ overrides: ConfigurationOverrides) throws -> LoadedConfiguration {
        do {
            let loaded = try loader().load(overrides)
            for remark in loaded.remarks { say(remark) }
            return loaded
        } catch {
            for problem in error.problems { say("\(problem)") }
            throw ExitCode(78)
        }
    }

    /// What the service manager handed over; to be called once, before there is a second thread.
    static func passedSockets() -> PassedSockets {
        PassedSockets(PassedDescriptor.takeAll(from: environment).map { ($0.number, $0.name) })
    }

    /// Ends with 64 and three examples: nothing says what to watch.
    static func nothingToWatch(files: [String]) -> ExitCode {
        let read = files.isEmpty ? "" : " (\(files.joined(separator: ", ")) names no source)"
        say(
            """
            nothing to watch\(read). Try one of:
              tail -n +1 -f pump.csv | monitord --stdin
              monitord --file '/var/log/plant/*.csv'
              monitord --config /etc/monitord/monitord.toml
            """)
        return ExitCode(64)
    }

    /// What is made from now on is for the owner and the group.
    static func keepFilesPrivate() { umask(0o027) }

    /// The state of the service, which its unit names and no configuration; `nil` where there is none.
    static var serviceState: String? {
        let folder = "/var/lib/monitord"
        // The path is a C string for the length of the call. One that may not be looked at is there.
        return unsafe access(folder + "/monitord.db", F_OK) == 0 || errno == EACCES ? folder : nil
    }

    /// Runs a verb's work; an error is told in one line and becomes the exit code that scripts rely on.
    static func exiting<Result>(on logger: Logger, _ work: () async throws -> Result) async throws -> Result {
        // A reader of our output that goes away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            return try await work()
        } catch let code as ExitCode {
            throw code
        } catch {
            say("\(error)")
            throw ExitCode(code(of: error))
        }
    }

    private static func code(of error: any Error) -> Int32 {
        switch error {
        case IngestError.cannotOpen, IngestError.noBroker: 66
        case IngestError.cannotRead, IngestError.systemCall, IngestError.cannotBind: 74
        case IngestError.notAnAddress: 64
        case is IngestError: 65
        case is ReplayError: 65
        case TryingError.nothingNamed: 64
        case TryingError.noSeries, TryingError.noHistory: 66
        case is TryingError: 65
        case TrainingError.noState, TrainingError.unnamedStream: 64
        case TrainingError.nothing: 65
        case TrainingError.known: 73
        case KafkaSetupError.noLibrary: 66
        case is ConfigurationError, is KafkaSetupError: 78
        case OutputError.cannotCreate: 73
        case StateKeeperError.badName: 64
        case is StateKeeperError, is ModelExportError: 66
        case PersistenceError.inUse: 69
        case PersistenceError.cannotCreate: 73
        case PersistenceError.missing: 66
        default: 74
        }
    }

    /// Writes a verb's result on standard output, with a line end behind it when it has none.
    ///
    /// - Throws: `ExitCode` 74 when it cannot be written; that is told.
    static func show(_ text: String) throws {
        // A reader that goes away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let bytes = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                // The pointer stays within the buffer: `done` is below its count.
                unsafe Glibc.write(STDOUT_FILENO, buffer.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                // strerror's text is copied before anything else can call it. Who has closed a pipe wants to hear nothing.
                if code != EPIPE { say("cannot write standard output: \(unsafe String(cString: strerror(code)))") }
                throw ExitCode(74)
            }
            done += count
        }
    }

    /// Writes a line on standard error.
    static func say(_ text: String) { write(text + "\n") }

    /// Writes on standard error; nothing can be done when that fails.
    static func write(_ text: String) { messages.write(text) }

    private static let messages = MessageStream(STDERR_FILENO, neverWaits: environment["JOURNAL_STREAM"] != nil)

    /// Messages of the daemon: one line each on standard error, with systemd's priority before it under a service.
    static func logger() -> Logger {
        let hasJournal = environment["JOURNAL_STREAM"] != nil
        return Logger(label: "monitord") { _ in LineLogHandler(hasPriorities: hasJournal) }
    }
}

/// Writes log messages as single lines: `warning: the state is not stored, error=disk full`.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let hasPriorities: Bool

    init(hasPriorities: Bool) { self.hasPriorities = hasPriorities }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let facts = all.sorted { $0.key < $1.key }.map { ", \($0.key)=\($0.value)" }.joined()
        let mark = hasPriorities ? "<\(priority(of: event.level))>" : ""
        let word = event.level >= .warning ? "\(event.level): " : ""
        Start.say("\(mark)\(word)\(event.message)\(facts)")
    }

    private func priority(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
