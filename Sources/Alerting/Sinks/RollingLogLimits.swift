/// How long and how large a rolling log grows, and how much of it is kept.
public struct RollingLogLimits: Equatable, Sendable {
    /// `log_size` (bytes, 10 MiB): the size at which the log is rotated; a single longer line still gets a file of its own.
    public var bytesPerFile: Int
    /// `log_keep` (count, 7): rotated files kept.
    public var keptFiles: Int
    /// `log_total` (bytes, 64 MiB): what the log and its rotated files may take together; the oldest go first.
    public var totalBytes: Int
    /// `log_age` (seconds, a week): a file whose first line is older than this is rotated by the next line.
    public var secondsPerFile: Double

    /// Creates limits.
    ///
    /// - Precondition: all but `keptFiles` are positive.
    public init(
        bytesPerFile: Int = 10 << 20, keptFiles: Int = 7, totalBytes: Int = 64 << 20, secondsPerFile: Double = 604_800
    ) {
        precondition(
            bytesPerFile > 0 && keptFiles >= 0 && totalBytes > 0 && secondsPerFile > 0,
            "a log of \(bytesPerFile) bytes or \(secondsPerFile) s, \(keptFiles) old files, \(totalBytes) bytes in all")
        self.bytesPerFile = bytesPerFile
        self.keptFiles = keptFiles
        self.totalBytes = totalBytes
        self.secondsPerFile = secondsPerFile
    }
}
