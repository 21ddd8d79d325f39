/// Parts of paths.
enum PathName {
    /// Directory and last component.
    static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        return (directory, String(path[path.index(after: slash)...]))
    }

    static func join(_ directory: String, _ name: String) -> String {
        directory == "." ? name : directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    /// The last component without its last suffix: `pump3` of `/var/data/pump3.csv`.
    static func stem(_ path: String) -> String {
        let name = split(path).name
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    /// Whether a pattern can match more than its own text.
    static func hasWildcard(_ pattern: String) -> Bool { pattern.contains { "*?[".contains($0) } }
}
