/// A followed file that is open, and how far it was read.
struct OpenFile {
    /// What came of a read.
    enum Reading {
        /// New bytes, by their place in the buffer; none at the end.
        case bytes(Range<Int>)
        /// What was read before is no longer there: the file was truncated, and perhaps written anew.
        case changed
    }

    /// Bytes before the place in the file that are read again with what follows, so that no byte of another content is taken for
    /// a continuation.
    static let longestContext = 64
    /// As long as a file's time of change may stay the same though it changes: several of the kernel's ticks.
    private static let tick = Duration.milliseconds(50)

    let descriptor: Descriptor
    /// At the last look.
    private(set) var status: FileStatus
    /// The file's first bytes, at most 1,024.
    private(set) var head: [UInt8]
    private(set) var identity: FileIdentity
    /// Bytes read.
    private(set) var offset: Int64 = 0
    /// The largest size that was seen of what is read.
    private(set) var largest: Int64
    /// The bytes before ``offset``.
    private var context: [UInt8] = []
    private var changed: Duration?
    /// Unpacks it, when it is a gzip file: such a file is read once and not followed.
    private(set) var gzip: GzipStream?
    /// Whether it is a gzip file.
    var isPacked: Bool { gzip != nil }
    /// Unpacked bytes that were read before and are dropped.
    var dropped: Int64 = 0
    /// Whether a gzip file was read to its end.
    var isFinished = false
    /// Whether it is the copy of a file that was truncated.
    var isCopy = false

    /// Opens a file at its start.
    ///
    /// - Throws: `SystemCallError`, and ``IngestError`` for what is no regular file or compressed otherwise than by gzip.
    init(_ path: String) throws {
        descriptor = try System.openForReading(path)
        status = try System.status(descriptor)
        guard status.isRegular else { throw IngestError.cannotRead(path: path, reason: "not a regular file") }
        var first = [UInt8](repeating: 0, count: FileIdentity.longestFingerprint)
        first.removeLast(first.count - (try System.read(descriptor, at: 0, into: &first)))
        head = first
        if let program = GzipStream.otherProgram(first.span) {
            throw IngestError.compressed(path: path, unpack: program)
        }
        identity = FileIdentity(status, head: first)
        largest = status.size
        gzip = GzipStream.isGzip(first.span) ? GzipStream() : nil
        context.reserveCapacity(Self.longestContext)
    }

    /// Goes to a place; in a gzip file it is counted in unpacked bytes.
    mutating func move(to offset: Int64) {
        isFinished = false
        guard gzip == nil else {
            gzip = GzipStream()
            self.offset = 0
            dropped = offset
            return
        }
        self.offset = offset
        context.removeAll(keepingCapacity: true)
        var before = [UInt8](repeating: 0, count: Int(min(offset, Int64(Self.longestContext))))
        let start = offset - Int64(before.count)
        guard !before.isEmpty, (try? System.read(descriptor, at: start, into: &before)) == before.count else { return }
        context = before
    }

    /// Whether the place is behind the end of a line, as far as is known.
    var isAtLineStart: Bool { context.last == nil || context.last == UInt8(ascii: "\n") }

    /// Begins again at the start of what the file holds now.
    mutating func restart() {
        move(to: 0)
        largest = status.size
    }

    /// Looks at the file again.
    ///
    /// - Parameters:
    ///   - scratch: room for the head.
    ///   - now: monotonic time.
    /// - Returns: whether it is still the one that was read so far, perhaps with more behind it.
    mutating func look(_ scratch: inout [UInt8], at now: Duration) throws(SystemCallError) -> Bool {
        let latest = try System.status(descriptor)
        if latest != status || changed == nil { changed = now }
        if latest == status, latest.size == offset, let changed, now - changed > Self.tick { return true }
        status = latest
        let count = try System.read(descriptor, at: 0, into: &scratch)
        var isSame = count >= head.count && latest.size >= offset
        for index in 0..<min(count, head.count) where scratch[index] != head[index] {
            isSame = false
            break
        }
        if isSame, count > head.count {
            head = Array(scratch.prefix(count))
            identity = FileIdentity(latest, head: head)
        }
        return isSame
    }

