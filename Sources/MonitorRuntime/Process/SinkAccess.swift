import Glibc
import Onward

/// Whether the files that sinks name can be read: by whoever asks, and by the service.
public struct SinkAccess: Sendable {
    private let sinks: [SinkConfiguration]
    /// What drop-ins give the service.
    private let grants = UnitGrants.installed()

    /// Looks at the files of a configuration's sinks.
    public init(_ configuration: MonitorConfiguration) { sinks = configuration.sinks }

    /// What is to be said, a line each; nothing is opened but for reading.
    public func remarks() -> [String] {
        sinks.flatMap { sink in
            sink.files.compactMap { key, path in fault(path).map { "sink \(sink.name): \(key) \(path): \($0)" } }
        }
    }

    private func fault(_ path: String) -> String? {
        // Read-only, and a FIFO without a writer is not waited for. The path is a C string for the length of the call.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        if descriptor < 0 { return "cannot be read: \(InputAccess.reason(errno))" }
        close(descriptor)
        let facts = InputAccess.facts(along: path)
        if facts.last?.isDirectory == true { return "is a folder" }
        guard InputAccess.refusal(of: facts, grants: grants) != nil else { return nil }
        return "the service may not read it: chgrp monitord \(path) && chmod 640 \(path)"
    }
}
