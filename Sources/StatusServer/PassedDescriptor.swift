import Glibc

/// An open descriptor that the service manager handed over: a socket of a socket unit, or one that it kept for this
/// service over a restart.
///
/// The protocol is the environment's (sd_listen_fds(3)): `LISTEN_PID` is the process that is meant, `LISTEN_FDS` the number
/// of descriptors, which begin at 3, and `LISTEN_FDNAMES` their names with colons between.
public struct PassedDescriptor: Equatable, Sendable {
    /// The descriptor.
    public var number: Int32
    /// The name: `FileDescriptorName=` of the socket unit, or what it was stored as; `unknown` when there is none.
    public var name: String

    /// Creates one.
    public init(number: Int32, name: String) {
        self.number = number
        self.name = name
    }

    /// The first one, by the protocol.
    private static let first: Int32 = 3
    /// More than any service manager hands over; what is above is not believed.
    private static let most: Int32 = 1_024

    /// What an environment says was handed over to a process.
    ///
    /// - Returns: the descriptors in order; none when they are meant for another process or the variables make no sense.
    public static func listed(in environment: [String: String], process: Int32) -> [PassedDescriptor] {
        guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == process,
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0, count <= most
        else { return [] }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        return (0..<count).map { index in
            let name = Int(index) < names.count ? String(names[Int(index)]) : ""
            return PassedDescriptor(number: first + index, name: name.isEmpty ? "unknown" : name)
        }
    }

    /// Takes over what was handed to this process, once: the variables are gone afterwards, and no process that this one
    /// starts inherits the descriptors.
    ///
    /// It is to be called before there is a second thread: it changes the environment.
    public static func takeAll(from environment: [String: String]) -> [PassedDescriptor] {
        let listed = listed(in: environment, process: getpid())
        // The names are constants, and nobody else reads the environment yet.
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe _ = unsetenv(name) }
        // One that is not open fails here.
        return listed.filter { fcntl($0.number, F_SETFD, FD_CLOEXEC) == 0 }
    }
}
