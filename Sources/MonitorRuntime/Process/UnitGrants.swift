/// What drop-ins of the unit give the service beyond its own group: groups, and paths that the unit would hide.
struct UnitGrants: Equatable, Sendable {
    private(set) var groups: Set<String> = []
    private(set) var paths: [String] = []

    private static let folders = ["/usr/lib/systemd/system", "/run/systemd/system", "/etc/systemd/system"]
    private static let unit = "monitord.service"

    /// Nothing is given.
    init() {}

    /// Takes the settings of units' files, in the order in which systemd reads them; an empty one takes back those before.
    init(files: [String]) {
        for line in files.flatMap({ $0.split(separator: "\n") }) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let words = parts[1].split(separator: " ").map(String.init)
            switch parts[0].filter({ $0 != " " }) {
            case "SupplementaryGroups": groups = words.isEmpty ? [] : groups.union(words)
            // A source may be followed by another place, and led by "-" where it need not be there.
            case "BindReadOnlyPaths", "BindPaths":
                paths =
                    words.isEmpty
                    ? []
                    : paths
                        + words.map { word in
                            String(word.drop { $0 == "-" || $0 == "+" }.prefix { $0 != ":" })
                        }
            default: break
            }
        }
    }

    /// Whether a path is in a folder that a drop-in shows.
    func shows(_ path: String) -> Bool { paths.contains { path == $0 || path.hasPrefix($0 + "/") } }

    /// Of this machine; what cannot be read gives nothing. A drop-in counts once systemd has read it again.
    static func installed() -> UnitGrants {
        UnitGrants(
            files: folders.flatMap { folder in
                let dropIns = "\(folder)/\(unit).d"
                let names = (try? ConfigurationFiles.system.list(dropIns)) ?? []
                return names.filter { $0.hasSuffix(".conf") }.sorted().map { "\(dropIns)/\($0)" }
            }.compactMap { path in
                (try? ConfigurationFiles.system.read(path)).map { String(decoding: $0, as: UTF8.self) }
            })
    }
}
