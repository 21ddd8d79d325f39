import Ingest
import TimeSeries

extension MetricGatherer {
    /// Writes the gatherer.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(length)
        writer.write(tick != nil)
        writer.write(tick ?? 0)
        writer.write(latest != nil)
        writer.write(latest?.nanoseconds ?? 0)
        writer.write(hasTimes)
        writer.write(UInt8(misdatedRun))
        writer.write(UInt32(members.count))
        for member in members {
            writer.write(member.kind.rawValue)
            writer.write(member.isKnown)
            writer.write(member.level)
            writer.write(member.sum)
            writer.write(member.weight)
            writer.write(member.largest)
            if member.kind == .set { member.members.encode(to: &writer) }
        }
    }

    /// Reads what ``encode(to:)`` wrote; with another interval what was in progress is forgotten.
    init(interval: Double, writesTimes: Bool, from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "the metrics in progress") }
        self.init(interval: interval, writesTimes: writesTimes)
        let stored: Int64 = try reader.read()
        let hasTick = try reader.readBool()
        let number: Int64 = try reader.read()
        tick = hasTick ? number : nil
        let hasLatest = try reader.readBool()
        let nanoseconds: Int64 = try reader.read()
        latest = hasLatest ? Timestamp(nanoseconds: nanoseconds) : nil
        hasTimes = try reader.readBool()
        misdatedRun = Int(try reader.read(UInt8.self))
        for _ in 0..<(try reader.read(UInt32.self)) {
            guard let kind = MetricKind(rawValue: try reader.read()) else { throw .invalid("a metric of no kind") }
            var member = Member(kind: kind)
            member.isKnown = try reader.readBool()
            member.level = try reader.readDouble()
            member.sum = try reader.readDouble()
            member.weight = try reader.readDouble()
            member.largest = try reader.readDouble()
            if kind == .set { member.members = try SetMembers(from: &reader) }
            members.append(member)
        }
        guard tick.map({ $0.magnitude < 1 << 62 }) ?? true, misdatedRun < Self.readingsUntilStep else {
            throw .invalid("an interval that cannot be")
        }
        if stored != length { wasAway() }
    }
}
