import TimeSeries

extension FlowSeriesTable {
    /// Writes the series and the keys that are counted.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt32(members.count))
        for member in members {
            writer.write(member.key.first.high)
            writer.write(member.key.first.low)
            writer.write(member.key.second.high)
            writer.write(member.key.second.low)
            writer.write(member.key.number)
            writer.write(member.lastTick)
            writer.write(member.firstTick)
            writer.write(member.isLive)
            writer.write(member.isBeginning)
            member.rhythm.encode(to: &writer)
            member.newContacts.encode(to: &writer)
            member.failing.encode(to: &writer)
            member.shares.encode(to: &writer)
        }
        writer.write(free)
        candidates.encode(to: &writer)
        writer.write([counts.admitted, counts.idle, counts.evicted, counts.refused])
        writer.write(seenTick)
        let keys = seen.keys.sorted()
        writer.write(keys)
        for key in keys { writer.write(seen[key] ?? 1) }
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameter countsSeen: whether it says how often the keys came that are no series, as it did not at first.
    init(
        _ dimension: FlowDimension, admission: SeriesAdmission, from reader: inout StateReader, countsSeen: Bool = true
    ) throws(StateCodingError) {
        self.init(dimension, admission: admission)
        for _ in 0..<(try reader.read(UInt32.self)) {
            let first = NetworkAddress(high: try reader.read(), low: try reader.read())
            let second = NetworkAddress(high: try reader.read(), low: try reader.read())
            let key = FlowKey(first: first, second: second, number: try reader.read())
            var member = Member(key: key, lastTick: try reader.read(), firstTick: try reader.read())
            member.isLive = try reader.readBool()
            member.isBeginning = try reader.readBool()
            member.rhythm = try ContactRhythm(from: &reader)
            member.newContacts = try NewContacts(from: &reader)
            member.failing = try FailingService(from: &reader)
            member.shares = try RecentShares(from: &reader)
            guard restore(member) else { throw .invalid("a host twice among the series") }
        }
        free = try reader.readIntegers()
        guard free.allSatisfy({ members.indices.contains(Int($0)) && !members[Int($0)].isLive }),
            Set(free).count == free.count
        else { throw .invalid("a free place that is taken") }
        candidates = try SeriesCandidates(from: &reader)
        let numbers = try reader.readIntegers(UInt64.self)
        guard numbers.count == 4 else { throw .invalid("the counts of hosts") }
        counts = Counts(admitted: numbers[0], idle: numbers[1], evicted: numbers[2], refused: numbers[3])
        seenTick = try reader.read()
        for key in try reader.readIntegers(UInt64.self) { seen[key] = 1 }
        guard countsSeen else { return }
        for key in seen.keys.sorted() { seen[key] = try reader.read() }
    }
}
