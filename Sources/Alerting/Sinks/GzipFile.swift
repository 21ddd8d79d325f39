import CZlib
import Glibc

/// gzip over whole files, in pieces: the format that `zcat` and every log shipper read (RFC 1952).
enum GzipFile {
    private static let piece = 64 << 10

    /// Writes the compressed content of one open file into another, from where both stand.
    ///
    /// - Throws: ``AlertingError/system(call:path:code:reason:)``; then the target holds a part.
    static func compress(_ source: Int32, to target: Int32, named name: String) throws(AlertingError) {
        // zlib closes what it is given; the caller's descriptor stays for its fsync.
        let own = try SystemCall.run("duplicate", on: name) { fcntl(target, F_DUPFD_CLOEXEC, 0) }
        guard let file = unsafe gzdopen(own, "wb6") else {
            close(own)
            throw SystemCall.failure("compress", name, ENOMEM)
        }
        do throws(AlertingError) {
            // `file` is open until gzclose below.
            try unsafe copy(source, into: file, named: name)
        } catch {
            _ = unsafe gzclose(file)
            throw error
        }
        errno = 0
        guard unsafe gzclose(file) == Z_OK else { throw SystemCall.failure("write", name, errno == 0 ? EIO : errno) }
    }

    private static func copy(_ source: Int32, into file: gzFile, named name: String) throws(AlertingError) {
        var offset = 0
        while true {
            let bytes = try SystemCall.read(piece, at: offset, from: source, named: name)
            if bytes.isEmpty { return }
            offset += bytes.count
            errno = 0
            // The array is read during the call only.
            let written = unsafe gzwrite(file, bytes, UInt32(bytes.count))
            guard Int(written) == bytes.count else { throw SystemCall.failure("write", name, errno == 0 ? EIO : errno) }
        }
    }

    /// The last bytes of what a file unpacks to; what a damaged file still gives.
    ///
    /// - Complexity: O(size of the file); holds at most twice `count` bytes.
    static func tail(_ count: Int, ofFile path: String) throws(AlertingError) -> [UInt8] {
        let descriptor = try SystemCall.run("open", on: path) { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC) }
        guard let file = unsafe gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw SystemCall.failure("unpack", path, ENOMEM)
        }
        defer { _ = unsafe gzclose(file) }
        var tail: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: piece)
        while true {
            // zlib writes at most the buffer's own count of bytes.
            let got = unsafe gzread(file, &buffer, UInt32(buffer.count))
            guard got > 0 else { break }
            tail += buffer.prefix(Int(got))
            if tail.count > 2 * count { tail.removeFirst(tail.count - count) }
        }
        return Array(tail.suffix(count))
    }
}
