import Glibc

/// System calls of the sinks: `EINTR` is retried, and a failure is thrown with the call's name and what it was about.
package enum SystemCall {
    /// Runs a call that returns −1 and sets `errno` when it fails.
    @discardableResult
    package static func run<Number: SignedInteger>(
        _ call: String, on path: String, _ body: () -> Number
    ) throws(AlertingError) -> Number {
        while true {
            let result = body()
            if result != -1 { return result }
            let code = errno
            if code != EINTR { throw failure(call, path, code) }
        }
    }

    /// What is thrown for an error number.
    package static func failure(_ call: String, _ path: String, _ code: Int32) -> AlertingError {
        .system(call: call, path: path, code: code, reason: reason(code))
    }

    /// The system's words for an error number.
    package static func reason(_ code: Int32) -> String {
        // glibc's strerror returns a valid, thread-local or constant text for any number.
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    /// Writes all bytes in as few calls as the descriptor allows; for pipes and terminals.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32, named path: String) throws(AlertingError) {
        var done = 0
        while done < bytes.count {
            done += try writeOnce(bytes[done...], to: descriptor, named: path)
        }
    }

    /// Writes in one call.
    ///
    /// - Returns: how many bytes were written.
    static func writeOnce(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, named path: String)
        throws(AlertingError) -> Int
    {
        try run("write", on: path) {
            // The buffer is read during the call only.
            unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        }
    }

    /// Reads up to `count` bytes at an offset; fewer at the end of the file.
    static func read(_ count: Int, at offset: Int, from descriptor: Int32, named path: String)
        throws(AlertingError) -> [UInt8]
    {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = try run("read", on: path) {
            // The buffer is written during the call only, and is `count` bytes long.
            unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        }
        return Array(bytes.prefix(got))
    }

    /// What the system knows of an open file.
    static func status(of descriptor: Int32, named path: String) throws(AlertingError) -> stat {
        var status = stat()
        try run("look at", on: path) { unsafe fstat(descriptor, &status) }
        return status
    }

    /// What the system knows of a path; `nil` when there is nothing.
    static func status(ofPath path: String) -> stat? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status : nil
    }

    /// Whether an open file is the one that a path names.
    static func isFile(_ descriptor: Int32, at path: String) throws(AlertingError) -> Bool {
        let mine = try status(of: descriptor, named: path)
        guard let there = status(ofPath: path) else { return false }
        return there.st_ino == mine.st_ino && there.st_dev == mine.st_dev
    }

    /// The last bytes of an open file.
    static func tail(_ bytes: Int, of descriptor: Int32, named path: String) throws(AlertingError) -> [UInt8] {
        let size = try Int(status(of: descriptor, named: path).st_size)
        let count = min(size, bytes)
        return try read(count, at: size - count, from: descriptor, named: path)
    }

    /// Makes the names in the folder of a file durable.
    ///
    /// A folder that may be written to but not read, and a file system that cannot sync one, are left to the system's pace:
    /// without it no line would ever be written there.
    static func syncFolder(of path: String) throws(AlertingError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        do throws(AlertingError) {
            let descriptor = try run("open", on: folder) { unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            defer { close(descriptor) }
            try run("sync", on: folder) { fsync(descriptor) }
        } catch .system(_, _, EACCES, _) {
        } catch .system("sync", _, EINVAL, _) {
        }
    }
}
