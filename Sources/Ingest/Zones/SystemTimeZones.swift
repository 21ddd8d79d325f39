public import TimeSeries

/// Why the rules of a zone are not to be had.
public enum TimeZoneLoadingError: Error, Equatable, CustomStringConvertible {
    /// The text can be no zone's name.
    case invalidName(String)
    /// The system has no zone files at all.
    case notInstalled(name: String, folder: String)
    /// The system has zone files but none of this name.
    case unknown(name: String, folder: String)
    /// The file cannot be read or understood.
    case unusable(name: String, path: String, reason: String)

    /// What was asked for and why it failed, in one line.
    public var description: String {
        switch self {
        case .invalidName(let name):
            "cannot use \"\(name.prefix(60))\" as a time zone: expected a name such as \"Europe/Berlin\" or \"UTC\""
        case .notInstalled(let name, let folder):
            "cannot read the time zone \(name): there is no \(folder); install the package tzdata"
        case .unknown(let name, let folder): "cannot find the time zone \(name) in \(folder)"
        case .unusable(let name, let path, let reason): "cannot read the time zone \(name) from \(path): \(reason)"
        }
    }
}

/// The time zones of the system: the TZif files that the package tzdata brings.
///
/// Zones are in `$TZDIR`, else `/usr/share/zoneinfo`, a file for each name. UTC needs no file.
public struct SystemTimeZones: Sendable {
    /// The largest zone file that is read; real ones have up to 4 kB.
    private static let largestFile = 1 << 18

    /// As the environment of the process says.
    static let process = SystemTimeZones(
        environment: ["TZ", "TZDIR"].reduce(into: [:]) { $0[$1] = System.variable($1) })

    private let folder: String
    private let zoneVariable: String?
    private let localFile: String
    private let nameFile: String

    /// Creates a view of the system's zones.
    ///
    /// - Parameters:
    ///   - environment: `TZ` and `TZDIR` are looked at.
    ///   - root: put before the paths of the system, for tests.
    public init(environment: [String: String], root: String = "") {
        let named = environment["TZDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        folder = named ?? root + "/usr/share/zoneinfo"
        zoneVariable = environment["TZ"]
        localFile = root + "/etc/localtime"
        nameFile = root + "/etc/timezone"
    }

    /// The rules of a zone by its name (`Europe/Berlin`), or of a POSIX text (`CET-1CEST,M3.5.0,M10.5.0/3`).
    ///
    /// A name leads to a file in the folder of zones and nowhere else.
    /// - Throws: ``TimeZoneLoadingError``.
    public func rules(named name: String) throws(TimeZoneLoadingError) -> TimeZoneRules {
        if name == "UTC" || name == "Etc/UTC" { return .utc }
        guard Self.isName(name) else {
            guard let rules = TimeZoneRules(name: name, posix: name) else { throw .invalidName(name) }
            return rules
        }
        do {
            return try file(folder + "/" + name, name: name)
        } catch let error {
            if let rules = TimeZoneRules(name: name, posix: name) { return rules }
            guard (try? System.status(folder)) != nil else { throw .notInstalled(name: name, folder: folder) }
            guard (try? System.status(folder + "/" + name)) != nil else { throw .unknown(name: name, folder: folder) }
            throw error
        }
    }

    /// The rules by the name that other rules had, which may be the path of a file that has no better name.
    ///
    /// - Throws: ``TimeZoneLoadingError``.
    public func rules(again name: String) throws(TimeZoneLoadingError) -> TimeZoneRules {
        name.hasPrefix("/") ? try file(name, name: name) : try rules(named: name)
    }

    /// The zone of this machine: from `TZ`, else `/etc/localtime` (a link to a zone's file, or a copy of one), else
    /// `/etc/timezone`, else UTC.
    ///
    /// - Returns: the rules, and why they are UTC when another zone is named that cannot be read.
    public func local() -> (rules: TimeZoneRules, problem: TimeZoneLoadingError?) {
        do {
            return (try localRules(), nil)
        } catch {
            return (.utc, error)
        }
    }

    private func localRules() throws(TimeZoneLoadingError) -> TimeZoneRules {
        if let text = zoneVariable {
            let name = text.hasPrefix(":") ? String(text.dropFirst()) : text
            if name.isEmpty { return .utc }
            return try rules(again: nameInFolder(name) ?? name)
        }
        if let target = System.target(ofLink: localFile), let name = nameInFolder(target) {
            return try rules(named: name)
        }
        let written = writtenName()
        guard (try? System.status(localFile)) != nil else {
            guard let written else { return .utc }
            return try rules(named: written)
        }
        // A copy does not say whose it is: the other file's word is taken when its zone has the same bytes.
        if let written, let copy = try? System.contents(of: localFile, atMost: Self.largestFile),
            copy == (try? System.contents(of: folder + "/" + written, atMost: Self.largestFile))
        {
            return try rules(named: written)
        }
        return try file(localFile, name: localFile)
    }

    /// The zone's name in a path to its file; `nil` for other paths, and for names.
    private func nameInFolder(_ path: String) -> String? {
        for mark in [folder + "/", "/zoneinfo/"] {
            guard let range = path.firstRange(of: mark) else { continue }
            let name = String(path[range.upperBound...])
            if Self.isName(name) { return name }
        }
        return nil
    }

    /// What `/etc/timezone` says, when that is a name.
    private func writtenName() -> String? {
        guard let bytes = try? System.contents(of: nameFile, atMost: 1_024) else { return nil }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }
        let name = String(decoding: line, as: UTF8.self)
        return Self.isName(name) ? name : nil
    }

    private func file(_ path: String, name: String) throws(TimeZoneLoadingError) -> TimeZoneRules {
        let bytes: [UInt8]
        do {
            bytes = try System.contents(of: path, atMost: Self.largestFile)
        } catch {
            throw .unusable(name: name, path: path, reason: error.reason)
        }
        do {
            return try TimeZoneRules(name: name, tzif: bytes)
        } catch {
            throw .unusable(name: name, path: path, reason: "\(error)")
        }
    }

    /// Letters, digits, `_ + - .` in parts between slashes, none of which leads up or is empty.
    private static func isName(_ text: String) -> Bool {
        guard (1...255).contains(text.utf8.count), !text.hasPrefix("-") else { return false }
        return text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
                && part.utf8.allSatisfy { byte in
                    (65...90).contains(byte & 0xdf) || (48...57).contains(byte) || "_+-.".utf8.contains(byte)
                }
        }
    }
}
