import Glibc

/// A file of an export, before it is written.
public struct ExportedFile: Equatable, Sendable {
    /// Its name, without the folder.
    public let name: String
    /// What is in it.
    public let bytes: [UInt8]

    /// Writes files into a folder, which is made when it is missing; each is whole, and on the disk, or not there.
    ///
    /// - Throws: ``OutputError``; when one is there already and none is to be replaced, nothing is written.
    static func write(_ files: [ExportedFile], to folder: String, replacing: Bool) throws(OutputError) {
        // The paths are copied for the calls, here and below.
        if unsafe mkdir(folder, 0o755) != 0, errno != EEXIST {
            throw .cannotCreate(path: folder, reason: lastError())
        }
        for file in files where !replacing {
            let path = "\(folder)/\(file.name)"
            guard unsafe access(path, F_OK) != 0 else {
                throw .cannotCreate(path: path, reason: "it is there already; --force replaces it")
            }
        }
        for file in files { try file.write(to: folder) }
        try sync(folder)
    }

    private func write(to folder: String) throws(OutputError) {
        let path = "\(folder)/\(name)"
        let unfinished = "\(folder)/.\(name).part"
        do throws(OutputError) {
            let output = try OutputFile(path: unfinished)
            try output.write(bytes)
            try output.flush()
            try Self.sync(unfinished)
            guard unsafe rename(unfinished, path) == 0 else {
                throw OutputError.cannotCreate(path: path, reason: Self.lastError())
            }
        } catch {
            unsafe unlink(unfinished)
            throw error
        }
    }

    private static func sync(_ path: String) throws(OutputError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: lastError()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, reason: lastError()) }
    }

    // strerror's text is copied before anything else can call it.
    private static func lastError() -> String { unsafe String(cString: strerror(errno)) }
}
