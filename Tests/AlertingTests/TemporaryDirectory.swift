import Glibc

/// A directory of one test's own, removed with what is in it when the value is gone.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/monitord-alerting-XXXXXX".utf8CString)
        // The template is a terminated copy of this function's own.
        guard unsafe mkdtemp(&template) != nil else { throw AlertingTestError("mkdtemp: \(errno)") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? Self.remove(path) }

    /// Removes a file, or a directory with what is in it.
    static func remove(_ path: String) throws {
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard unsafe Glibc.remove(path) == 0 else { throw AlertingTestError("remove \(path): \(errno)") }
    }

    /// The names in a directory, sorted; none for a file.
    static func names(in path: String) throws -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The text of a file below the directory; `nil` when there is none.
    func read(_ name: String) -> String? {
        let descriptor = unsafe open("\(path)/\(name)", O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return readAll(descriptor)
    }

    /// Writes a file below the directory.
    func write(_ text: String, to name: String) throws {
        let descriptor = unsafe open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw AlertingTestError("open \(name): \(errno)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw AlertingTestError("write \(name): \(errno)")
        }
    }

    /// The names in the directory, sorted.
    var names: [String] { get throws { try Self.names(in: path) } }
}

/// Reads a descriptor to its end.
func readAll(_ descriptor: Int32) -> String {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        if count <= 0 { return String(decoding: text, as: UTF8.self) }
        text += buffer.prefix(count)
    }
}

/// What a test could not set up.
struct AlertingTestError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
