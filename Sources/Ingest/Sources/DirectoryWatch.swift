/// A watch over the folders of followed files: wakes the reader, and knows who was renamed to what.
struct DirectoryWatch {
    /// Becomes readable when something happens in a watched folder.
    let descriptor: Descriptor
    private var changes = DirectoryChanges()
    private var directories: [Int32: String] = [:]
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)

    /// Makes a watch; `nil` when the system has none left.
    init?() {
        guard let descriptor = System.makeDirectoryWatch() else { return nil }
        self.descriptor = descriptor
    }

    /// Watches these folders from now on. One that was replaced by another of that name is watched anew.
    mutating func watch(_ wanted: Set<String>) {
        for directory in wanted {
            guard let number = System.watch(directory, with: descriptor), directories[number] != directory else {
                continue
            }
            for (old, name) in directories where name == directory {
                System.endWatch(old, of: descriptor)
                directories[old] = nil
            }
            directories[number] = directory
        }
    }

    /// What has happened since the last call.
    ///
    /// - Returns: the paths that files had and have now, in order, and whether the system dropped some.
    mutating func takeChanges() -> (renames: [(path: String, newPath: String)], areIncomplete: Bool) {
        var renames: [(path: String, newPath: String)] = []
        while let count = try? System.read(descriptor, into: &buffer), count > 0 {
            let complete = changes.take(buffer[..<count])
            for rename in complete {
                guard let from = directories[rename.watch], let to = directories[rename.newWatch] else { continue }
                renames.append((PathName.join(from, rename.name), PathName.join(to, rename.newName)))
            }
        }
        return (renames, changes.takeOverflow())
    }
}
