import TimeSeries

/// How regularly a host talks to the peers it talks to most often, and whether it still does.
///
/// Up to four contacts (peer and port) are followed (``ContactTiming``). A contact's regularity counts from the sixth distance on, by
/// 1 − 6/n of it, and until it has missed three of its distances.
struct ContactRhythm: Equatable, Sendable {
    private static let mostContacts = 4
    private static let fewestDistances: UInt32 = 6
    /// Distances, and regularity, from which on a contact is a clock by which silence is measured.
    private static let clock = (distances: UInt32(16), regularity: 0.8)

    private var contacts: [ContactTiming] = []
    /// The last start of a flow to anybody.
    private var last: Timestamp?

    /// Bytes of a host's contacts.
    static var memoryBytes: Int { 32 + mostContacts * MemoryLayout<ContactTiming>.stride }

    /// Notes the start of a flow to a contact.
    mutating func note(hash: UInt64, at time: Timestamp) {
        last = max(last ?? time, time)
        if let index = contacts.firstIndex(where: { $0.hash == hash }) {
            contacts[index].note(time)
            return
        }
        let newcomer = ContactTiming(hash: hash, at: time)
        if contacts.count < Self.mostContacts {
            contacts.append(newcomer)
            return
        }
        // The one with the fewest starts gives way, a little later each time it is asked to: a scan displaces no beacon.
        guard let least = contacts.indices.min(by: { contacts[$0].count < contacts[$1].count }) else { return }
        if contacts[least].count <= 1 || time.seconds(since: contacts[least].last) > 4 * contacts[least].mean + 3_600 {
            contacts[least] = newcomer
        }
    }

    /// The regularity of the most regular contact that still keeps its rhythm, 0 to 1.
    func regularity(at time: Timestamp) -> Double {
        var best = 0.0
        let fewest = Self.fewestDistances
        for contact in contacts where contact.count >= Self.fewestDistances && contact.mean > 0 {
            guard time.seconds(since: contact.last) <= 3 * contact.mean + 1 else { continue }
            let certainty = 1 - Double(fewest) / Double(contact.count)
            best = max(best, certainty * contact.regularity)
        }
        return best
    }

    /// For how many distances of its fastest regular contact the host has said nothing to anybody, beyond the one that is due; 0
    /// when none is regular.
    func silence(at time: Timestamp) -> Double {
        guard let last else { return 0 }
        var fastest = Double.infinity
        for contact in contacts where contact.count >= Self.clock.distances && contact.mean > 0 {
            if contact.regularity >= Self.clock.regularity { fastest = min(fastest, contact.mean) }
        }
        return max(0, time.seconds(since: last) / fastest - 1)
    }

    /// Writes the contacts.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(contacts.count))
        for contact in contacts { contact.encode(to: &writer) }
        writer.write(last != nil)
        writer.write(last?.nanoseconds ?? 0)
    }

    init() {}

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let count = Int(try reader.read(UInt8.self))
        guard count <= Self.mostContacts else { throw .invalid("\(count) contacts of a host") }
        for _ in 0..<count { contacts.append(try ContactTiming(from: &reader)) }
        let hasSpoken = try reader.readBool()
        let time = Timestamp(nanoseconds: try reader.read())
        last = hasSpoken ? time : nil
    }
}
