import Glibc
import Ingest
import Onward

/// Whether the files that sinks and sources at brokers name can be read: by whoever asks, and by the service.
public struct SinkAccess: Sendable {
    /// What drop-ins give the service.
    private let grants = UnitGrants.installed()

    /// Who names files: the sources at brokers, then the sinks.
    private let owners: [Owner]

    private struct Owner {
        var name: String
        var files: [(key: String, path: String)]
        var isSink = false
    }

    /// Looks at the files of a configuration's sinks, and of its sources at brokers.
    public init(_ configuration: MonitorConfiguration) {
        let sources = configuration.sources.compactMap { source -> Owner? in
            guard case .mqtt(let address, _) = source.input else { return nil }
            return Owner(name: "source \(address)", files: source.mqtt.files)
        }
        owners =
            sources
            + configuration.sinks.map { Owner(name: "sink \($0.name)", files: $0.files, isSink: true) }
    }

    /// What is to be said, a line each; nothing is opened but for reading.
    public func remarks() -> [String] { lines { unusable($0) ?? refusal($0) } }

    /// The files that who asks cannot read, a line each: what they are for fails, or `run` refuses to start.
    public func failures() -> [String] { lines(unusable) }

    /// The files of sinks that who asks cannot read: `run` starts all the same, since they may come later.
    func failuresOfSinks() -> [String] { owners.filter(\.isSink).flatMap { lines(of: $0, unusable) } }

    private func lines(_ fault: (String) -> String?) -> [String] { owners.flatMap { lines(of: $0, fault) } }

    private func lines(of owner: Owner, _ fault: (String) -> String?) -> [String] {
        owner.files.compactMap { key, path in fault(path).map { "\(owner.name): \(key) \(path): \($0)" } }
    }

    private func unusable(_ path: String) -> String? {
        // Read-only, and a FIFO without a writer is not waited for. The path is a C string for the length of the call.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        if descriptor < 0 { return "cannot be read: \(InputAccess.reason(errno))" }
        close(descriptor)
        return InputAccess.facts(along: path).last?.isDirectory == true ? "is a folder" : nil
    }

    private func refusal(_ path: String) -> String? {
        let facts = InputAccess.facts(along: path)
        guard InputAccess.refusal(of: facts, grants: grants) != nil else { return nil }
        return "the service may not read it: chgrp monitord \(path) && chmod 640 \(path)"
    }
}
