import TimeSeries

/// The peers outside that a host has talked to for the first time lately, and how regularly it goes on: what a beacon is known by.
///
/// That a host polls somebody like a clock is usual; that it begins to is not. Up to 16 contacts (peer and port) are followed from their
/// first start on, for a day. Of more, the one that was silent for longest gives way, unless it is regular so far.
struct NewContacts: Equatable, Sendable {
    private static let mostContacts = 16
    private static let secondsOfNews = 86_400.0
    private static let fewestDistances: UInt32 = 4
    private static let keptRegularity = 0.5

    private var contacts: [ContactTiming] = []

    /// Bytes of a host's new contacts, when there are as many as are followed.
    static var memoryBytes: Int { 32 + mostContacts * MemoryLayout<ContactTiming>.stride }

    /// Notes the start of a flow to a contact.
    ///
    /// - Parameter isNew: whether it begins with this one.
    mutating func note(hash: UInt64, at time: Timestamp, isNew: Bool) {
        if let index = contacts.firstIndex(where: { $0.hash == hash }) {
            contacts[index].note(time)
            return
        }
        guard isNew else { return }
        let newcomer = ContactTiming(hash: hash, at: time)
        if contacts.count < Self.mostContacts {
            contacts.append(newcomer)
            return
        }
        var place: Int?
        for index in contacts.indices where !isKept(contacts[index], at: time) {
            if place.map({ contacts[index].last < contacts[$0].last }) ?? true { place = index }
        }
        if let place { contacts[place] = newcomer }
    }

    /// Distances of the most regular new contact, each weighed by 2 · regularity − 1; 0 when none is regular.
    ///
    /// What is irregular comes by chance to n regular distances with a probability that falls exponentially with n.
    func regularDistances(at time: Timestamp) -> Double {
        var most = 0.0
        for contact in contacts where isKept(contact, at: time) {
            most = max(most, Double(contact.count) * (2 * contact.regularity - 1))
        }
        return most
    }

    /// Whether a contact is new, regular and goes on.
    private func isKept(_ contact: ContactTiming, at time: Timestamp) -> Bool {
        contact.count >= Self.fewestDistances && contact.regularity > Self.keptRegularity
            && time.seconds(since: contact.first) < Self.secondsOfNews
            && time.seconds(since: contact.last) <= 3 * contact.mean + 20
    }

    init() {}

    /// Writes the contacts.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(contacts.count))
        for contact in contacts { contact.encode(to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let count = Int(try reader.read(UInt8.self))
        guard count <= Self.mostContacts else { throw .invalid("\(count) new contacts of a host") }
        for _ in 0..<count { contacts.append(try ContactTiming(from: &reader)) }
    }
}
