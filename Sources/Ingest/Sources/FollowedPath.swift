import TimeSeries

/// One path that is followed, through renames and truncations, without clocks and waits: each ``step(_:budget:at:emit:)``
/// looks once and reads what is there.
///
/// A file that took the path's name is begun only when it holds something and the file before it has been read to its
/// end: a writer that was told late to reopen still writes to the old one, and lines stay in order. Files that were
/// rotated on between two looks are read in their order (``nextFile(after:)``). Rotated files stay open for a while, and what is
/// written to them late is taken in. A file that is shorter than it was, begins with other bytes, or holds others before the
/// place that was read, was truncated: its rest is looked for in a copy (copytruncate makes one), then it is read from its
/// start; what was seen and is in no copy is counted as lost. The half line at the end waits; it counts as a line when its file
/// is done with, two seconds after the next one has begun. A gzip file is unpacked, read once, and not followed; places in it are
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

    /// A file that was read to its end and lost the path's name.
    struct RetiredFile {
        var file: OpenFile
        /// Which file it is, with the last line that was read of it.
        var identity: FileIdentity
        /// When it was read to its end, in monotonic time.
        var since: Duration
        /// Whether its last line had no end: the rest of that line is no line.
        var isWithinLine: Bool
    }

    /// A file as it was at one moment: its inode alone may be used again.
    struct Elder: Hashable {
        var inode: UInt64
        var modified: Int64
    }

    /// A file that comes after another one.
    struct NextFile {
        var file: OpenFile
        /// Whether it has the name and may be the one before it, written anew.
        var mayGoOn = false
    }

    /// How long half a line at the end of a rotated file waits for its other half.
    static let halfLineWait = Duration.seconds(2)
    /// How long a rotated file stays open for what is written to it late. While it is, its inode cannot come to mean another file.
    static let lateWait = Duration.seconds(60)
    /// Rotated files that are kept open, at most.
    static let mostRetired = 4
    /// Files that were read and are remembered.
    private static let mostDone = 256
    /// Looks at the folder that agree before a number that is missing among the rotated files is believed to be.
    static let looksAtGaps = 6
    /// Files that were renamed away and wait to be read, at most.
    private static let mostRenamed = 64

    /// The path.
    let path: String
    var feed: StreamFeed
    let surroundings: StreamFeed.Surroundings
    var current: OpenFile?
    var retired: [RetiredFile] = []
    /// Files that had the path's name, in the order in which they lost it; they may be those in progress or read already.
    var renamed: [OpenFile] = []
    /// Files that were read to their end, the last ones.
    private(set) var done: [FileIdentity] = []
    /// The rotated files that were there when the first file was begun: none of them is a copy of it.
    var elders: Set<Elder> = []
    var resume: FilePosition?
    /// Files that were read to their ends before the restart, until they are looked for.
    var resumeRetired: [FilePosition] = []
    var isWaiting = false
    private var halfLineSince: Duration?
    /// What was there when the next file was last looked for in vain.
    private var vainView: FolderView?
    private var scratch = [UInt8](repeating: 0, count: FileIdentity.longestFingerprint)

    /// Creates a follower of one path; it begins at the file's start or at `resume`.
    init(
        _ path: String, stream: String, configuration: SourceConfiguration, resume: ResumePoint?,
        _ surroundings: StreamFeed.Surroundings
    ) throws(StateCodingError) {
        self.path = path
        self.surroundings = surroundings
        self.resume = resume?.position
        resumeRetired = resume?.retired ?? []
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

    /// Whether a file is the one in progress, or was that a short while ago.
    func hasRead(_ status: FileStatus) -> Bool {
        (current?.status.isSameFile(as: status) ?? false)
            || retired.contains { $0.file.status.isSameFile(as: status) }
    }

    /// Whether a file is or had this path, as far as is known: one of those that were read or are to be read.
    func isOwn(_ status: FileStatus) -> Bool {
        hasRead(status) || renamed.contains { $0.status.isSameFile(as: status) }
    }

    /// Whether a file was read to its end, be it long ago.
    func wasRead(_ file: OpenFile) -> Bool {
        hasRead(file.status)
            || done.contains {
                $0.inode == file.status.inode && $0.device == file.status.device && file.begins(like: $0)
            }
    }

    /// Takes note that the file with the path's name has another one now; it is opened at once, before it goes.
    ///
    /// Numbers say more than that: such a name may mean another file already.
    mutating func noteRename(to newPath: String) {
        let isNumbered =
            switch RotatedName(PathName.split(newPath).name, of: PathName.split(path).name)?.place {
            case .number: true
            default: false
            }
        guard resume == nil, !isNumbered || current == nil && renamed.isEmpty, let file = try? OpenFile(newPath),
            !isOwn(file.status), !wasRead(file)
        else { return }
        renamed.append(file)
        if renamed.count > Self.mostRenamed { tellLoss(ofBytes: renamed.removeFirst().status.size) }
    }

    /// Looks at the path and reads what is new, at most `budget` times the buffer.
    ///
    /// - Parameters:
    ///   - buffer: room for a read; 64 of its bytes are read again each time when it has 128 at least.
    ///   - now: monotonic time since any moment.
    /// - Throws: ``IngestError`` when the file cannot be read or its lines not be understood, and what `emit` throws.
    mutating func step(
        _ buffer: inout [UInt8], budget: Int = .max, at now: Duration = .zero, emit: (RecordBatch) throws -> Void
    ) throws -> Outcome {
        var left = budget
        var outcome = try readLate(&buffer, at: now, emit) ? Outcome.caughtUp : .idle
        looking: while true {
            if current == nil, try !openFirst() { return outcome }
            if try !isUnchanged(at: now) { try goBack() }
            // Looked for before the old file is read to its end: what is written to it after this is found next time.
            let next = lookForNext(at: now)
            while true {
                switch try readOnce(&buffer, emit) {
                case .bytes(let bytes) where bytes.isEmpty: break
                case .bytes:
                    outcome = .caughtUp
                    left -= 1
                    if left <= 0 { return .more }
                    continue
                case .changed:
                    try goBack()
                    outcome = .caughtUp
                    left -= 1
                    if left <= 0 { return .more }
                    continue looking
                }
                break
            }
            // What a restart has to read comes before what is late.
            if !resumeRetired.isEmpty {
                openRetired(at: now)
                outcome = .caughtUp
            }
            guard let next else { return outcome }
            if next.mayGoOn, let file = current, next.file.holdsRead(of: file) {
                // Written anew with what it held, as rsync and editors do, and with what came since; or what was read was its copy.
                begin(next.file, at: file.offset)
            } else {
                if waitsForHalfLine(at: now) { return outcome }
                try retire(at: now, emit)
                feed.beginFile()
                begin(next.file, at: 0)
            }
            surroundings.telemetry.update { $0.rotations += 1 }
            surroundings.logger?.rotated(path)
            outcome = .caughtUp
        }
    }

    // MARK: From file to file

    /// ``nextFile(after:)``, asked again only when something has changed in the folder, or now and then.
    private mutating func lookForNext(at now: Duration) -> NextFile? {
        guard let file = current else { return nil }
        let named = try? System.status(path)
        if let named, named.isSameFile(as: file.status) { return nil }
        let folder = try? System.status(PathName.split(path).directory)
        let view = FolderView(
            inode: named?.inode, isEmpty: named?.size == 0, renamed: renamed.count, folder: folder?.modified, time: now)
        if let seen = vainView, view.isLike(seen) { return nil }
        let next = nextFile(after: file)
        let hasNew = (named?.size ?? 0) > 0
        // A file that has begun and cannot be had yet is asked for each time: its rights do not change the folder.
        vainView = next == nil && !hasNew ? view : nil
        if next == nil, hasNew, !isWaiting {
            do {
                try System.checkReadable(path)
            } catch {
                isWaiting = true
                surroundings.logger?.waiting(for: path, reason: error.reason)
            }
        }
        return next
    }

    /// Begins to read a file at a place; the feed is told by who knows whether the line in progress goes on there.
    mutating func begin(_ file: OpenFile, at offset: Int64) {
        var file = file
        file.move(to: offset)
        renamed.removeAll { $0.status.isSameFile(as: file.status) }
        current = file
        isWaiting = false
        feed.name(file.identity, isNew: offset == 0)
    }

    /// Whether the file in progress ends with half a line that may be completed yet.
    private mutating func waitsForHalfLine(at now: Duration) -> Bool {
        guard feed.hasHalfLine, let file = current, !file.isCopy else {
            halfLineSince = nil
            return false
        }
        let since = halfLineSince ?? now
        halfLineSince = since
        if now - since < Self.halfLineWait { return true }
        halfLineSince = nil
        return false
    }

    /// Is done with the file in progress. Half a line at the end of a copy was cut by who made it and is none.
    private mutating func retire(at now: Duration, _ emit: (RecordBatch) throws -> Void) throws {
        guard let file = current else { return }
        let isWithinLine = feed.hasHalfLine
        let identity = feed.file ?? file.identity
        if !file.isCopy { try feed.finishFile(emit) }
        done.append(file.identity)
        if done.count > Self.mostDone { done.removeFirst() }
        if file.gzip == nil {
            retired.append(RetiredFile(file: file, identity: identity, since: now, isWithinLine: isWithinLine))
            if retired.count > Self.mostRetired { retired.removeFirst() }
            nameRetired()
        }
        current = nil
    }

    /// Has the batches to come name the rotated files that are still open, each with the place up to which it was read.
    mutating func nameRetired() {
        feed.retired = retired.map { FilePosition(file: $0.identity, offset: $0.file.offset) }
    }

    /// Whether the file in progress holds what was read of it, as far as its first bytes and its size tell.
    private mutating func isUnchanged(at now: Duration) throws -> Bool {
        do {
            guard try current?.look(&scratch, at: now) ?? true else { return false }
        } catch {
            throw IngestError.cannotRead(path: path, reason: error.reason)
        }
        if let identity = current?.identity { feed.name(identity) }
        return true
    }

    /// Goes on after a truncation: in the copy that was made of the file, or at its start when there is none.
    private mutating func goBack() throws {
        guard let file = current else { return }
        surroundings.telemetry.update { $0.truncations += 1 }
        surroundings.logger?.truncated(path, at: file.offset)
        if var copy = copy(of: file) {
            tellLoss(ofBytes: copy.gzip == nil ? file.largest - max(copy.status.size, file.offset) : 0)
            copy.isCopy = true
            begin(copy, at: file.offset)
            return
        }
        tellLoss(ofBytes: file.largest - file.offset)
        feed.beginFile()
        do {
            try current?.takeHead(&scratch)
        } catch {
            throw IngestError.cannotRead(path: path, reason: error.reason)
        }
        current?.restart()
        if let identity = current?.identity { feed.name(identity, isNew: true) }
    }

    /// Counts and tells bytes that were seen and can no longer be read.
    func tellLoss(ofBytes bytes: Int64) {
        guard bytes > 0 else { return }
        surroundings.telemetry.update {
            $0.lostParts += 1
            $0.lostBytes += UInt64(bytes)
        }
        surroundings.logger?.lostBytes(path, bytes)
    }
}
