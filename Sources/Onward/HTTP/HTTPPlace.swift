/// The address of something that takes a POST: `https://host:port/path?query`.
public struct HTTPPlace: Equatable, Sendable, CustomStringConvertible {
    /// All of it.
    public let url: String
    /// Host and port, as they were written.
    public let authority: String

    /// Reads an address.
    ///
    /// - Returns: `nil` for what is no address of http or https, for one with a user or a password, which belong into a
    ///   file, for one with a fragment, and for characters that an address cannot have.
    public init?(_ text: String) {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" })
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains("#"), NetworkPlace(authority) != nil
        else {
            return nil
        }
        url = text
        self.authority = authority
    }

    /// Scheme, host and port: paths and queries may be secrets.
    public var description: String { (url.hasPrefix("https") ? "https://" : "http://") + authority }

    /// The address with more path, behind a path that is there; somebody may have written all of it.
    func appending(_ path: String) -> String {
        var base = url[...]
        while base.last == "/" { base = base.dropLast() }
        return base.hasSuffix(path) ? String(base) : base + path
    }

    /// Whether there is nothing that a path can be put behind.
    public var hasQuery: Bool { url.contains("?") }
}

/// A host and, perhaps, a port.
struct NetworkPlace: Equatable {
    /// A name or an address in numbers, without brackets.
    var host: String
    var port: UInt16?

    /// Reads `host`, `host:port`, `[::1]` or `[::1]:port`; `nil` for anything else.
    init?(_ text: String) {
        var name = text[...]
        if name.first == "[" {
            guard let end = name.firstIndex(of: "]") else { return nil }
            host = String(name[name.index(after: name.startIndex)..<end])
            name = name[name.index(after: end)...]
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else {
            host = String(name.prefix { $0 != ":" })
            name = name.dropFirst(host.count)
            let isName = host.utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39)
                    || [0x2D, 0x2E, 0x5F].contains($0)
            }
            guard !host.isEmpty, isName else { return nil }
        }
        if name.isEmpty { return }
        guard name.first == ":", let number = UInt16(name.dropFirst()), number > 0 else { return nil }
        port = number
    }
}
