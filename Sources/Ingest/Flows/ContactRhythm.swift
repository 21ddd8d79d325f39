import TimeSeries

/// How regularly a host talks to the peers it talks to most often: what a beacon is known by.
///
/// Of up to four contacts (peer and port) the mean distance between starts and its mean absolute deviation are tracked with
/// a fading weight (1/n, at least 1/16). The regularity of a contact is 1 − 2 · deviation / mean, at least 0: a clockwork has
/// 1, starts at random (exponential distances, deviation 2/e of the mean) have .26, a uniform jitter of ± 20 % has .8. It counts
/// from the sixth distance on, by 1 − 6/n of it, and until the contact has missed three of its distances. Starts within a
/// second are one.
struct ContactRhythm: Equatable, Sendable {
    private struct Contact: Equatable, Sendable {
        var hash: UInt64
        var last: Timestamp
        var mean = 0.0
        var deviation = 0.0
        var count: UInt32 = 0
    }

    private static let mostContacts = 4
    private static let fewestDistances: UInt32 = 6
    private static let longestMemory = 16.0

    private var contacts: [Contact] = []

    /// Bytes of a host's contacts.
    static var memoryBytes: Int { 32 + mostContacts * MemoryLayout<Contact>.stride }

    /// Notes the start of a flow to a contact.
    mutating func note(hash: UInt64, at time: Timestamp) {
        if let index = contacts.firstIndex(where: { $0.hash == hash }) {
            let distance = time.seconds(since: contacts[index].last)
            guard distance >= 1 else { return }
            contacts[index].last = time
            let count = contacts[index].count
            contacts[index].count = count == .max ? count : count + 1
            if count == 0 {
                contacts[index].mean = distance
                contacts[index].deviation = distance / 2
                return
            }
            let weight = 1 / min(Double(count) + 1, Self.longestMemory)
            let error = (distance - contacts[index].mean).magnitude
            contacts[index].mean += weight * (distance - contacts[index].mean)
            contacts[index].deviation += weight * (error - contacts[index].deviation)
            return
        }
        let newcomer = Contact(hash: hash, last: time)
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
            best = max(best, certainty * (1 - 2 * contact.deviation / contact.mean))
        }
        return best
    }

    /// Writes the contacts.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(contacts.count))
        for contact in contacts {
            writer.write(contact.hash)
            writer.write(contact.last.nanoseconds)
            writer.write(contact.mean)
            writer.write(contact.deviation)
            writer.write(contact.count)
        }
    }

    init() {}

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let count = Int(try reader.read(UInt8.self))
        guard count <= Self.mostContacts else { throw .invalid("\(count) contacts of a host") }
        for _ in 0..<count {
            var contact = Contact(hash: try reader.read(), last: Timestamp(nanoseconds: try reader.read()))
            contact.mean = try reader.readDouble()
            contact.deviation = try reader.readDouble()
            contact.count = try reader.read()
            guard contact.mean >= 0, contact.deviation >= 0 else { throw .invalid("the rhythm of a contact") }
            contacts.append(contact)
        }
    }
}
