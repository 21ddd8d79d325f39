import Glibc
import Ingest

/// Whether the files that the configuration names can be read, by who asks and by the service.
///
/// The service runs as a user of its own that exists only while it runs, in the group `monitord`: of a file it may read
/// what everybody may, and what a group may that a drop-in of the unit gives it.
public struct InputAccess: Sendable {
    /// What the system says about a path.
    struct Facts: Equatable, Sendable {
        var path: String
        var permissions: UInt32
        var owner: String
        var group: String
        var isDirectory = false
    }

    /// The example of the drop-in, as the package installs it.
    static let example = "/usr/share/doc/monitord/examples/read-logs.conf"
    private static let hiddenFolders = ["/home/", "/root/", "/run/user/"]

    private let patterns: [String]
    /// What drop-ins give the service.
    private let grants = UnitGrants.installed()

    /// Looks at the files of a configuration's sources.
    public init(_ configuration: MonitorConfiguration) {
        patterns = configuration.sources.compactMap { source in
            if case .file(let pattern) = source.input { return pattern }
            return nil
        }
    }

    /// What is to be said, a line each: files that are not there yet, that may not be read, or not by the service.
    public func remarks() -> [String] { patterns.flatMap(remarks) }

    private func remarks(_ pattern: String) -> [String] {
        let paths = Self.paths(matching: pattern)
        guard !paths.isEmpty else { return ["\(pattern): no such file yet; run waits for it"] }
        return paths.compactMap { path in
            // Read-only, and a FIFO without a writer is not waited for.
            let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            let code = errno
            if descriptor >= 0 { close(descriptor) }
            if path == pattern, Self.facts(along: path).last?.isDirectory == true {
                return
                    "\(path) is a folder; a source reads files: write file = \"\(path.hasSuffix("/") ? path : path + "/")*\""
            }
            let refusal = Self.refusal(of: Self.facts(along: path), grants: grants)
            if descriptor < 0, code != EACCES { return "cannot open \(path): \(Self.reason(code))" }
            if descriptor < 0 { return "may not read \(path): \(refusal ?? Self.reason(code))" }
            return refusal.map { "the service may not read \(path): \($0)" }
        }
    }

    /// Why the service may not read a file, and what to add to its unit; `nil` when it may.
    ///
    /// - Parameters:
    ///   - facts: of the folders on the way, outermost first, and of the file.
    ///   - grants: what drop-ins give the service.
    static func refusal(of facts: [Facts], grants: UnitGrants = UnitGrants()) -> String? {
        guard let path = facts.last?.path else { return nil }
        if let hidden = hiddenFolders.first(where: path.hasPrefix), !grants.shows(path) {
            return "the unit hides \(hidden.dropLast()) (ProtectHome); add a drop-in with BindReadOnlyPaths="
                + "\(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)), see \(example)"
        }
        for fact in facts {
            let (everybody, members): (UInt32, UInt32) = fact.isDirectory ? (0o1, 0o10) : (0o4, 0o40)
            if fact.permissions & everybody != 0 { continue }
            let mode = String(fact.permissions & 0o7777, radix: 8)
            let which = fact.isDirectory ? "its folder \(fact.path)" : "it"
            let owned = "\(which) belongs to \(fact.owner):\(fact.group) with mode 0\(mode)"
            guard fact.permissions & members != 0, fact.group != "root" else {
                return "\(owned), which leaves it to its owner; let a group of its own read it (chgrp, chmod g+r), "
                    + "and add that group in a drop-in, see \(example)"
            }
            if fact.group == "monitord" || grants.groups.contains(fact.group) { continue }
            return
                "\(owned); add a drop-in with SupplementaryGroups=\(fact.group): systemctl edit monitord, see \(example)"
        }
        return nil
    }

    static func facts(along path: String) -> [Facts] {
        var facts: [Facts] = []
        var walked = ""
        for part in path.split(separator: "/") {
            walked += (path.hasPrefix("/") || !walked.isEmpty ? "/" : "") + part
            var status = stat()
            // Fills a struct of ours; what cannot be looked at is left out.
            guard unsafe stat(walked, &status) == 0 else { break }
            facts.append(
                Facts(
                    path: walked, permissions: UInt32(status.st_mode), owner: userName(status.st_uid),
                    group: groupName(status.st_gid), isDirectory: status.st_mode & S_IFMT == S_IFDIR))
        }
        return facts
    }

    private static func userName(_ number: uid_t) -> String {
        // The entry is valid until the next call, and is copied at once.
        guard let entry = unsafe getpwuid(number), let name = unsafe entry.pointee.pw_name else { return "\(number)" }
        return unsafe String(cString: name)
    }

    private static func groupName(_ number: gid_t) -> String {
        // The entry is valid until the next call, and is copied at once.
        guard let entry = unsafe getgrgid(number), let name = unsafe entry.pointee.gr_name else { return "\(number)" }
        return unsafe String(cString: name)
    }

    static func reason(_ code: Int32) -> String {
        // glibc's strerror returns a valid text for any number.
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    /// The files of a pattern; a literal path is its own only match, when it is there.
    private static func paths(matching pattern: String) -> [String] {
        // Filled by glob, and given back by globfree.
        var matches = unsafe glob_t()
        defer { unsafe globfree(&matches) }
        guard unsafe glob(pattern, 0, nil, &matches) == 0 else {
            // What may not be looked into matches nothing, and that is what is to be told.
            let isLiteral = !pattern.contains { "*?[".contains($0) }
            let isThere = unsafe access(pattern, F_OK) == 0
            return isLiteral && !isThere && errno == EACCES ? [pattern] : []
        }
        // The array has as many texts as the count says, and lives until globfree.
        return unsafe (0..<Int(matches.gl_pathc)).compactMap { index in
            unsafe matches.gl_pathv[index].map { unsafe String(cString: $0) }
        }
    }
}
