/// What inotify says of watched folders, as far as it matters: which file was given another name.
///
/// The kernel writes events of 16 bytes (watch, kind, cookie, length of the name; of 4 each) and a name padded with zeros. A renaming is two of
/// them with one cookie; who moves a file to where nobody watches gives only the first. Bytes that are no events end the
/// reading, nothing more.
/// Source: inotify(7).
struct DirectoryChanges: Sendable {
    /// A file that was given another name.
    struct Rename: Equatable, Sendable {
        var watch: Int32
        var name: String
        var newWatch: Int32
        var newName: String
    }

    private struct Departure {
        var cookie: UInt32
        var watch: Int32
        var name: String
    }

    private static let headerSize = 16
    private static let movedFrom: UInt32 = 0x40
    private static let movedTo: UInt32 = 0x80
    private static let overflow: UInt32 = 0x4000
    /// Halves of renamings that wait for the other one.
    private static let mostDepartures = 64

    private var departures: [Departure] = []
    /// Whether the kernel dropped events since ``takeOverflow()`` was last called.
    private var hasOverflowed = false

    /// Takes what was read of the watch: whole events, as the kernel gives them.
    ///
    /// - Returns: the renamings that are complete, in order.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> [Rename] {
        var renames: [Rename] = []
        var place = bytes.startIndex
        while bytes.endIndex - place >= Self.headerSize {
            let kind = Self.integer(bytes, at: place + 4)
            let length = Int(Self.integer(bytes, at: place + 12))
            guard bytes.endIndex - place - Self.headerSize >= length else { break }
            let name = place + Self.headerSize
            if kind & Self.overflow != 0 {
                hasOverflowed = true
                departures.removeAll(keepingCapacity: true)
            } else if kind & (Self.movedFrom | Self.movedTo) != 0 {
                take(
                    kind, watch: Int32(bitPattern: Self.integer(bytes, at: place)),
                    cookie: Self.integer(bytes, at: place + 8), Self.text(bytes[name..<(name + length)]),
                    &renames)
            }
            place = name + length
        }
        return renames
    }

    /// Whether the kernel dropped events since the last call.
    mutating func takeOverflow() -> Bool {
        defer { hasOverflowed = false }
        return hasOverflowed
    }

    private mutating func take(_ kind: UInt32, watch: Int32, cookie: UInt32, _ name: String, _ renames: inout [Rename])
    {
        if kind & Self.movedFrom != 0 {
            departures.append(Departure(cookie: cookie, watch: watch, name: name))
            if departures.count > Self.mostDepartures { departures.removeFirst() }
        } else if let index = departures.firstIndex(where: { $0.cookie == cookie }) {
            let from = departures.remove(at: index)
            renames.append(Rename(watch: from.watch, name: from.name, newWatch: watch, newName: name))
        }
    }

    /// Four bytes in the order of every machine that is built for: the lowest first.
    private static func integer(_ bytes: ArraySlice<UInt8>, at place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
