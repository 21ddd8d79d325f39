/// Which file a name meant at one moment: an inode alone may be used again, so the first bytes are part of it.
public struct FileIdentity: Hashable, Sendable {
    /// Most bytes that the fingerprint covers.
    public static let longestFingerprint = 256

    /// Device number.
    public var device: UInt64
    /// Inode number on that device.
    public var inode: UInt64
    /// `StableHash` of the first ``fingerprintLength`` bytes.
    public var fingerprint: UInt64
    /// Number of bytes hashed: as many as there were, at most 256.
    public var fingerprintLength: Int

    /// Creates an identity.
    public init(device: UInt64, inode: UInt64, fingerprint: UInt64, fingerprintLength: Int) {
        self.device = device
        self.inode = inode
        self.fingerprint = fingerprint
        self.fingerprintLength = fingerprintLength
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
