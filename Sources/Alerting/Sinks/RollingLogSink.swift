public import Logging
import Synchronization
import TimeSeries

/// Writes alerts as JSON lines, with host, version and wall clock, to a log that rotates by size and by age.
///
/// Safe against a second writer, a full disk and a removed directory; the tail is read at the start so that no message
/// stands there twice. See ``RollingLog`` for how. Old files are compressed on a thread of their own, so that no alert
/// waits for it.
public final class RollingLogSink: AlertSink {
    /// `log`: the name the outbox knows.
    public let name = "log"
    /// The file.
    public let path: String
    private let stamp: @Sendable () -> EmissionStamp
    private let logger: Logger?
    private let log: Mutex<RollingLog>
    private let thread: BlockingThread
    private let compressor: BlockingThread

    /// Creates a sink; the file is opened by the first alert.
    ///
    /// - Parameters:
    ///   - path: the file; its directory is made when it is missing.
    ///   - limits: when it is rotated and how much is kept.
    ///   - logger: told when an old file cannot be compressed; `nil` for nobody.
    ///   - stamp: host, version and wall clock; a file's age is reckoned by it.
    /// - Throws: ``AlertingError`` when no thread can be had.
    public init(
        path: String, limits: RollingLogLimits = RollingLogLimits(), logger: Logger? = nil,
        stamp: @escaping @Sendable () -> EmissionStamp
    ) throws(AlertingError) {
        self.path = path
        self.stamp = stamp
        self.logger = logger
        log = Mutex(RollingLog(path: path, limits: limits))
        thread = try BlockingThread(name: "log")
        compressor = try BlockingThread(name: "log compression", capacity: 1)
    }

    /// Writes a record; returns when it is written, throws ``AlertingError`` or `CancellationError` when it is not.
    public func deliver(_ record: AlertRecord) async throws {
        let stamp = stamp()
        let line = record.jsonLine(stamp: stamp)
        let key = RollingLog.Key(id: record.id, seq: record.seq)
        // The lock is never waited for long: the thread runs one delivery at a time.
        try await thread.run { [self] in
            let waiting = try log.withLock { log throws(AlertingError) in
                _ = try log.append(line, key: key, at: stamp.emitted)
                return log.needsCompression ? LogCompression(files: log.files, limits: log.limits) : nil
            }
            if let waiting { compress(waiting) }
        }
    }

    /// Applies other limits from the next line on.
    public func reconfigure(_ limits: RollingLogLimits) {
        log.withLock { $0.limits = limits }
    }

    private func compress(_ files: LogCompression) {
        let logger = logger
        let isQueued = compressor.post {
            do throws(AlertingError) {
                try files.run()
            } catch {
                logger?.warning(
                    Telemetry.notCompressed, metadata: ["log.path": "\(files.files.path)", "error": "\(error)"])
            }
        }
        // One that runs may have passed by this file already: the next line asks again.
        if isQueued { log.withLock { $0.handOverCompression() } }
    }
}
