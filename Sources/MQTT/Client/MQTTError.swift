/// Why something cannot be had of a broker.
public enum MQTTError: Error, Equatable, Sendable, CustomStringConvertible {
    /// libmosquitto is not installed.
    case noLibrary(reason: String)
    /// An address that is none.
    case notABroker(String)
    /// A file that is named in the configuration cannot be used.
    case unusableFile(path: String, reason: String)
    /// The library refuses a setting.
    case refusedSetting(what: String, reason: String)
    /// The broker cannot be reached, or does not let us in.
    case cannotConnect(address: String, reason: String)
    /// A message was not acknowledged.
    case notAcknowledged(address: String, reason: String)

    /// What was attempted, on what, and why it failed, in one line.
    public var description: String {
        switch self {
        case .noLibrary(let reason):
            "cannot speak MQTT without libmosquitto (apt install libmosquitto1): \(reason)"
        case .notABroker(let text):
            "cannot find a broker in \"\(text)\": expected mqtt://HOST:1883 or mqtts://HOST:8883"
        case .unusableFile(let path, let reason): "cannot use \(path): \(reason)"
        case .refusedSetting(let what, let reason): "cannot set \(what) for MQTT: \(reason)"
        case .cannotConnect(let address, let reason): "cannot connect to \(address): \(reason)"
        case .notAcknowledged(let address, let reason): "no acknowledgement from \(address): \(reason)"
        }
    }
}
