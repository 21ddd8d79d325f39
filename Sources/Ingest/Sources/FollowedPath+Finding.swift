/// Finding files by what they are: the one of a stored position, the next one after a rotation, the copy of a truncated one.
extension FollowedPath {
    // MARK: The first file

    /// Opens the path for the first time, or the file of the stored position; `false` while there is none.
    mutating func openFirst() throws -> Bool {
        var opened: OpenFile?
        var reason = ""
        let older = RotatedFiles(of: path)
        do {
            opened = try OpenFile(path)
        } catch let error as SystemCallError {
            reason = error.reason
        }
        if let position = resume, let found = file(of: position, named: opened, isLookedForOnce: isWaiting) {
            resume = nil
            begin(found.file, at: found.offset)
            if !found.file.holdsLine(of: position.file) || found.offset != position.offset {
                surroundings.logger?.shortened(path, from: position.offset, to: found.offset)
                feed.beginFile(at: found.offset)
            }
        } else if let first = firstSinceWaiting() ?? renamed.first ?? opened {
            if resume != nil {
                resume = nil
                surroundings.telemetry.update { $0.lostParts += 1 }
                surroundings.logger?.positionLost(path)
                feed.beginFile()
            }
            begin(first, at: 0)
        } else {
            if !isWaiting {
                surroundings.logger?.waiting(for: path, reason: reason)
                elders = Set(older.members.compactMap(elder))
            }
            isWaiting = true
            return false
        }
        if let file = current, !isWaiting { elders = elders(of: file, among: older) }
        isWaiting = false
        surroundings.logger?.following(path, from: current?.offset ?? 0)
        return true
    }

    /// The file that had the path's name first since it was waited for, rotated by now: the oldest of those that were not there
    /// then. A name that is seen to be given, `a.log.1`, may mean a later one already.
    private func firstSinceWaiting() -> OpenFile? {
        guard isWaiting, resume == nil else { return nil }
        // By their inodes alone: to one that was there somebody may still write.
        let known = Set(elders.map(\.inode))
        func oldest() -> (path: String, inode: UInt64)? {
            for member in RotatedFiles(of: path).members.reversed() where !member.isCompressed {
                guard let elder = elder(member), !known.contains(elder.inode) else { continue }
                return (member.path, elder.inode)
            }
            return nil
        }
        // Names move on while they are looked at.
        for _ in 0..<Self.looksAtGaps {
            guard let found = oldest() else { return nil }
            if let file = try? OpenFile(found.path), file.status.inode == found.inode,
                (0..<Self.looksAtGaps).allSatisfy({ _ in oldest()?.inode == found.inode })
            {
                return file
            }
        }
        return nil
    }

    private func elder(_ member: RotatedFiles.Member) -> Elder? {
        guard let status = try? System.status(member.path), status.isRegular else { return nil }
        return Elder(inode: status.inode, modified: status.modified)
    }

    /// The file of a stored position, and where to go on in it.
    ///
    /// It begins like the one of the position and holds the last line before it. In this order: the file with the name and the inode;
    /// the one with that inode under another name of the folder, to which it was renamed; the file with the name
    /// and another inode, which was copied from another disk or machine; a rotated one, which is a copy, or packed
    /// meanwhile. At last the file with the name and the inode that begins so but does not hold that line: its last blocks were
    /// never written, because the power failed, and others may stand there.
    ///
    /// - Parameter isLookedForOnce: whether the folder was searched in vain while the name was free.
    private func file(
        of position: FilePosition, named opened: OpenFile?, isLookedForOnce: Bool
    ) -> (file: OpenFile, offset: Int64)? {
        func isIt(_ file: OpenFile) -> Bool {
            (file.gzip != nil || file.status.size >= position.offset) && file.begins(like: position.file)
                && file.holdsLine(of: position.file)
        }
        if let opened, opened.isFile(of: position), isIt(opened) { return (opened, position.offset) }
        guard opened != nil || !isLookedForOnce, position.file.fingerprintLength > 0 else { return nil }
        let (directory, name) = PathName.split(path)
        for sibling in System.names(inDirectory: directory).sorted() where sibling != name {
            let other = PathName.join(directory, sibling)
            // Its status first: a FIFO or a device is not opened.
            guard let status = try? System.status(other), status.isRegular, status.inode == position.file.inode,
                let file = try? OpenFile(other), file.isFile(of: position), isIt(file)
            else { continue }
            return (file, position.offset)
        }
        if let opened, isIt(opened) { return (opened, position.offset) }
        for member in RotatedFiles(of: path).members {
            guard let file = try? OpenFile(member.path), isIt(file) else { continue }
            return (file, position.offset)
        }
        if let opened, opened.isFile(of: position), position.file.fingerprintLength == FileIdentity.longestFingerprint {
            return (opened, opened.lineStart(from: min(position.offset, opened.status.size)))
        }
        return nil
    }

