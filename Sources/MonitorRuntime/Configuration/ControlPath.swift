/// Where the control socket is when no key says so: in the folder that the system has for such things.
public struct ControlPath: Equatable, Sendable {
    /// The socket.
    public let path: String
    /// The variable that names its folder; `nil` when none does.
    public let variable: String?
    private static let file = "control.sock"
    /// Before the number of a process that has a socket of its own.
    private static let prefix = "control-"

    /// Finds it from the environment.
    ///
    /// - Returns: `nil` where there is no folder for it: a user without `XDG_RUNTIME_DIR`.
    public init?(environment: [String: String], isRoot: Bool) {
        if let folder = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first {
            (path, variable) = ("\(folder)/\(Self.file)", "RUNTIME_DIRECTORY")
        } else if isRoot {
            (path, variable) = ("/run/monitord/\(Self.file)", nil)
        } else if let folder = environment["XDG_RUNTIME_DIR"], folder.hasPrefix("/") {
            // The XDG base directory specification has relative paths ignored.
            (path, variable) = ("\(folder)/monitord/\(Self.file)", "XDG_RUNTIME_DIR")
        } else {
            return nil
        }
    }

    /// The socket of a process that is started by flags alone: there may be many beside the service.
    ///
    /// - Returns: `nil` where there is no folder for it.
    public static func ofProcess(_ number: Int32, environment: [String: String], isRoot: Bool) -> String? {
        ControlPath(environment: environment, isRoot: isRoot).map {
            "\($0.path.dropLast(file.utf8.count))\(prefix)\(number).sock"
        }
    }

    /// The process that a socket is of, by its path; `nil` of one that a configuration names.
    public static func process(of path: String) -> Int32? {
        guard let name = path.split(separator: "/").last, name.hasPrefix(prefix), name.hasSuffix(".sock") else {
            return nil
        }
        return Int32(name.dropFirst(prefix.utf8.count).dropLast(5))
    }

    /// Where a verb looks for the daemon that runs as a service, whoever calls it, then for one of the same user.
    public static func candidates(environment: [String: String], isRoot: Bool) -> [String] {
        let own = ControlPath(environment: environment, isRoot: isRoot)?.path
        let service = "/run/monitord/\(file)"
        return [own, service].compactMap { $0 }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
