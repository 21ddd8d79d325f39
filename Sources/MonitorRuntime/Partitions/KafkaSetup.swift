internal import Ingest

#if Kafka
    internal import Kafka
#endif

/// Why topics of a Kafka cluster cannot be read here, which no waiting mends.
public enum KafkaSetupError: Error, Equatable, CustomStringConvertible {
    /// The library cannot be loaded.
    case noLibrary(reason: String)
    /// The library refuses a setting.
    case refused(key: String, reason: String)

    /// What is wrong, with the key to change, in one line.
    public var description: String {
        switch self {
        case .noLibrary(let reason): "source.kafka_library: \(reason)"
        case .refused(let key, let reason): "source.\(key): \(reason)"
        }
    }
}

/// What of the sources of Kafka's topics can be tried without their cluster: the library, and the settings that it gets.
public struct KafkaSetup: Sendable {
    private let inputs: [KafkaInput]

    /// Looks at the sources of a configuration.
    public init(_ configuration: MonitorConfiguration) {
        inputs = configuration.sources.compactMap { source in
            if case .kafka(let input) = source.input { return input }
            return nil
        }
    }

    /// What is missing, a line each: the library may be installed later.
    ///
    /// - Throws: ``KafkaSetupError/refused(key:reason:)`` for settings that the library refuses.
    public func remarks() throws(KafkaSetupError) -> [String] {
        var remarks: [String] = []
        for input in inputs {
            do {
                try Self.check(input)
            } catch .noLibrary(let reason) {
                let remark = "\(KafkaSetupError.noLibrary(reason: reason))"
                if !remarks.contains(remark) { remarks.append(remark) }
            }
        }
        return remarks
    }

    /// Tries the library and the settings of a source; nobody is connected to.
    static func check(_ input: KafkaInput) throws(KafkaSetupError) {
        #if Kafka
            do {
                let library = try KafkaLibrary.load(input.library ?? KafkaLibrary.defaultPath)
                try library.tryOut(input.options.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            } catch {
                switch error {
                case .noLibrary: throw .noLibrary(reason: "\(error)")
                case .badSetting(let name, _, let reason):
                    throw .refused(key: "kafka_options", reason: "\(name): \(reason)")
                case .failed(_, let reason), .fatal(let reason): throw .refused(key: "kafka_options", reason: reason)
                }
            }
        #endif
    }
}