    /// Opens the files that had been read to their ends before a restart, once: what was written to them meanwhile is late.
    ///
    /// Each is looked for by its inode in the folder of the path, and among the rotated files. One that was packed since is not
    /// found, and what came late to it is not read.
    mutating func openRetired(at now: Duration) {
        let positions = resumeRetired
        resumeRetired = []
        guard !positions.isEmpty else { return }
        let directory = PathName.split(path).directory
        let names = System.names(inDirectory: directory).sorted().map { PathName.join(directory, $0) }
        for position in positions.suffix(Self.mostRetired) {
            for name in names + RotatedFiles(of: path).members.map(\.path) {
                // Its status first: a FIFO or a device is not opened.
                guard let status = try? System.status(name), status.isRegular, status.inode == position.file.inode,
                    !hasRead(status), var file = try? OpenFile(name), file.gzip == nil, file.isFile(of: position),
                    file.status.size >= position.offset, file.holdsLine(of: position.file)
                else { continue }
                file.move(to: position.offset)
                let isWithinLine = position.offset > 0 && !file.isAtLineStart
                retired.append(
                    RetiredFile(file: file, identity: position.file, since: now, isWithinLine: isWithinLine))
                break
            }
        }
        nameRetired()
    }

    // MARK: The next file

    /// The file to be read after one that has lost the path's name.
    ///
    /// Where the one before stands among the rotated files says which was rotated after it: it is `a.log.3` by now, then
    /// `a.log.2` is next, or the highest number below when that name is free for a moment; by dates it is the next later one.
    /// Packed meanwhile, it is known by its unpacked beginning. Else the files that were seen to lose the name are next, in that
    /// order; else, when the one before is gone, the first one that was changed after it. At last the file that has the name now, if it
    /// holds something. Names may change while they are looked at; then the answer is `nil`, and the next step asks again.
    func nextFile(after file: OpenFile) -> NextFile? {
        let named = try? System.status(path)
        if let named, named.isSameFile(as: file.status) { return nil }
        let rotated = RotatedFiles(of: path)
        let own = place(of: file, among: rotated)
        if let own, let younger = rotated.next(after: own) {
            guard var next = try? OpenFile(younger.path), !hasRead(next.status), isNext(younger, after: own),
                (try? System.status(younger.path))?.isSameFile(as: next.status) ?? false,
                place(of: file, among: rotated) == own
            else { return nil }
            // A copy that is being made, or was not followed by the truncation yet: its original is read, and it is there if that goes.
            next.move(to: next.status.size)
            if next.gzip == nil, let original = try? OpenFile(path) {
                if original.holdsRead(of: next) { return NextFile(file: original, mayGoOn: true) }
                if next.status.size == 0, rotated.next(after: younger) == nil {
                    // Still empty after the original was opened: that was not truncated then.
                    let isEmpty = (try? System.status(next.descriptor))?.size == 0
                    return isEmpty ? NextFile(file: original, mayGoOn: true) : nil
                }
            }
            return NextFile(file: next)
        }
        // A name that is given just now may not have been there when the folder was read.
        if own == nil, RotatedFiles(of: path) != rotated { return nil }
        if let next = renamed.first(where: { !$0.status.isSameFile(as: file.status) }) { return NextFile(file: next) }
        if own == nil, let next = firstChanged(after: file, among: rotated) { return NextFile(file: next) }
        guard let named, named.size > 0, let next = try? OpenFile(path), next.status.isSameFile(as: named) else {
            return nil
        }
        // Opened before this: what was rotated meanwhile comes first.
        guard place(of: file, among: RotatedFiles(of: path)) == own, isNext(nil, after: own) else { return nil }
        return NextFile(file: next, mayGoOn: true)
    }

