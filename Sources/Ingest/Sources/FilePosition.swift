import TimeSeries

/// Which file a name meant at one moment: an inode alone may be used again, so the first bytes are part of it.
public struct FileIdentity: Hashable, Sendable {
    /// Most bytes that the fingerprint covers: more than the heads that many files have in common.
    public static let longestFingerprint = 1_024

    /// Most bytes of a line that are remembered.
    public static let longestLine = 64

    /// Device number.
    public var device: UInt64
    /// Inode number on that device.
    public var inode: UInt64
    /// `StableHash` of the first ``fingerprintLength`` bytes.
    public var fingerprint: UInt64
    /// Number of bytes hashed: as many as there were, at most 1,024.
    public var fingerprintLength: Int

    /// Bytes of the file up to the end of a line that was read of it.
    public var lineEnd: Int64
    /// `StableHash` of the ``lineLength`` bytes before ``lineEnd``.
    public var line: UInt64
    /// Number of bytes hashed: at most 64; 0 when no line was read yet.
    public var lineLength: Int

    /// Creates an identity.
    public init(
        device: UInt64, inode: UInt64, fingerprint: UInt64, fingerprintLength: Int, lineEnd: Int64 = 0,
        line: UInt64 = 0, lineLength: Int = 0
    ) {
        self.device = device
        self.inode = inode
        self.fingerprint = fingerprint
        self.fingerprintLength = fingerprintLength
        self.lineEnd = lineEnd
        self.line = line
        self.lineLength = lineLength
    }

    /// Takes the end of a line into the identity.
    ///
    /// - Parameter line: its last bytes, at most ``longestLine``.
    mutating func take(_ line: Span<UInt8>, endingAt end: Int64) {
        var hash = StableHash()
        for index in line.indices { hash.combine(UInt64(line[index])) }
        self.line = hash.value
        lineLength = line.count
        lineEnd = end
    }

    /// Creates the identity of a file that begins with these bytes.
    init(_ status: FileStatus, head: [UInt8]) {
        self.init(
            device: status.device, inode: status.inode, fingerprint: Self.fingerprint(of: head[...]),
            fingerprintLength: head.count)
    }

    /// Whether a file begins with the bytes of this one.
    ///
    /// - Parameter head: its first bytes, at least as many as were hashed when it has them.
    func isBeginning(of head: [UInt8]) -> Bool {
        fingerprintLength > 0 && head.count >= fingerprintLength
            && Self.fingerprint(of: head.prefix(fingerprintLength)) == fingerprint
    }

    private static func fingerprint(of bytes: ArraySlice<UInt8>) -> UInt64 {
        var hash = StableHash()
        for byte in bytes { hash.combine(UInt64(byte)) }
        return hash.value
    }
}

/// A place in a file from which reading can go on after a restart: the start of a line.
public struct FilePosition: Hashable, Sendable {
    /// The file.
    public var file: FileIdentity
    /// Bytes before the next line to be read: a row's `endOffset`.
    public var offset: Int64

    /// Creates a position.
    public init(file: FileIdentity, offset: Int64) {
        self.file = file
        self.offset = offset
    }
}
