import TimeSeries

/// Where to go on in one stream after a restart.
public struct ResumePoint: Equatable, Sendable {
    /// The file and the place in it: the batch's `file` with the `endOffset` of the last row that counts.
    public var position: FilePosition
    /// The batch's `decoding`.
    public var decoding: DecodingState

    /// Creates a point to go on from.
    public init(position: FilePosition, decoding: DecodingState) {
        self.position = position
        self.decoding = decoding
    }
}

/// One path that is followed, through renames and truncations, without clocks and waits: each ``step(_:budget:emit:)``
/// looks once and reads what is there.
///
/// A file that took the path's name is begun only when it holds something and the file before it has been read to its
/// end: a writer that was told late to reopen still writes to the old one, and lines stay in order. Files that were
/// rotated on to `.2` and further between two looks are read in their order. A shorter file, or one
/// whose first bytes (at most 256) changed, was truncated and is read from its start. The half line at the end waits; it
/// counts as a line when its file is done with. A gzip file is unpacked, read once, and not followed; places in it are
/// counted in unpacked bytes.
struct FollowedPath {
    /// What a step did.
    enum Outcome: Equatable, Sendable {
        /// Nothing new.
        case idle
        /// Something was read, all that there was.
        case caughtUp
        /// The budget was spent, there may be more.
        case more
    }

    private struct OpenFile {
        var descriptor: Descriptor
        var status: FileStatus
        var identity: FileIdentity
        var offset: Int64
        /// Unpacks it, when it is a gzip file: such a file is read once and not followed.
        var gzip: GzipStream?
        /// Unpacked bytes that were read before a restart and are dropped.
        var dropped: Int64 = 0
        var isFinished = false
    }

    /// The path.
    let path: String
    private var feed: StreamFeed
    private let surroundings: StreamFeed.Surroundings
    private var current: OpenFile?
    /// Kept open, so that its inode cannot come to mean another file while ``hasRead(_:)`` knows it.
    private var previous: OpenFile?
    private var resume: FilePosition?
    private var isWaiting = false

    /// Creates a follower of one path; it begins at the file's start or at `resume`.
    init(
        _ path: String, stream: String, configuration: SourceConfiguration, resume: ResumePoint?,
        _ surroundings: StreamFeed.Surroundings
    ) throws(StateCodingError) {
        self.path = path
        self.surroundings = surroundings
        self.resume = resume?.position
        let decoder =
            if let resume {
                try LineDecoder(
                    configuration: configuration, seriesName: stream, restoring: resume.decoding,
                    offset: resume.position.offset, admission: surroundings.admission)
            } else {
                LineDecoder(configuration: configuration, seriesName: stream, admission: surroundings.admission)
            }
        feed = StreamFeed(stream, decoder, surroundings)
        feed.place = path
    }

    /// Whether a file is the one in progress or the one before it, which may still be open under another name.
    func hasRead(_ status: FileStatus) -> Bool {
        (current?.status.isSameFile(as: status) ?? false) || (previous?.status.isSameFile(as: status) ?? false)
    }

    /// Looks at the path and reads what is new, at most `budget` times the buffer.
    ///
    /// - Throws: ``IngestError`` when the file cannot be read or its lines not be understood, and what `emit` throws.
    mutating func step(_ buffer: inout [UInt8], budget: Int = .max, emit: (RecordBatch) throws -> Void) throws
        -> Outcome
    {
        var left = budget
        var outcome = Outcome.idle
        // A deleted file's blocks are freed when the last descriptor goes.
        if let file = previous, (try? System.status(file.descriptor))?.hasName != true { previous = nil }
        while true {
            if current == nil, try !openFirst() { return outcome }
            try noticeTruncation()
            // Looked at before the old file is read to its end: what is written to it after this is found next time.
            let successor = successor()
            while let count = try readOnce(&buffer, emit) {
                guard count > 0 else { break }
                outcome = .caughtUp
                left -= 1
                if left == 0 { return .more }
            }
            guard let successor else { return outcome }
            try feed.finishFile(emit)
            feed.beginFile()
            previous = current
            begin(successor, at: 0)
            surroundings.telemetry.update { $0.rotations += 1 }
            surroundings.logger?.rotated(path)
            outcome = .caughtUp
        }
    }