    /// Takes the file's present beginning for its own: it was truncated.
    mutating func takeHead(_ scratch: inout [UInt8]) throws(SystemCallError) {
        status = try System.status(descriptor)
        let count = try System.read(descriptor, at: 0, into: &scratch)
        head = Array(scratch.prefix(count))
        identity = FileIdentity(status, head: head)
    }

    /// Reads what follows.
    mutating func read(_ buffer: inout [UInt8]) throws(SystemCallError) -> Reading {
        let lead = gzip == nil && buffer.count >= 2 * Self.longestContext ? context.count : 0
        let count = try System.read(descriptor, at: offset - Int64(lead), into: &buffer)
        guard count >= lead else { return .changed }
        for index in 0..<lead where buffer[index] != context[index] { return .changed }
        // The first bytes are known from the look before: they may have gone since.
        let known = gzip == nil ? max(0, min(count - lead, head.count - Int(min(offset, Int64(head.count))))) : 0
        for index in 0..<known where buffer[lead + index] != head[Int(offset) + index] { return .changed }
        // Only now is it clear that the size seen at the last look was of the same content.
        largest = max(largest, status.size)
        guard count > lead else { return .bytes(0..<0) }
        offset += Int64(count - lead)
        context.removeAll(keepingCapacity: true)
        if gzip == nil, buffer.count >= 2 * Self.longestContext {
            // What was read begins with the context before it, or at the file's start.
            for index in max(0, count - Self.longestContext)..<count { context.append(buffer[index]) }
        }
        return .bytes(lead..<count)
    }

    /// Whether this file holds what another one held as far as that was read: a copy of it, perhaps longer.
    func holdsRead(of other: OpenFile) -> Bool {
        guard !other.head.isEmpty, other.gzip == nil else { return false }
        guard gzip == nil else { return unpackedHead(atMost: other.head.count) == other.head }
        guard head.starts(with: other.head), status.size >= other.offset else { return false }
        var before = [UInt8](repeating: 0, count: other.context.count)
        if before.isEmpty { return true }
        let place = other.offset - Int64(before.count)
        return (try? System.read(descriptor, at: place, into: &before)) == before.count && before == other.context
    }

    /// Whether this is the file of a position by device, inode and first bytes.
    func isFile(of position: FilePosition) -> Bool {
        status.device == position.file.device && status.inode == position.file.inode && begins(like: position.file)
    }

    /// Whether a file's first bytes are those of an identity, packed or unpacked.
    func begins(like other: FileIdentity) -> Bool {
        other.isBeginning(of: head)
            || gzip != nil && other.isBeginning(of: unpackedHead(atMost: other.fingerprintLength))
    }

    /// Whether the line that was remembered of a file stands in this one where it stood; a packed one is not asked.
    func holdsLine(of other: FileIdentity) -> Bool {
        guard gzip == nil, other.lineLength > 0 else { return true }
        var bytes = [UInt8](repeating: 0, count: other.lineLength)
        guard (try? System.read(descriptor, at: other.lineEnd - Int64(bytes.count), into: &bytes)) == bytes.count else {
            return false
        }
        var found = other
        found.take(bytes.span, endingAt: other.lineEnd)
        return found == other
    }

    /// The place behind the first line end at or after a place, at most 64 KiB further; the end of the file when there is none.
    func lineStart(from place: Int64) -> Int64 {
        guard place > 0 else { return 0 }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        guard let count = try? System.read(descriptor, at: place - 1, into: &bytes),
            let end = bytes[..<count].firstIndex(of: UInt8(ascii: "\n"))
        else { return status.size }
        return place + Int64(end)
    }

    /// The first unpacked bytes of a gzip file.
    private func unpackedHead(atMost limit: Int) -> [UInt8] {
        var unpacked: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let stream = GzipStream()
        var place: Int64 = 0
        while unpacked.count < limit, stream.damage == nil,
            let count = try? System.read(descriptor, at: place, into: &buffer), count > 0
        {
            place += Int64(count)
            try? stream.feed(buffer.span.extracting(0..<count)) { part in
                for index in 0..<min(part.count, limit - unpacked.count) { unpacked.append(part[index]) }
            }
        }
        return unpacked
    }
}