    /// Whether a look at the folder that is made now says the same of what comes after a rotated file.
    ///
    /// A name that is moved on while the folder is listed may be missing from the list under both its names. So where a number is
    /// missing between the two, as it also is while the names are moved on, the folder has to say so several times.
    private func isNext(_ younger: RotatedFiles.Member?, after own: RotatedFiles.Member?) -> Bool {
        guard let own else { return true }
        let looks = own.place.isFollowed(directlyBy: younger?.place) ? 1 : Self.looksAtGaps
        return (0..<looks).allSatisfy { _ in RotatedFiles(of: path).next(after: own) == younger }
    }

    /// Which of the rotated files this one is: by its inode, or packed, by its unpacked beginning.
    private func place(of file: OpenFile, among rotated: RotatedFiles) -> RotatedFiles.Member? {
        if let own = rotated.member(file.status) { return own }
        // While another name leads to it, it was not packed.
        if (try? System.status(file.descriptor))?.hasName == true { return nil }
        return rotated.members.first { member in
            member.isCompressed && (try? OpenFile(member.path))?.holdsRead(of: file) ?? false
        }
    }

    /// The rotated file that was changed first after one that is gone.
    private func firstChanged(after file: OpenFile, among rotated: RotatedFiles) -> OpenFile? {
        var first: (status: FileStatus, path: String)?
        for member in rotated.members where !member.isCompressed {
            guard let status = try? System.status(member.path), status.isRegular, !isOwn(status),
                status.modified > file.status.modified, status.modified <= first?.status.modified ?? .max
            else { continue }
            first = (status, member.path)
        }
        guard let first, let opened = try? OpenFile(first.path), opened.status.isSameFile(as: first.status),
            !opened.holdsRead(of: file), !wasRead(opened)
        else { return nil }
        return opened
    }

    // MARK: Copies

    /// The rotated files that are older than one that is begun. The youngest may be its copy, just being made.
    private func elders(of file: OpenFile, among rotated: RotatedFiles) -> Set<Elder> {
        var elders: Set<Elder> = []
        for (index, member) in rotated.members.enumerated() {
            guard let status = try? System.status(member.path) else { continue }
            if index == 0, !member.isCompressed, var youngest = try? OpenFile(member.path) {
                youngest.move(to: youngest.status.size)
                if status.size == 0 || file.holdsRead(of: youngest) { continue }
            }
            elders.insert(Elder(inode: status.inode, modified: status.modified))
        }
        return elders
    }

    /// The copy of a truncated file in which its rest can be read: younger than the file that was read before it, and the
    /// oldest of those, for a file that was begun and truncated at once shows little of itself.
    func copy(of file: OpenFile) -> OpenFile? {
        var listed: RotatedFiles?
        // Names may move on while they are looked at, the last one out of the list.
        while true {
            let rotated = RotatedFiles(of: path)
            if rotated == listed { return nil }
            listed = rotated
            var candidates: [OpenFile] = []
            for member in rotated.members {
                guard let copy = try? OpenFile(member.path) else { continue }
                if wasRead(copy) || elders.contains(Elder(inode: copy.status.inode, modified: copy.status.modified)) {
                    // What is older than this is older than the truncated file.
                    break
                }
                if !copy.status.isSameFile(as: file.status), copy.holdsRead(of: file) { candidates.append(copy) }
            }
            if let oldest = candidates.last { return oldest }
        }
    }
}