    /// Reads once; 0 at the end of what there is.
    private mutating func readOnce(_ buffer: inout [UInt8], _ emit: (RecordBatch) throws -> Void) throws -> Int? {
        guard let file = current else { return nil }
        if file.isFinished { return 0 }
        let count: Int
        do {
            count = try System.read(file.descriptor, at: file.offset, into: &buffer)
        } catch {
            throw IngestError.cannotRead(path: path, reason: error.reason)
        }
        current?.offset += Int64(count)
        if let gzip = file.gzip {
            try unpack(gzip, buffer.span.extracting(0..<count), emit)
        } else if count > 0 {
            try feed.feed(buffer.span.extracting(0..<count), emit)
        }
        return count
    }

    /// Unpacks what was read of a gzip file; at its end the stream's last line is a line.
    private mutating func unpack(
        _ gzip: GzipStream, _ bytes: Span<UInt8>, _ emit: (RecordBatch) throws -> Void
    ) throws {
        var left = current?.dropped ?? 0
        try gzip.feed(bytes) { unpacked in
            let skipped = Int(min(left, Int64(unpacked.count)))
            left -= Int64(skipped)
            try feed.feed(unpacked.extracting(skipped..<unpacked.count), emit)
        }
        current?.dropped = left
        guard bytes.count == 0 else { return }
        current?.isFinished = true
        gzip.finish()
        if let damage = gzip.damage { surroundings.tellDamage(path, damage, after: current?.offset ?? 0) }
        try feed.finish(emit)
    }

    // MARK: Opening

    /// Opens the path for the first time, or the file of the stored position; `false` while there is none.
    private mutating func openFirst() throws -> Bool {
        let opened: OpenFile
        do {
            opened = try open(path)
        } catch let error as SystemCallError {
            if !isWaiting { surroundings.logger?.waiting(for: path, reason: error.reason) }
            isWaiting = true
            return false
        }
        isWaiting = false
        guard let position = resume else {
            begin(opened, at: 0)
            surroundings.logger?.following(path, from: 0)
            return true
        }
        resume = nil
        if holds(opened, position, mayBeCopy: false) {
            begin(opened, at: position.offset)
        } else if let moved = sibling(with: position) {
            begin(moved, at: position.offset)
        } else {
            feed.beginFile()
            begin(opened, at: 0)
            surroundings.logger?.positionLost(path)
        }
        surroundings.logger?.following(path, from: current?.offset ?? 0)
        return true
    }

    private mutating func begin(_ file: OpenFile, at offset: Int64) {
        var file = file
        if file.gzip == nil { file.offset = offset } else { file.dropped = offset }
        current = file
        feed.file = file.identity
    }

    private func open(_ path: String) throws -> OpenFile {
        let descriptor = try System.openForReading(path)
        let status = try System.status(descriptor)
        guard status.isRegular else { throw IngestError.cannotRead(path: path, reason: "not a regular file") }
        var head = [UInt8](repeating: 0, count: 6)
        let count = try System.read(descriptor, at: 0, into: &head)
        let start = head.span.extracting(0..<count)
        if let program = GzipStream.otherProgram(start) { throw IngestError.compressed(path: path, unpack: program) }
        return OpenFile(
            descriptor: descriptor, status: status, identity: try Self.identity(descriptor, status), offset: 0,
            gzip: GzipStream.isGzip(start) ? GzipStream() : nil)
    }

    private static func identity(
        _ descriptor: Descriptor, _ status: FileStatus, length: Int = FileIdentity.longestFingerprint
    ) throws(SystemCallError) -> FileIdentity {
        var head = [UInt8](repeating: 0, count: length)
        let count = length == 0 ? 0 : try System.read(descriptor, at: 0, into: &head)
        var hash = StableHash()
        for byte in head.prefix(count) { hash.combine(UInt64(byte)) }
        return FileIdentity(
            device: status.device, inode: status.inode, fingerprint: hash.value, fingerprintLength: count)
    }

    /// Whether a file is the one of a position; a copy has another inode, but the same beginning.
    private func holds(_ file: OpenFile, _ position: FilePosition, mayBeCopy: Bool) -> Bool {
        let isSameInode = file.status.device == position.file.device && file.status.inode == position.file.inode
        guard isSameInode || mayBeCopy, file.gzip != nil || file.status.size >= position.offset,
            let identity = try? Self.identity(file.descriptor, file.status, length: position.file.fingerprintLength)
        else { return false }
        return identity.fingerprint == position.file.fingerprint
            && identity.fingerprintLength == position.file.fingerprintLength
    }

