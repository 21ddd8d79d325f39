import Ingest
import Logging

/// How a running daemon reads its configuration again: when it is asked to, and from where.
public struct DaemonReload: Sendable {
    /// The configuration that the daemon starts with.
    let loaded: LoadedConfiguration
    /// One element for each time somebody asks (SIGHUP).
    let requests: AsyncStream<Void>
    /// Reads all layers again; the same code as at the start.
    let load: @Sendable () throws(ConfigurationError) -> LoadedConfiguration

    /// Creates a way to reload.
    public init(
        loaded: LoadedConfiguration, requests: AsyncStream<Void>,
        load: @escaping @Sendable () throws(ConfigurationError) -> LoadedConfiguration
    ) {
        self.loaded = loaded
        self.requests = requests
        self.load = load
    }

    /// What came of reading it again.
    enum Outcome {
        /// It could not be read, or is wrong: everything stays as it is.
        case refused(ConfigurationError)
        /// What it changes.
        case read(ConfigurationChange)
    }

    /// Reads the configuration and compares it with the one in force.
    func read(after current: LoadedConfiguration) -> Outcome {
        do {
            let new = try load()
            // A file that is gone would undo everything that it said, which nobody means by a reload.
            if let gone = current.files.first(where: { !new.files.contains($0) }), new.files.isEmpty {
                return .refused(ConfigurationError([.unreadable(path: gone, reason: "it is gone")]))
            }
            return .read(ConfigurationChange(from: current, to: new))
        } catch {
            return .refused(error)
        }
    }
}

extension Logger {
    /// Says what a reload did, line by line.
    ///
    /// - Returns: the same in few words, for the status line.
    func reloaded(_ outcome: DaemonReload.Outcome) -> String {
        switch outcome {
        case .refused(let error):
            for problem in error.problems { self.error("reload refused: \(problem)") }
            self.error("reload refused: the configuration before it stays in force; see monitord check")
            return "reload refused: \(error.problems.first.map { "\($0)" } ?? "")"
        case .read(let change):
            for line in change.applied { notice("reload: \(line)") }
            for line in change.refused + change.notes { warning("reload: \(line)") }
            if change.isEmpty { notice("reload: nothing has changed") }
            if change.refused.isEmpty { return "reloaded: \(change.applied.count) changes" }
            return "reloaded: \(change.applied.count) changes applied, \(change.refused.count) not, see the journal"
        }
    }
}
