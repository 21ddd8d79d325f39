import Alerting
import FoundationEssentials
import Persistence

/// Finds the messages of an incident where alerts are kept: the state's history, and files of JSON lines.
struct IncidentHistory {
    /// One place that was looked in, for who finds nothing there.
    struct Place {
        /// Where it is, in words.
        var name: String
        /// Messages in it.
        var messages = 0
        /// Why nothing could be read; `nil` when it was.
        var problem: String?
    }

    /// The beginning of the id that is looked for, in lower case.
    let prefix: String
    /// Where was looked, in order.
    private(set) var places: [Place] = []
    /// The records found, by id.
    private(set) var found: [String: [AlertRecord]] = [:]
    /// What people have said of incidents, by id.
    private(set) var answers: [String: String] = [:]
    /// Ids of the newest messages met, oldest first, for who has mistyped one.
    private(set) var newest: [String] = []
    private static let shownIDs = 5
    /// Messages of a state that are looked at: as many as it keeps, and more.
    private static let mostMessages = 1 << 20

    /// Creates a search that has looked nowhere.
    ///
    /// - Parameter prefix: 1 to 16 hexadecimal digits.
    /// - Returns: `nil` when it is no beginning of an id.
    init?(prefix: String) {
        let digits = prefix.lowercased()
        guard (1...16).contains(digits.utf8.count), digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) else {
            return nil
        }
        self.prefix = digits
    }

    /// Looks in a state directory, which is only read and may be in use.
    ///
    /// - Throws: `PersistenceError`.
    mutating func look(inState directory: String) async throws {
        var place = Place(name: "the state \(directory)")
        let store = try StateStore(copyOf: directory)
        let messages = try await store.history(limit: Self.mostMessages)
        answers.merge(try await store.answers()) { $1 }
        await store.close()
        for message in messages.reversed() {
            place.messages += 1
            note(message.id)
            if message.id.hasPrefix(prefix) { take(message.payload) }
        }
        places.append(place)
    }

    /// Looks in a file of JSON lines, plain or in gzip; `-` is standard input. Lines that are no records are passed over.
    ///
    /// - Throws: `EvaluationError` when it cannot be opened or read.
    mutating func look(inFile path: String) throws(EvaluationError) {
        var place = Place(name: path == "-" ? "standard input" : path)
        try TextLines.read(path) { line, _ throws(EvaluationError) in
            guard let id = Self.id(in: line) else { return }
            place.messages += 1
            note(id)
            if id.hasPrefix(prefix) { take(line) }
        }
        places.append(place)
    }

    /// Takes what a daemon has answered: a list of records, or nothing.
    mutating func take(_ answer: String?, from name: String) {
        var place = Place(name: name)
        let records = answer.flatMap { try? JSONDecoder().decode([AlertRecord].self, from: Data($0.utf8)) } ?? []
        place.messages = records.count
        for record in records { found[record.id, default: []].append(record) }
        places.append(place)
    }

    /// Takes what a daemon knows of people's answers, or nothing.
    mutating func takeAnswers(_ answer: String?) {
        answers = answer.flatMap { try? JSONDecoder().decode([String: String].self, from: Data($0.utf8)) } ?? [:]
    }

    /// Remembers that a place could not be looked in.
    mutating func miss(_ name: String, because problem: String) {
        places.append(Place(name: name, problem: problem))
    }

    private mutating func take(_ line: [UInt8]) {
        guard let record = try? AlertRecord(json: line) else { return }
        found[record.id, default: []].append(record)
    }

    private mutating func note(_ id: String) {
        newest.removeAll { $0 == id }
        newest.append(id)
        if newest.count > Self.shownIDs { newest.removeFirst() }
    }

    /// The id of a record's line, without reading all of it: most lines of a long log are of others.
    private static func id(in line: [UInt8]) -> String? {
        guard line.first == UInt8(ascii: "{"), let key = line.firstRange(of: Array("\"id\":\"".utf8)) else {
            return nil
        }
        let id = line[key.upperBound...].prefix { $0 != UInt8(ascii: "\"") }
        guard id.count == 16 else { return nil }
        return String(decoding: id, as: UTF8.self)
    }
}
