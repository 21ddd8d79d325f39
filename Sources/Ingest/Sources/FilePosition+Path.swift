extension FilePosition {
    /// The place behind a line that was read of a file by its path: with it a follower goes on there.
    ///
    /// - Parameter offset: bytes up to the end of that line.
    /// - Returns: `nil` for what cannot be followed: a pipe, a compressed file, one that is gone or shorter.
    public init?(inFile path: String, offset: Int64) {
        guard offset >= 0, let file = try? OpenFile(path), file.gzip == nil, file.status.size >= offset else {
            return nil
        }
        var line = [UInt8](repeating: 0, count: Int(min(offset, Int64(FileIdentity.longestLine))))
        var identity = file.identity
        if !line.isEmpty {
            let start = offset - Int64(line.count)
            guard (try? System.read(file.descriptor, at: start, into: &line)) == line.count else { return nil }
            identity.take(line.span, endingAt: offset)
        }
        self.init(file: identity, offset: offset)
    }
}
