import Glibc

/// A directory that is removed with its files when the test lets go of it.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/monitord-ingest-XXXXXX".utf8CString)
        // mkdtemp writes the name into the template, which is ours.
        path = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, let made = unsafe mkdtemp(start) else { return "/nonexistent" }
            return unsafe String(cString: made)
        }
    }

    deinit {
        for name in names() { _ = unsafe remove(file(name)) }
        _ = unsafe rmdir(path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ text: String, to name: String) { put(text, name, O_WRONLY | O_CREAT | O_TRUNC) }

    func write(bytes: [UInt8], to name: String) { put(bytes, name, O_WRONLY | O_CREAT | O_TRUNC) }

    func append(_ text: String, to name: String) { put(text, name, O_WRONLY | O_CREAT | O_APPEND) }

    func move(_ name: String, to other: String) { _ = unsafe rename(file(name), file(other)) }

    func delete(_ name: String) { _ = unsafe unlink(file(name)) }

    func link(_ name: String, to target: String) {
        delete(name)
        _ = unsafe symlink(file(target), file(name))
    }

    private func names() -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private func put(_ text: String, _ name: String, _ flags: Int32) { put(Array(text.utf8), name, flags) }

    private func put(_ content: [UInt8], _ name: String, _ flags: Int32) {
        let descriptor = unsafe open(file(name), flags, 0o644)
        var bytes = content
        _ = unsafe Glibc.write(descriptor, &bytes, bytes.count)
        close(descriptor)
    }
}
