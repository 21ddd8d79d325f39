// The system calls of the module, each retried on EINTR and throwing the errno with the call's name.
//
// This file and ReadingThread.swift are the only ones in the module with unsafe code: pointers here live for one call.

import CLinux
import Glibc

/// A system call that failed.
struct SystemCallError: Error, Equatable, CustomStringConvertible {
    /// The call: `open`.
    var call: String
    /// Its errno.
    var code: Int32

    /// The system's text for the errno, beginning in lower case.
    var reason: String {
        // strerror of glibc is thread safe; the text is copied before anything else is called.
        let text = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    var description: String { "\(call): \(reason)" }

    /// Whether a descriptor that does not block had nothing to give.
    var isNothingYet: Bool { code == EAGAIN || code == EWOULDBLOCK }
}

/// An open file descriptor, closed with its last reference.
final class Descriptor: Sendable {
    let number: Int32
    private let isOwned: Bool

    /// Wraps a descriptor; one that is not owned stays open.
    init(_ number: Int32, isOwned: Bool = true) {
        self.number = number
        self.isOwned = isOwned
    }

    deinit { if isOwned { close(number) } }
}

/// What `stat` says of a file.
struct FileStatus: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    /// Time of the last change in nanoseconds, as coarse as the kernel's tick.
    var modified: Int64
    var isRegular: Bool
    /// Whether a name still leads to it.
    var hasName: Bool

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        hasName = status.st_nlink > 0
        isRegular = status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether both are the same file.
    func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}

/// System calls.
enum System {
    /// Repeats a call that a signal interrupted.
    static func retrying<Result: SignedInteger>(
        _ call: String, _ body: () -> Result
    ) throws(SystemCallError) -> Result {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            guard code == EINTR else { throw SystemCallError(call: call, code: code) }
        }
    }

    /// Opens a file for reading; with `waits`, a FIFO is waited for until it has a writer.
    static func openForReading(_ path: String, waits: Bool = false) throws(SystemCallError) -> Descriptor {
        // O_NONBLOCK means nothing for regular files.
        let flags = O_RDONLY | O_CLOEXEC | (waits ? 0 : O_NONBLOCK)
        return Descriptor(try retrying("open") { unsafe open(path, flags) })
    }

    /// Whether a path may be opened for reading, without opening it.
    static func checkReadable(_ path: String) throws(SystemCallError) {
        _ = try retrying("access") { unsafe access(path, R_OK) }
    }

    /// Status of an open file.
    static func status(_ descriptor: Descriptor) throws(SystemCallError) -> FileStatus {
        var result = stat()
        _ = try retrying("fstat") { unsafe fstat(descriptor.number, &result) }
        return FileStatus(result)
    }

    /// Status of the file that a path leads to.
    static func status(_ path: String) throws(SystemCallError) -> FileStatus {
        var result = stat()
        _ = try retrying("stat") { unsafe stat(path, &result) }
        return FileStatus(result)
    }

    /// Reads into a buffer; 0 at the end.
    static func read(_ descriptor: Descriptor, into buffer: inout [UInt8]) throws(SystemCallError) -> Int {
        let count = buffer.count
        return try retrying("read") {
            // The buffer is exclusively ours for the call, and the count is its own.
            unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor.number, $0.baseAddress, count) }
        }
    }

    /// Reads from a place in a file into a buffer.
    static func read(
        _ descriptor: Descriptor, at offset: Int64, into buffer: inout [UInt8]
    ) throws(SystemCallError) -> Int {
        let count = buffer.count
        return try retrying("pread") {
            // As in `read`.
            unsafe buffer.withUnsafeMutableBytes {
                unsafe pread(descriptor.number, $0.baseAddress, count, off_t(offset))
            }
        }
    }

    /// The first bytes of a file, from its start.
    static func contents(of path: String, atMost limit: Int) throws(SystemCallError) -> [UInt8] {
        let file = try openForReading(path)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < limit {
            let count = try read(file, into: &buffer)
            if count == 0 { break }
            bytes += buffer.prefix(min(count, limit - bytes.count))
        }
        return bytes
    }

    /// A variable of the environment.
    static func variable(_ name: String) -> String? {
        // The process changes no variables, so that the text stays.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Where a symbolic link leads, as written; `nil` when the path is none.
    static func target(ofLink path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        // The buffer is exclusively ours for the call, and the count is its own.
        let count = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return unsafe readlink(path, start, buffer.count)
        }
        return count > 0 ? String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// A counter that can be waited for: readable while it is above 0, see ``raise(_:)`` and ``lower(_:)``.
    static func makeEventCounter(_ initial: Int) throws(SystemCallError) -> Descriptor {
        Descriptor(try retrying("eventfd") { monitord_event_counter(UInt32(initial)) })
    }

    /// Adds one to a counter. It cannot fail: no counter here comes near 2^64.
    static func raise(_ counter: Descriptor) {
        var one: UInt64 = 1
        _ = unsafe write(counter.number, &one, 8)
    }

    /// Takes one from a counter that is above 0.
    static func lower(_ counter: Descriptor) throws(SystemCallError) {
        var taken = [UInt8](repeating: 0, count: 8)
        _ = try read(counter, into: &taken)
    }

    /// Waits until one of the descriptors can be read, or `milliseconds` passed (-1: for ever).
    ///
    /// - Returns: for each descriptor whether it can be read (or has ended).
    static func wait(for descriptors: [Descriptor], milliseconds: Int32) throws(SystemCallError) -> [Bool] {
        var polled = descriptors.map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
        _ = try retrying("poll") { unsafe poll(&polled, nfds_t(polled.count), milliseconds) }
        return polled.map { $0.revents != 0 }
    }

    /// Names in a directory, in no order; none when it cannot be read.
    static func names(inDirectory path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // d_name is a C string within the entry, which stays until the next readdir.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Paths that match a pattern with `*`, `?` and `[…]`, sorted by their bytes.
    static func paths(matching pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, GLOB_NOSORT, nil, &found) == 0, let paths = unsafe found.gl_pathv else { return [] }
        var names: [String] = []
        for index in 0..<Int(unsafe found.gl_pathc) {
            // glob gives gl_pathc C strings, which are ours until globfree.
            if let path = unsafe paths[index] { names.append(unsafe String(cString: path)) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
