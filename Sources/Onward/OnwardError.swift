public import Alerting

/// Why an alert did not get to another system.
///
/// Addresses are told without path and query: those of chat systems hold secrets.
public enum OnwardError: DeliveryError, Equatable, CustomStringConvertible {
    /// A library that is loaded when it is needed is not there.
    case noLibrary(name: String, package: String, reason: String)
    /// A file that the configuration names cannot be used.
    case unusableFile(path: String, reason: String)
    /// No answer came.
    case unreachable(place: String, reason: String)
    /// The answer was not that it is taken.
    case refused(place: String, status: Int, reason: String, retryAfter: Duration?)
    /// A message that does not fit into a datagram.
    case tooLong(place: String, bytes: Int)
    /// The other end has closed its connection, or does not take what was written.
    case connectionLost(place: String, reason: String)

    /// What was attempted, on what, and why it failed, in one line.
    public var description: String {
        switch self {
        case .noLibrary(let name, let package, let reason):
            "cannot load \(name): install Debian's package \(package) (\(reason))"
        case .unusableFile(let path, let reason): "cannot use \(path): \(reason)"
        case .unreachable(let place, let reason): "cannot reach \(place): \(reason)"
        case .refused(let place, let status, let reason, _):
            "\(place) answers \(status)\(reason.isEmpty ? "" : ": \(reason)")"
        case .tooLong(let place, let bytes): "cannot send \(bytes) bytes to \(place): too long for a datagram"
        case .connectionLost(let place, let reason): "lost the connection to \(place): \(reason)"
        }
    }

    /// Answers that are about this message, so that the same message would get the same answer for ever. Everything else an
    /// operator mends (401, 403, 404, 405, 410, 415), or time does (408, 425, 429, 5xx).
    private static let finalStatuses: Set<Int> = [400, 409, 413, 422]

    /// Whether the record will never be taken.
    public var isFinal: Bool {
        switch self {
        case .refused(_, let status, _, _): Self.finalStatuses.contains(status)
        case .tooLong: true
        default: false
        }
    }

    /// How long the other end asks to be left alone.
    public var retryAfter: Duration? {
        if case .refused(_, _, _, let wait) = self { wait } else { nil }
    }
}
