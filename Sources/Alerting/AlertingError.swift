/// What can go wrong between an alert and the place it is written to.
public enum AlertingError: Error, Equatable, CustomStringConvertible {
    /// A stored record is not the JSON of an alert record.
    case unreadableRecord(String)
    /// A system call failed on a path or a descriptor.
    case system(call: String, path: String, code: Int32, reason: String)
    /// journald refused an entry.
    case journal(code: Int32, reason: String)
    /// A sink's thread is behind by as many deliveries as may wait.
    case queueFull(sink: String, capacity: Int)
    /// A sink was closed while a delivery waited.
    case closed(sink: String)
    /// This monitord was built without what a sink needs.
    case notBuilt(sink: String)

    /// What was attempted, on what, and why it failed, in one line.
    public var description: String {
        switch self {
        case .unreadableRecord(let why): "cannot read a stored alert record: \(why)"
        case .system(let call, let path, _, let reason): "cannot \(call) \(path): \(reason)"
        case .journal(_, let reason): "cannot send to journald: \(reason)"
        case .queueFull(let sink, let capacity): "cannot deliver to \(sink): \(capacity) deliveries wait already"
        case .notBuilt(let sink): "cannot deliver to \(sink): this monitord was built without the trait MQTT"
        case .closed(let sink): "cannot deliver to \(sink): it is closed"
        }
    }
}
