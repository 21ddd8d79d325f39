public import TimeSeries

extension FlowGatherer {
    /// Writes the bins in progress and the series.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(4))
        writer.write(settings.dimension.rawValue)
        writer.write(length)
        writer.write(latest != nil)
        writer.write(latest?.nanoseconds ?? 0)
        writer.write(UInt32(misdatedRun))
        writer.write([
            counts.records, counts.continued, counts.counted, counts.late, counts.misdated, counts.steps, counts.bins,
        ])
        series.encode(to: &writer)
        table.encode(to: &writer)
        contacts.encode(to: &writer)
        services.encode(to: &writer)
        writer.write(UInt32(bins.count))
        for bin in bins {
            writer.write(bin.tick)
            writer.write(bin.places)
            writer.write(UInt32(bin.used))
            for index in 0..<bin.used { bin.accumulators[index].encode(to: &writer) }
        }
    }

    /// Goes on from what ``encode(to:)`` wrote.
    ///
    /// - Throws: `StateCodingError`, also when it was put together in another way: bins of another length or of other keys.
    public init(
        _ settings: Settings, admission: SeriesAdmission, writesTimes: Bool, from reader: inout StateReader
    ) throws(StateCodingError) {
        self.init(settings, admission: admission, writesTimes: writesTimes)
        let version = try reader.read(UInt8.self)
        guard (3...4).contains(version) else { throw .unknownVersion(of: "flows in progress") }
        guard try reader.readString() == settings.dimension.rawValue, try reader.read(Int64.self) == length else {
            throw .invalid("flows were put together in another way")
        }
        let hasBegun = try reader.readBool()
        let time = Timestamp(nanoseconds: try reader.read())
        latest = hasBegun ? time : nil
        misdatedRun = min(Self.recordsUntilStep, Int(try reader.read(UInt32.self)))
        let numbers = try reader.readIntegers(UInt64.self)
        guard numbers.count == 7, numbers.allSatisfy({ $0 < 1 << 62 }) else {
            throw .invalid("the counts of flow records")
        }
        counts = Counts(
            records: numbers[0], continued: numbers[1], counted: numbers[2], late: numbers[3], misdated: numbers[4],
            steps: numbers[5], bins: numbers[6])
        series = try FlowSeriesTable(settings.dimension, admission: admission, from: &reader, countsSeen: version > 3)
        table = try FlowTable(from: &reader)
        contacts = try AgedMembership(from: &reader)
        services = try ServiceAnswers(from: &reader)
        let binCount = try reader.read(UInt32.self)
        guard binCount <= UInt32(Self.mostOpenBins) + 1 else { throw .invalid("\(binCount) open bins") }
        for _ in 0..<binCount {
            var bin = Bin(tick: try reader.read())
            bin.places = try reader.readIntegers()
            bin.used = Int(try reader.read(UInt32.self))
            guard bin.used <= bin.places.count, bin.places.allSatisfy({ (0...Int32(bin.used)).contains($0) }),
                bins.last.map({ $0.tick + 1 == bin.tick }) ?? true
            else { throw .invalid("a bin of flows that is out of order") }
            for _ in 0..<bin.used { bin.accumulators.append(try FlowAccumulator(from: &reader)) }
            bins.append(bin)
        }
    }
}
