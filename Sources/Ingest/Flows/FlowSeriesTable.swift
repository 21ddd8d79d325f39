import TimeSeries

/// The series of a stream of flows: hosts come and go, and their number is bounded.
///
/// A key is first only counted, once a bin, in a sketch of bounded size, and becomes a series in its third bin, or with its
/// tenth record in one: a scan over a network or a flood from invented addresses makes none, and who scans is one at once. A series without a flow for long is dropped, and its place is
/// the next newcomer's. When there is no room for another, the series that has had no flow for longest gives way, if that
/// is an hour at least; otherwise the newcomer stays counted.
public struct FlowSeriesTable: Sendable {
    /// What became of keys so far.
    public struct Counts: Equatable, Sendable {
        /// Keys that became a series.
        public var admitted: UInt64 = 0
        /// Series dropped because they had no flow for long.
        public var idle: UInt64 = 0
        /// Series that gave way to a newcomer.
        public var evicted: UInt64 = 0
        /// Times that a key could have become a series and there was no room.
        public var refused: UInt64 = 0
    }

    /// A series that has had samples and has none any more.
    struct Ended: Sendable {
        var number: Int32
        var name: String
        /// The bin of its last flow.
        var lastTick: Int64
        /// Whether it gave way to a newcomer.
        var isEvicted: Bool
    }

    struct Member: Sendable {
        var key: FlowKey
        var lastTick: Int64
        /// The bin in which it became a series.
        var firstTick: Int64
        var isLive = true
        /// Whether its next sample is its first.
        var isBeginning = true
        var rhythm = ContactRhythm()
        var newContacts = NewContacts()
        var failing = FailingService()
        var shares = RecentShares()
    }

    /// Bins without a flow after which a series may give way to a newcomer.
    private static let evictableAfter: Int64 = 60
    /// Keys that are known to have been counted in the bin in hand.
    private static let mostSeen = 1 << 16
    /// Records in one bin with which a key is a series at once.
    private static let recordsOfBusy: UInt8 = 10

    /// Names by number; that of a place whose series was dropped stays until the place is taken.
    private(set) var names: [String] = []
    private(set) var groups: [Int32] = []
    var candidates = SeriesCandidates()
    var counts = Counts()
    private let dimension: FlowDimension
    private let admission: SeriesAdmission
    private(set) var members: [Member] = []
    private var numberOfKey: [FlowKey: Int32] = [:]
    var free: [Int32] = []
    var seenTick = Int64.min
    /// Records of each key in that bin, up to ``recordsOfBusy``.
    var seen: [UInt64: UInt8] = [:]
    private(set) var ended: [Ended] = []
    private var last: (key: FlowKey, number: Int32)?

    init(_ dimension: FlowDimension, admission: SeriesAdmission) {
        self.dimension = dimension
        self.admission = admission
    }

    /// The number of a flow's series; `nil` when its key is none.
    mutating func number(of key: FlowKey, tick: Int64) -> Int32? {
        if let last, last.key == key {
            members[Int(last.number)].lastTick = max(members[Int(last.number)].lastTick, tick)
            return last.number
        }
        guard let number = numberOfKey[key] ?? newcomer(key, tick: tick) else { return nil }
        members[Int(number)].lastTick = max(members[Int(number)].lastTick, tick)
        last = (key, number)
        return number
    }

    private mutating func newcomer(_ key: FlowKey, tick: Int64) -> Int32? {
        let hash = key.stableHash
        if admission.records > 1 {
            if tick != seenTick {
                seenTick = tick
                seen.removeAll(keepingCapacity: seen.capacity <= 1 << 12)
            }
            guard isDue(key, hash) else { return nil }
        }
        guard let number = freePlace(tick) else {
            counts.refused += 1
            return nil
        }
        candidates.remove(hash: hash)
        counts.admitted += 1
        let member = Member(key: key, lastTick: tick, firstTick: tick)
        if Int(number) == members.count {
            members.append(member)
            names.append(key.name(by: dimension))
            groups.append(0)
        } else {
            members[Int(number)] = member
            names[Int(number)] = key.name(by: dimension)
        }
        numberOfKey[key] = number
        return number
    }

    /// Whether a key becomes a series with the record in hand.
    private mutating func isDue(_ key: FlowKey, _ hash: UInt64) -> Bool {
        if let records = seen[hash] {
            // Once a bin: when there is no room it is asked for with the next.
            guard records < Self.recordsOfBusy else { return false }
            seen[hash] = records + 1
            return records + 1 == Self.recordsOfBusy
        }
        guard seen.count < Self.mostSeen else { return false }
        seen[hash] = 1
        let name = Array(key.name(by: dimension).utf8)
        let allowance = admission.allowance
        return candidates.count(name.span, hash: hash) { allowance.mostSeries } >= admission.records
    }

