import Glibc

/// Compresses the rotated files of a log, away from whoever writes alerts.
///
///     open .1 → alerts.jsonl.gz.tmp (gzip, fsync) → [lock of the log] → rename to .1.gz → fsync the folder → remove .1
///
/// The log may be rotated meanwhile, so where the file is by then is looked up by its inode, under the lock. A crash leaves
/// the plain file, or both, or both and a part under the temporary name: never a half `.gz`, never less than all lines. A
/// second writer's compression is noticed by the lock on the temporary file and left to do the work.
struct LogCompression {
    let files: LogFiles
    let limits: RollingLogLimits

    /// Compresses what is not compressed yet.
    ///
    /// - Throws: ``AlertingError``; what could not be compressed stays plain, and comes again next time.
    func run() throws(AlertingError) {
        var isFirst = true
        while let number = files.firstPlain {
            // A second round that finds the same file would find it for ever.
            guard try compress(number) || isFirst else { return }
            isFirst = false
        }
        let lock = try lockLog()
        defer { close(lock) }
        try files.bound(limits)
    }

    /// - Returns: whether a file is plain no longer.
    private func compress(_ number: Int) throws(AlertingError) -> Bool {
        let plain = files.plain(number)
        let source: Int32
        do throws(AlertingError) {
            source = try SystemCall.run("open", on: plain) { unsafe open(plain, O_RDONLY | O_CLOEXEC) }
        } catch .system(_, _, ENOENT, _) {
            // Rotated away, or removed, since it was seen.
            return false
        }
        defer { close(source) }
        guard let target = try openTemporary() else { return false }
        defer { close(target) }
        do throws(AlertingError) {
            try GzipFile.compress(source, to: target, named: files.temporary)
            try SystemCall.run("sync", on: files.temporary) { fsync(target) }
            return try putInPlace(source)
        } catch {
            // Half a file is of no use; should this fail too, the next compression writes over it.
            _ = unsafe unlink(files.temporary)
            throw error
        }
    }

    /// The temporary file, empty and locked; `nil` while another writer has it.
    private func openTemporary() throws(AlertingError) -> Int32? {
        let path = files.temporary
        let descriptor = try SystemCall.run("open", on: path) {
            unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640 as mode_t)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, try SystemCall.isFile(descriptor, at: path) else {
            close(descriptor)
            return nil
        }
        _ = ftruncate(descriptor, 0)
        return descriptor
    }

    /// Gives the compressed file the name that belongs to the plain one now, and removes the plain one.
    private func putInPlace(_ source: Int32) throws(AlertingError) -> Bool {
        let lock = try lockLog()
        defer { close(lock) }
        var number = 1
        while SystemCall.status(ofPath: files.plain(number)) != nil
            || SystemCall.status(ofPath: files.compressed(number)) != nil
        {
            let (plain, compressed) = (files.plain(number), files.compressed(number))
            if try SystemCall.isFile(source, at: plain) {
                let temporary = files.temporary
                try SystemCall.run("rename", on: temporary) { unsafe rename(temporary, compressed) }
                // The name is on the disk before the other one goes.
                try SystemCall.syncFolder(of: compressed)
                try files.remove(plain)
                return true
            }
            number += 1
        }
        // It fell off the end meanwhile.
        _ = unsafe unlink(files.temporary)
        return false
    }

    /// The log's own lock, which rotation holds; closing the descriptor gives it back.
    private func lockLog() throws(AlertingError) -> Int32 {
        let path = files.path
        while true {
            let descriptor = try SystemCall.run("open", on: path) {
                unsafe open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o640 as mode_t)
            }
            do throws(AlertingError) {
                try SystemCall.run("lock", on: path) { flock(descriptor, LOCK_EX) }
                if try SystemCall.isFile(descriptor, at: path) { return descriptor }
            } catch {
                close(descriptor)
                throw error
            }
            // Rotated between the two calls.
            close(descriptor)
        }
    }
}
