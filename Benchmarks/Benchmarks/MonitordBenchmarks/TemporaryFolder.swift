import FoundationEssentials

/// A folder of its own for one benchmark, removed with the value.
final class TemporaryFolder: Sendable {
    /// Where it is.
    let path: String

    /// Makes an empty folder.
    init() throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "monitord-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        path = place.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