    /// Takes over a series that is stored, behind the others.
    ///
    /// - Returns: `false` when its key is there already.
    mutating func restore(_ member: Member) -> Bool {
        let number = Int32(members.count)
        members.append(member)
        names.append(member.key.name(by: dimension))
        groups.append(0)
        admission.allowance.take(channels: FlowChannels.all.count)
        guard member.isLive else { return true }
        return numberOfKey.updateValue(number, forKey: member.key) == nil
    }

    private mutating func freePlace(_ tick: Int64) -> Int32? {
        if let place = free.popLast() { return place }
        if admission.allowance.takeIfFree(channels: FlowChannels.all.count) { return Int32(members.count) }
        let oldest = members.indices.min { members[$0].lastTick < members[$1].lastTick }
        guard let oldest, members[oldest].lastTick <= tick - Self.evictableAfter else { return nil }
        drop(oldest, isEvicted: true)
        counts.evicted += 1
        return free.popLast()
    }

    private mutating func drop(_ index: Int, isEvicted: Bool) {
        numberOfKey[members[index].key] = nil
        if !members[index].isBeginning {
            ended.append(
                Ended(
                    number: Int32(index), name: names[index], lastTick: members[index].lastTick, isEvicted: isEvicted))
        }
        members[index].isLive = false
        // Nobody comes back to these, and of many hosts they are much.
        members[index].rhythm = ContactRhythm()
        members[index].newContacts = NewContacts()
        members[index].shares = RecentShares()
        free.append(Int32(index))
        last = nil
    }

    /// Drops the series whose last flow is before a bin.
    mutating func dropIdle(before tick: Int64) {
        for index in members.indices where members[index].isLive && members[index].lastTick < tick {
            drop(index, isEvicted: false)
            counts.idle += 1
        }
    }

    /// The series that have ended since this was last asked for, in the order in which they did.
    mutating func takeEnded() -> [Ended] {
        guard !ended.isEmpty else { return [] }
        defer { ended.removeAll() }
        return ended
    }

    /// The clock was set by so many bins: how long everybody has been idle stays.
    mutating func shift(by ticks: Int64) {
        for index in members.indices where members[index].isLive {
            members[index].lastTick = members[index].lastTick.addingReportingOverflow(ticks).partialValue
            members[index].firstTick = members[index].firstTick.addingReportingOverflow(ticks).partialValue
        }
    }

    func isLive(_ number: Int32) -> Bool { members[Int(number)].isLive }

    func isBeginning(_ number: Int32) -> Bool { members[Int(number)].isBeginning }

    func isKnown(_ key: FlowKey) -> Bool { numberOfKey[key] != nil }

    /// Whether a newcomer would have the place of another series.
    var hasOnlyUsedPlaces: Bool { !free.isEmpty || !admission.allowance.hasRoom(channels: FlowChannels.all.count) }

    /// Whether the next sample is the first of its series; true once.
    mutating func takeBeginning(of number: Int32) -> Bool {
        defer { members[Int(number)].isBeginning = false }
        return members[Int(number)].isBeginning
    }

    /// Notes the start of a flow.
    ///
    /// - Parameter isNewOutside: whether it is the first to a peer outside.
    mutating func noteContact(_ hash: UInt64, of number: Int32, at time: Timestamp, isNewOutside: Bool) {
        members[Int(number)].rhythm.note(hash: hash, at: time)
        members[Int(number)].newContacts.note(hash: hash, at: time, isNew: isNewOutside)
    }

    /// Whether a series was one for so many bins; before, everybody it talks to is new.
    func isOfAge(_ number: Int32, bins: Int64, at tick: Int64) -> Bool {
        tick.subtractingReportingOverflow(members[Int(number)].firstTick).partialValue >= bins
    }

    mutating func noteAnswer(of service: UInt64, of number: Int32) {
        members[Int(number)].failing.noteAnswer(of: service)
    }

    mutating func noteFailure(of service: UInt64, weighing decades: Double, of number: Int32, at time: Timestamp) {
        members[Int(number)].failing.noteFailure(of: service, weighing: decades, at: time)
    }

    /// Appends the values of a series' bin that ends at `time`.
    mutating func append(
        _ bin: FlowAccumulator, of number: Int32, at time: Timestamp, seconds: Double, to values: inout [Double]
    ) {
        let member = members[Int(number)]
        let course = FlowCourse(
            regularity: member.rhythm.regularity(at: time), failures: member.failing.weight(at: time),
            silence: member.rhythm.silence(at: time), newContact: member.newContacts.regularDistances(at: time))
        bin.append(to: &values, shares: &members[Int(number)].shares, course: course, seconds: seconds)
    }
}
