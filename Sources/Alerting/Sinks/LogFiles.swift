import Glibc

/// The names of a rolling log and its rotated files on the disk.
///
///     alerts.jsonl         the one that is written
///     alerts.jsonl.1       rotated, waits to be compressed
///     alerts.jsonl.2.gz    rotated before, compressed; and so on, higher numbers are older
///     alerts.jsonl.gz.tmp  a compression in progress, or what a crash left of one
///
/// For a moment, and after a crash, a number can be there both ways; the two have the same lines. All that renames is done
/// under the lock of the log itself.
struct LogFiles: Sendable {
    /// More rotated files than anybody keeps: where looking for them ends.
    private static let largestNumber = 10_000

    let path: String

    /// A rotated file that is not compressed.
    func plain(_ number: Int) -> String { "\(path).\(number)" }
    /// A rotated file that is.
    func compressed(_ number: Int) -> String { "\(path).\(number).gz" }
    /// Where a compression writes.
    var temporary: String { path + ".gz.tmp" }

    private func exists(_ number: Int) -> Bool { size(number) != nil }

    /// Bytes of a rotated file, both ways; `nil` when there is none.
    private func size(_ number: Int) -> Int? {
        let found = [plain(number), compressed(number)].compactMap { SystemCall.status(ofPath: $0) }
        return found.isEmpty ? nil : found.reduce(0) { $0 + Int($1.st_size) }
    }

    /// The numbers that are there without a gap, from 1.
    private var count: Int {
        var count = 0
        while count < Self.largestNumber, exists(count + 1) { count += 1 }
        return count
    }

    /// The lowest number of a file that is not compressed.
    var firstPlain: Int? {
        (1...max(1, count)).first { SystemCall.status(ofPath: plain($0)) != nil }
    }

    /// Whether a file waits to be compressed.
    var hasPlain: Bool { firstPlain != nil }

    /// Moves the log to `.1` and the old ones one further, then removes what is too much.
    ///
    /// A crash in the middle leaves a gap, which the next rotation fills: nothing is moved over another file.
    func rotate(_ limits: RollingLogLimits) throws(AlertingError) {
        guard limits.keptFiles > 0 else { return try remove(path) }
        let last = count
        // Removed first: a disk that is full has no room for names either.
        for number in stride(from: last, through: limits.keptFiles, by: -1) { try removeBoth(number) }
        for number in stride(from: min(last, limits.keptFiles - 1), through: 1, by: -1) {
            try move(plain(number), to: plain(number + 1))
            try move(compressed(number), to: compressed(number + 1))
        }
        try move(path, to: plain(1))
        try bound(limits)
    }

    /// Removes the oldest files while the log, grown to its full size, and the rotated ones take more than they may.
    func bound(_ limits: RollingLogLimits) throws(AlertingError) {
        var room = limits.totalBytes - limits.bytesPerFile
        for number in 1...max(1, count) {
            room -= size(number) ?? 0
            // The newest stays in any case: it has the lines that are looked for after a restart.
            if room < 0, number > 1 { try removeBoth(number) }
        }
    }

    /// The last bytes of the rotated files, of the newest ones that have so many together; older lines first.
    func tailOfRotated(_ bytes: Int) throws(AlertingError) -> [UInt8] {
        var tail: [UInt8] = []
        var number = 1
        // A crash in a rotation leaves the first number free.
        while tail.count < bytes, exists(number) || number == 1 {
            tail = try self.tail(bytes - tail.count, of: number) + tail
            number += 1
        }
        return tail
    }

    private func tail(_ bytes: Int, of number: Int) throws(AlertingError) -> [UInt8] {
        let old = plain(number)
        guard SystemCall.status(ofPath: old) != nil else {
            let packed = compressed(number)
            return SystemCall.status(ofPath: packed) == nil ? [] : try GzipFile.tail(bytes, ofFile: packed)
        }
        let descriptor = try SystemCall.run("open", on: old) { unsafe Glibc.open(old, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        return try SystemCall.tail(bytes, of: descriptor, named: old)
    }

    private func removeBoth(_ number: Int) throws(AlertingError) {
        for name in [plain(number), compressed(number)] { try remove(name) }
    }

    func remove(_ name: String) throws(AlertingError) {
        guard SystemCall.status(ofPath: name) != nil else { return }
        try SystemCall.run("remove", on: name) { unsafe unlink(name) }
    }

    private func move(_ old: String, to new: String) throws(AlertingError) {
        guard SystemCall.status(ofPath: old) != nil else { return }
        try SystemCall.run("rotate", on: old) { unsafe rename(old, new) }
    }
}
