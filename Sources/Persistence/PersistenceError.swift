/// Why the state cannot be used.
public enum PersistenceError: Error, Equatable, CustomStringConvertible {
    /// Another process owns the state directory.
    case inUse(directory: String, owner: String)
    /// The directory or its lock cannot be made.
    case cannotCreate(path: String, reason: String)
    /// There is no state to read.
    case missing(directory: String)
    /// A later monitord wrote it.
    case newer(path: String, found: Int64, known: Int64)
    /// The database failed.
    case database(DatabaseError)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .inUse(let directory, let owner): "state directory \(directory) is in use by process \(owner)"
        case .cannotCreate(let path, let reason): "cannot create \(path): \(reason)"
        case .missing(let directory): "there is no state in \(directory)"
        case .newer(let path, let found, let known):
            "\(path) was written by a later monitord (schema \(found), this one knows \(known)): it is left alone"
        case .database(let error): error.description
        }
    }
}
