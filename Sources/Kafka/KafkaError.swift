/// Why brokers cannot be used.
public enum KafkaError: Error, Equatable, CustomStringConvertible {
    /// librdkafka is not there, or too old.
    case noLibrary(path: String, reason: String)
    /// A setting that the library refuses.
    case badSetting(name: String, value: String, reason: String)
    /// A call failed.
    case failed(attempt: String, reason: String)
    /// The client cannot go on and has to be made anew: fenced by another member of its name, say.
    case fatal(reason: String)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .noLibrary(let path, let reason):
            "cannot load \(path): \(reason); install librdkafka (in Debian the package librdkafka1)"
        case .badSetting(let name, let value, let reason):
            "Kafka's setting \(name) cannot be \"\(value)\": \(reason)"
        case .failed(let attempt, let reason): "cannot \(attempt): \(reason)"
        case .fatal(let reason): "the Kafka client cannot go on: \(reason)"
        }
    }
}
