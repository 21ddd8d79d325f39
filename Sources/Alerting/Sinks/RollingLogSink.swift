import Synchronization

/// Writes alerts as JSON lines, with host, version and wall clock, to a log that rotates by size.
///
/// Safe against a second writer, a full disk and a removed directory; the tail is read at the start so that no message
/// stands there twice. See ``RollingLog`` for how.
public final class RollingLogSink: AlertSink {
    /// `log`: the name the outbox knows.
    public let name = "log"
    /// The file.
    public let path: String
    private let stamp: @Sendable () -> EmissionStamp
    private let log: Mutex<RollingLog>
    private let thread: BlockingThread

    /// Creates a sink; the file is opened by the first alert.
    ///
    /// - Parameters:
    ///   - path: the file; its directory is made when it is missing.
    ///   - bytesPerFile: the size at which it is rotated.
    ///   - keptFiles: rotated files kept.
    ///   - stamp: host, version and wall clock.
    /// - Throws: ``AlertingError`` when no thread can be had.
    public init(
        path: String, bytesPerFile: Int = 10 << 20, keptFiles: Int = 7, stamp: @escaping @Sendable () -> EmissionStamp
    ) throws(AlertingError) {
        self.path = path
        self.stamp = stamp
        log = Mutex(RollingLog(path: path, bytesPerFile: bytesPerFile, keptFiles: keptFiles))
        thread = try BlockingThread(name: "log")
    }

    /// Writes a record; returns when it is written, throws ``AlertingError`` or `CancellationError` when it is not.
    public func deliver(_ record: AlertRecord) async throws {
        let line = record.jsonLine(stamp: stamp())
        let key = RollingLog.Key(id: record.id, seq: record.seq)
        // The lock is never waited for: the thread runs one delivery at a time.
        try await thread.run { [self] in
            _ = try log.withLock { log in try log.append(line, key: key) }
        }
    }
}