    /// The file of a position under the name it was rotated to: in the same directory, with its name before the suffix.
    private func sibling(with position: FilePosition) -> OpenFile? {
        guard position.file.fingerprintLength > 0 else { return nil }
        let (directory, name) = PathName.split(path)
        for sibling in System.names(inDirectory: directory).sorted() where sibling != name {
            guard let file = try? open(PathName.join(directory, sibling)) else { continue }
            if holds(file, position, mayBeCopy: sibling.hasPrefix(name)) { return file }
        }
        return nil
    }

    // MARK: What happened to the file

    /// The file to be read after this one, when this one has lost the path's name: the next younger rotated one, else the
    /// one with that name now if it holds something.
    ///
    /// This one is `a.log.3` by now: then `a.log.2` is next. In the middle of a rotation that name may be free for a
    /// moment, so it is the highest number below. Names may change while they are looked at; then the answer is `nil`,
    /// and the next step asks again.
    private func successor() -> OpenFile? {
        guard let file = current else { return nil }
        let status = try? System.status(path)
        if let status, status.isSameFile(as: file.status) { return nil }
        let place = generation(of: file.status)
        guard place.younger != nil || status?.size ?? 0 > 0, let opened = try? open(place.younger ?? path),
            !opened.status.isSameFile(as: file.status), generation(of: file.status) == place,
            (try? System.status(place.younger ?? path))?.isSameFile(as: opened.status) ?? false
        else { return nil }
        return opened
    }

    /// Where a file stands among the rotated ones.
    private struct Generation: Equatable {
        /// Its number; `nil` when it is none of them.
        var own: Int?
        /// The path of the next younger one.
        var younger: String?
    }

    private func generation(of file: FileStatus) -> Generation {
        let (directory, name) = PathName.split(path)
        var numbers: [Int] = []
        for sibling in System.names(inDirectory: directory) where sibling.hasPrefix(name + ".") {
            if let number = Int(sibling.dropFirst(name.count + 1)), number > 0 { numbers.append(number) }
        }
        let own = numbers.first { (try? System.status(path + ".\($0)"))?.isSameFile(as: file) ?? false }
        let younger = own.flatMap { own in numbers.filter { $0 < own }.max() }
        return Generation(own: own, younger: younger.map { path + ".\($0)" })
    }

    /// Goes back to the start when the file shrank, or begins with other bytes than it did.
    private mutating func noticeTruncation() throws {
        guard let file = current else { return }
        let status: FileStatus
        let identity: FileIdentity
        do {
            status = try System.status(file.descriptor)
            if status == file.status, status.size == file.offset { return }
            identity = try Self.identity(file.descriptor, status, length: file.identity.fingerprintLength)
        } catch {
            throw IngestError.cannotRead(path: path, reason: error.reason)
        }
        current?.status = status
        if status.size < file.offset || identity != file.identity {
            surroundings.telemetry.update { $0.truncations += 1 }
            surroundings.logger?.truncated(path, at: file.offset)
            feed.beginFile()
            current?.offset = 0
            current?.isFinished = false
            current?.dropped = 0
            if file.gzip != nil { current?.gzip = GzipStream() }
        }
        let isShort = file.identity.fingerprintLength < FileIdentity.longestFingerprint
        guard isShort || identity != file.identity else { return }
        do {
            let now = try Self.identity(file.descriptor, status)
            current?.identity = now
            feed.file = now
        } catch {
            throw IngestError.cannotRead(path: path, reason: error.reason)
        }
    }
}

/// Parts of paths.
enum PathName {
    /// Directory and last component.
    static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        return (directory, String(path[path.index(after: slash)...]))
    }

    static func join(_ directory: String, _ name: String) -> String {
        directory == "." ? name : directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    /// The last component without its last suffix: `pump3` of `/var/data/pump3.csv`.
    static func stem(_ path: String) -> String {
        let name = split(path).name
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    /// Whether a pattern can match more than its own text.
    static func hasWildcard(_ pattern: String) -> Bool { pattern.contains { "*?[".contains($0) } }
}
