/// All files of a pattern, as one value that is stepped: no clocks, no waits.
struct FollowerState {
    /// Reads of one file before the next gets its turn.
    private static let readsPerTurn = 16
    /// Steps under constant load between two looks for new files.
    private static let stepsBetweenScans = 8

    private let pattern: String
    private let isLiteral: Bool
    private let stream: String
    private let configuration: SourceConfiguration
    private let resume: [String: ResumePoint]
    private let surroundings: StreamFeed.Surroundings
    private var files: [FollowedPath] = []
    private var known: Set<String> = []
    private var names: Set<String> = []
    private var buffer: [UInt8]
    private var stepsToScan = 0

    init(
        pattern: String, stream: String = "input", configuration: SourceConfiguration,
        resume: [String: ResumePoint] = [:], _ surroundings: StreamFeed.Surroundings
    ) {
        self.pattern = pattern
        isLiteral = !PathName.hasWildcard(pattern)
        self.stream = stream
        self.configuration = configuration
        self.resume = resume
        self.surroundings = surroundings
        buffer = [UInt8](repeating: 0, count: surroundings.limits.readSize + OpenFile.longestContext)
    }

    /// Directories in which something may happen.
    var directories: Set<String> {
        var directories = Set(files.map { PathName.split($0.path).directory })
        let parent = PathName.split(pattern).directory
        if !PathName.hasWildcard(parent) { directories.insert(parent) }
        return directories
    }

    /// Takes note of files that were given another name; when some changes are not known, every file is looked for.
    mutating func note(_ renames: [(path: String, newPath: String)], areIncomplete: Bool = false) {
        if areIncomplete {
            stepsToScan = 0
            surroundings.logger?.watchOverflowed()
        }
        for (index, rename) in renames.enumerated() {
            guard let file = files.firstIndex(where: { $0.path == rename.path }) else { continue }
            // It may have been moved on since.
            var path = rename.newPath
            for later in renames[(index + 1)...] where later.path == path { path = later.newPath }
            files[file].noteRename(to: path)
        }
    }

    /// Looks at every file once and reads what is new.
    ///
    /// - Parameter now: monotonic time since any moment.
    /// - Returns: whether there may be more to read at once.
    mutating func step(at now: Duration = .zero, emit: (RecordBatch) throws -> Void) throws -> Bool {
        try findFiles()
        var isBusy = false
        var index = 0
        while index < files.count {
            do {
                let outcome = try files[index].step(&buffer, budget: Self.readsPerTurn, at: now, emit: emit)
                if outcome != .idle { isBusy = true }
            } catch let error as IngestError where !isLiteral {
                surroundings.logger?.refused(files[index].path, error)
                files.remove(at: index)
                continue
            }
            index += 1
        }
        // Nothing to read: a good moment to look for files.
        if !isBusy { stepsToScan = 0 }
        return isBusy
    }

    private mutating func findFiles() throws {
        guard stepsToScan == 0 else {
            stepsToScan -= 1
            return
        }
        stepsToScan = Self.stepsBetweenScans
        if isLiteral {
            if files.isEmpty { try add(pattern, stream: stream) }
            return
        }
        let found = System.paths(matching: pattern)
        for path in found where !known.contains(path) && !path.hasSuffix(".gz") {
            guard let status = try? System.status(path), status.isRegular else { continue }
            if files.contains(where: { $0.isOwn(status) }) {
                // Whoever is called this again was another before, too.
                known.insert(path)
                continue
            }
            if isRotated(path, among: found) { continue }
            if let original = originalOfStored(path) {
                try add(original.path, stream: original.stream)
                continue
            }
            let stem = PathName.stem(path)
            try add(path, stream: names.contains(stem) ? path : stem)
        }
    }

    /// Whether a path is that of a rotated file by its name: `pump.csv.1`, `pump.csv-20261121` and `pump-20261121.csv` beside
    /// `pump.csv`. `pump-1.csv` may as well be another pump.
    private func isRotated(_ path: String, among found: [String]) -> Bool {
        let (directory, name) = PathName.split(path)
        // The name itself may be free for the moment.
        return (found + files.map(\.path)).contains { other in
            let (otherDirectory, otherName) = PathName.split(other)
            guard otherDirectory == directory, let rotated = RotatedName(name, of: otherName) else { return false }
            if case .number = rotated.place { return rotated.isSuffix }
            return true
        }
    }

    /// The path of a stream that is to go on, whose file was rotated to this path while nobody read, and whose name is free.
    private func originalOfStored(_ path: String) -> (path: String, stream: String)? {
        let (directory, name) = PathName.split(path)
        for mark in name.indices where ".-_".contains(name[mark]) && mark != name.startIndex {
            let original = String(name[..<mark])
            let stream = PathName.stem(original)
            if resume[stream] != nil, !names.contains(stream), RotatedName(name, of: original)?.isSuffix == true {
                return (PathName.join(directory, original), stream)
            }
        }
        return nil
    }

    private mutating func add(_ path: String, stream: String) throws {
        known.insert(path)
        names.insert(stream)
        files.append(
            try FollowedPath(
                path, stream: stream, configuration: configuration, resume: resume[stream], surroundings))
    }
}
