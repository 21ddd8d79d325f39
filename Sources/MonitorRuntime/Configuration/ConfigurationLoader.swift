public import Ingest

/// Reads the configuration: built-in defaults, a file, `conf.d/*.toml` beside it in name order, environment, flags.
///
/// Each overrides the ones before it, key by key, and `[[source]]` and `[[sink]]` tables add up. `monitord check` and start-up both come through here.
///
/// An environment variable is `MONITORD_` and the key in capitals; two underscores lead into a table:
/// `MONITORD_FALSE_ALARMS=2/day`, `MONITORD_DEFAULTS__RUNBOOK=…`. Sources, sinks and series patterns have none.
public struct ConfigurationLoader: Sendable {
    /// The file that is read when nobody says which.
    public static let standardFile = "/etc/monitord/monitord.toml"

    private let environment: [String: String]
    private let isRoot: Bool
    private let files: ConfigurationFiles
    private let zones: SystemTimeZones

    /// Creates a loader.
    ///
    /// - Parameters:
    ///   - environment: the environment of the process.
    ///   - isRoot: whether the process runs as root, which decides where the rolling log is when nobody says.
    ///   - files: how files are reached.
    ///   - zones: where time zones are found; the system's when nobody says.
    public init(
        environment: [String: String], isRoot: Bool, files: ConfigurationFiles = .system, zones: SystemTimeZones? = nil
    ) {
        self.zones = zones ?? SystemTimeZones(environment: environment)
        self.environment = environment
        self.isRoot = isRoot
        self.files = files
    }

    /// Reads and validates.
    ///
    /// A standard file that does not exist is no problem, one that was asked for is. No source at all is no problem
    /// either: what it means depends on the verb.
    ///
    /// - Parameter overrides: what the command line says.
    /// - Returns: the configuration with `alerting.logPath` and `stateDirectory` resolved from what systemd or the
    ///   user's environment says when no key does.
    /// - Throws: `ConfigurationError` with every problem, not only the first.
    public func load(
        _ overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) throws(ConfigurationError) -> LoadedConfiguration {
        var draft = ConfigurationDraft()
        var read: [String] = []
        let isAsked = overrides.file != nil
        if let file = overrides.file
            ?? (overrides.readsStandardFile && overrides.inputs.isEmpty ? Self.standardFile : nil)
        {
            if readFile(file, mustExist: isAsked, into: &draft) { read.append(file) }
            for extra in extraFiles(beside: file, into: &draft) where readFile(extra, mustExist: true, into: &draft) {
                read.append(extra)
            }
        }
        draft.apply(environment: environment)
        draft.checkSources(isInputNamed: !overrides.inputs.isEmpty)
        draft.checkSinks()
        draft.apply(overrides)
        draft.checkFlowSeries()
        draft.checkGlobal()
        draft.resolvePlaces(
            environment: environment, isRoot: isRoot, isService: isAsked || overrides.inputs.isEmpty)
        let remarks = draft.resolveZones(zones)
        guard draft.problems.isEmpty else { throw ConfigurationError(draft.problems) }
        let detection = draft.configuration.detection
        return LoadedConfiguration(
            configuration: draft.configuration, files: read, merged: draft.merged(files: read),
            remarks: remarks + detection.idleEntryRemarks,
            draft: draft)
    }

    /// Reads one file into the draft; `false` when it does not exist or was not understood.
    private func readFile(_ path: String, mustExist: Bool, into draft: inout ConfigurationDraft) -> Bool {
        do {
            guard let bytes = try files.read(path) else {
                if mustExist { draft.problems.append(.unreadable(path: path, reason: "no such file")) }
                return false
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
                let reason = "not UTF-8 text\(isUTF16 ? " but UTF-16" : ""): save the file as UTF-8"
                draft.problems.append(.syntax(place: Self.place(ofDamageIn: bytes, path), reason: reason))
                return false
            }
            return read(text, of: path, into: &draft)
        } catch {
            draft.problems.append(.unreadable(path: path, reason: error.reason))
            return false
        }
    }

    /// Where bytes stop being UTF-8.
    private static func place(ofDamageIn bytes: [UInt8], _ path: String) -> ConfigurationPlace {
        var line = 1
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")),
            String(validating: bytes[start..<end], as: UTF8.self) != nil
        {
            line += 1
            start = end + 1
        }
        // A line is short: the longest whole beginning is looked for from its end.
        let rest = bytes[start...].prefix { $0 != UInt8(ascii: "\n") }
        var good = rest
        while !good.isEmpty, String(validating: good, as: UTF8.self) == nil { good.removeLast() }
        let column = (String(validating: good, as: UTF8.self)?.unicodeScalars.count ?? 0) + 1
        return .file(path: path, line: line, column: column)
    }

    private func read(_ text: String, of path: String, into draft: inout ConfigurationDraft) -> Bool {
        do {
            draft.apply(try TOMLDocument(text: text), file: path)
            return true
        } catch {
            let place = ConfigurationPlace.file(path: path, line: error.line, column: error.column)
            draft.problems.append(.syntax(place: place, reason: error.reason))
            return false
        }
    }

    /// The paths of `conf.d/*.toml` beside a file, in the order of their names' bytes. Hidden files are left out.
    private func extraFiles(beside file: String, into draft: inout ConfigurationDraft) -> [String] {
        let folder = (file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + "conf.d"
        do {
            return try files.list(folder)
                .filter { $0.hasSuffix(".toml") && !$0.hasPrefix(".") }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                .map { folder + "/" + $0 }
        } catch {
            draft.problems.append(.unreadable(path: folder, reason: error.reason))
            return []
        }
    }
}
