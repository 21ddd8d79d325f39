/// Deadlines of numbered things, the earliest first; equal ones in the order of the numbers.
///
/// A binary heap. It holds what it is given and no more: who moves a deadline finds out when the old one comes to the
/// top, and puts it back (``replaceFirst(with:)``). So a deadline that moves with every sample costs nothing until it is
/// reached.
struct DeadlineHeap: Equatable, Sendable {
    /// A deadline.
    struct Entry: Equatable, Sendable, Comparable {
        /// Nanoseconds since 1970.
        var due: Int64
        /// Whose it is.
        var number: Int32

        static func < (left: Entry, right: Entry) -> Bool { (left.due, left.number) < (right.due, right.number) }
    }

    private(set) var entries: [Entry] = []

    /// The earliest.
    var first: Entry? { entries.first }

    /// Adds a deadline; O(log n), allocates only beyond the largest number there ever were.
    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var place = entries.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard entries[place] < entries[parent] else { return }
            entries.swapAt(place, parent)
            place = parent
        }
    }

    /// Puts another deadline in the place of the earliest; O(log n).
    mutating func replaceFirst(with entry: Entry) {
        entries[0] = entry
        sink()
    }

    /// Takes the earliest away; O(log n).
    mutating func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
        sink()
    }

    private mutating func sink() {
        var place = 0
        while true {
            let left = 2 * place + 1
            guard left < entries.count else { return }
            let child = left + 1 < entries.count && entries[left + 1] < entries[left] ? left + 1 : left
            guard entries[child] < entries[place] else { return }
            entries.swapAt(place, child)
            place = child
        }
    }

    /// Forgets all deadlines and keeps the room.
    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }
}
