import TimeSeries

/// How reliably services inside (address, protocol and port) answer, and how often in a row each has not, whoever asked.
///
/// A service that fails once in 10,000 attempts and now fails three times in a row is down, however few of the failures each of those who
/// ask has seen. What a failure in a row weighs is −log10 of the share of attempts that failed before; the first one is left out,
/// for failures come in pairs.
///
/// **Bounds.** 4,096 services in a table that a hash points into; of two that want one place, that which answers more often has it.
struct ServiceAnswers: Equatable, Sendable {
    private struct Entry: Equatable, Sendable {
        var hash: UInt64 = 0
        var answered: UInt32 = 0
        var failed: UInt32 = 0
        var run: UInt32 = 0
    }

    private static let size = 1 << 12
    /// Answers before which a failure says nothing.
    private static let fewestAnswers: UInt32 = 20
    /// Attempts after which the past counts half.
    private static let longestMemory: UInt32 = 1 << 16

    private var entries: [Entry] = []

    /// Bytes of the table, once there are attempts.
    static var memoryBytes: Int { size * MemoryLayout<Entry>.stride }

    /// Notes that a service answered.
    mutating func noteAnswer(of hash: UInt64) {
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.size) }
        let place = Self.place(of: hash)
        guard entries[place].hash == hash else {
            if entries[place].answered > 1 {
                entries[place].answered -= 1
            } else {
                entries[place] = Entry(hash: hash, answered: 1)
            }
            return
        }
        entries[place].answered += 1
        entries[place].failed += entries[place].run
        entries[place].run = 0
        guard entries[place].answered >= Self.longestMemory || entries[place].failed >= Self.longestMemory else {
            return
        }
        entries[place].answered /= 2
        entries[place].failed /= 2
    }

    /// Notes that a service did not answer, or refused.
    ///
    /// - Returns: what its failures in a row weigh, in powers of ten; `nil` when too little is known of it.
    mutating func noteFailure(of hash: UInt64) -> Double? {
        guard !entries.isEmpty else { return nil }
        let place = Self.place(of: hash)
        guard entries[place].hash == hash, entries[place].answered >= Self.fewestAnswers else { return nil }
        if entries[place].run < Self.longestMemory { entries[place].run += 1 }
        let failed = Double(entries[place].failed) + 1
        let share = failed / (failed + Double(entries[place].answered) + 1)
        return -Double(entries[place].run - 1) * Transcendental.log10(share)
    }

    private static func place(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (size - 1) }

    init() {}

    /// Writes the services that are known.
    func encode(to writer: inout StateWriter) {
        let used = entries.filter { $0.answered > 0 }
        writer.write(UInt32(used.count))
        for entry in used {
            writer.write(entry.hash)
            writer.write(entry.answered)
            writer.write(entry.failed)
            writer.write(entry.run)
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let count = Int(try reader.read(UInt32.self))
        guard count <= Self.size else { throw .invalid("\(count) services") }
        guard count > 0 else { return }
        entries = Array(repeating: Entry(), count: Self.size)
        for _ in 0..<count {
            let entry = Entry(
                hash: try reader.read(), answered: try reader.read(), failed: try reader.read(), run: try reader.read())
            guard entry.answered <= Self.longestMemory, entry.failed <= 2 * Self.longestMemory,
                entry.run <= Self.longestMemory
            else { throw .invalid("the answers of a service") }
            entries[Self.place(of: entry.hash)] = entry
        }
    }
}
