import CZlib
import Glibc

/// The lines of a text file, plain or in gzip, read in blocks: memory is bounded by the longest line that is accepted.
enum TextLines {
    /// No line may be longer than this many bytes.
    static let longestLine = 1 << 20
    private static let blockSize = 64 << 10

    /// Hands over each line without its end (`\n` or `\r\n`) and its number from 1; a byte order mark is dropped.
    ///
    /// - Parameter path: `-` is standard input.
    /// - Throws: ``EvaluationError``, also what `take` throws.
    static func read(
        _ path: String, _ take: (_ line: [UInt8], _ number: Int) throws(EvaluationError) -> Void
    ) throws(EvaluationError) {
        var line: [UInt8] = []
        var number = 1
        func hand() throws(EvaluationError) {
            if line.last == 13 { line.removeLast() }
            if number == 1, line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
            try take(line, number)
            line.removeAll(keepingCapacity: true)
            number += 1
        }
        try readBlocks(path) { block throws(EvaluationError) in
            var rest = block
            while let end = rest.firstIndex(of: 10) {
                line += rest[..<end]
                rest = rest[(end + 1)...]
                try hand()
            }
            line += rest
            guard line.count <= longestLine else {
                throw .badLine(path: path, line: number, reason: "it is longer than \(longestLine) bytes")
            }
        }
        if !line.isEmpty { try hand() }
    }

    /// The whole of a file.
    ///
    /// - Throws: ``EvaluationError``, also when it is longer than `limit` bytes.
    static func contents(of path: String, atMost limit: Int) throws(EvaluationError) -> [UInt8] {
        var bytes: [UInt8] = []
        try readBlocks(path) { block throws(EvaluationError) in
            guard bytes.count + block.count <= limit else {
                throw .mismatch("\(path) is longer than the \(limit >> 20) MiB that are read")
            }
            bytes += block
        }
        return bytes
    }

    /// Whether a path is a folder; `nil` when it leads nowhere.
    static func isFolder(_ path: String) -> Bool? {
        var status = stat()
        // The path is copied into a C string for the call, the struct is ours.
        guard unsafe stat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    private static func readBlocks(
        _ path: String, _ take: (ArraySlice<UInt8>) throws(EvaluationError) -> Void
    ) throws(EvaluationError) {
        if path != "-", isFolder(path) == true { throw .cannotOpen(path: path, reason: "it is a folder") }
        // The path is copied into a C string for the call.
        let descriptor = path == "-" ? dup(STDIN_FILENO) : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: lastError()) }
        // zlib owns the descriptor from here on and reads what is no gzip as it is.
        guard let file = unsafe gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw .cannotOpen(path: path, reason: "out of memory")
        }
        defer { _ = unsafe gzclose(file) }
        var block = [UInt8](repeating: 0, count: blockSize)
        while true {
            // At most the length of the buffer is written, which is ours for the call.
            let count = Int(unsafe gzread(file, &block, UInt32(block.count)))
            if count < 0 { throw .cannotRead(path: path, reason: "reading or unpacking it failed") }
            if count == 0 { break }
            try take(block[..<count])
        }
        var code: Int32 = Z_OK
        // The text that comes back is zlib's and not looked at.
        _ = unsafe gzerror(file, &code)
        if code != Z_OK { throw .cannotRead(path: path, reason: "the gzip file is cut off or damaged") }
    }

    private static func lastError() -> String {
        // strerror of glibc is thread safe; the text is copied before anything else is called.
        let text = unsafe String(cString: strerror(errno))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
