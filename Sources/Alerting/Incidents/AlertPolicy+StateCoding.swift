public import TimeSeries

extension AlertPolicy {
    /// 5: how incidents were opened; 4: silences; 3: a budget for each timeline; 2: the fleet's bar.
    static let codingVersion: UInt8 = 5

    /// Writes the open incidents, what is held back and the budget; the configuration is not written.
    public func encode(to writer: inout StateWriter) {
        writer.write(Self.codingVersion)
        writer.write(UInt32(timelines.count))
        for timeline in timelines { timeline.encode(to: &writer) }
        writer.write(heldBackIncidents)
        writer.write(UInt32(groups.count))
        for group in groups { group.encode(to: &writer) }
        let held = heldMembers.sorted { ($0.stream, $0.series) < ($1.stream, $1.series) }
        writer.write(UInt32(held.count))
        for member in held {
            writer.write(member.stream)
            writer.write(member.series)
        }
        writer.write(UInt32(mutes.count))
        for mute in mutes { mute.encode(to: &writer) }
        writer.write(UInt32(untold.count))
        for (id, record) in untold.sorted(by: { $0.key < $1.key }) {
            writer.write(groups.first { $0.id == id }?.mutedUntil?.nanoseconds ?? 0)
            writer.write(record.jsonLine())
        }
        for group in groups { writer.write(openedBy: group.opened) }
    }

    /// Reads a policy; open incidents go on, with their next `seq`.
    public init(configuration: AlertingConfiguration, from reader: inout StateReader) throws(StateCodingError) {
        self.init(configuration: configuration)
        let version = try reader.read(UInt8.self)
        guard (1...Self.codingVersion).contains(version) else {
            throw .unknownVersion(of: "the alert policy")
        }
        if version > 2 {
            let count = try reader.read(UInt32.self)
            guard count <= BudgetTimeline.mostTimelines else { throw .invalid("\(count) timelines") }
            for _ in 0..<count { timelines.append(try BudgetTimeline(budget: freshBudget, from: &reader)) }
        } else {
            // One budget for all streams: the first that speaks takes it over.
            timelines = [BudgetTimeline(latest: Timestamp(nanoseconds: 0), budget: freshBudget)]
            try timelines[0].budget.restore(from: &reader, largestDebt: Self.largestDebtOfAnomalies)
        }
        heldBackIncidents = try reader.read()
        let count = try reader.read(UInt32.self)
        for _ in 0..<count {
            let group = try Group(from: &reader)
            groups.append(group)
            for series in group.openSeries {
                let member = Member(
                    stream: group.stream, series: series, kind: group.kind, isWholeSource: group.isWholeSource)
                groupOfMember[member] = group.id
            }
        }
        if version < 3, try reader.readBool() {
            timelines[0].heldBack = try HeldBack(from: &reader, version: version)
        }
        // Before there was a bar: the streams declare their series at their next round.
        guard version > 1 else { return }
        if version == 2 { timelines[0].fleet = try FleetBar(from: &reader) }
        let held = try reader.read(UInt32.self)
        for _ in 0..<held {
            let stream = try reader.readString()
            heldMembers.insert(Member(stream: stream, series: try reader.readString(), kind: .anomaly))
        }
        if version > 3 { try readMutes(from: &reader) }
        guard version > 4 else { return }
        for place in groups.indices { groups[place].opened = try reader.readOpened() }
    }

    private mutating func readMutes(from reader: inout StateReader) throws(StateCodingError) {
        let count = try reader.read(UInt32.self)
        guard count <= Self.mostMutes else { throw .invalid("\(count) silences") }
        for _ in 0..<count { mutes.append(try Mute(from: &reader)) }
        for _ in 0..<(try reader.read(UInt32.self)) {
            let until = Timestamp(nanoseconds: try reader.read())
            guard let record = try? AlertRecord(json: Array(try reader.readString().utf8)),
                let place = groups.firstIndex(where: { $0.id == record.id })
            else { throw .invalid("a message that waits for the end of a silence") }
            groups[place].mutedUntil = until
            untold[record.id] = record
        }
    }
}

extension AlertPolicy.HeldBack {
    func encode(to writer: inout StateWriter) {
        writer.write(id)
        writer.write(since.nanoseconds)
        writer.write(last.nanoseconds)
        writer.write(count)
        writer.write(firstSeries)
        writer.write(released)
        writer.write(isBelowBar)
        writer.write(strongest != nil)
        writer.write(strongest?.series ?? "")
        writer.write(strongest?.score ?? 0)
        writer.write(strongest?.excess ?? 0)
    }

    init(from reader: inout StateReader, version: UInt8) throws(StateCodingError) {
        id = try reader.readString()
        since = Timestamp(nanoseconds: try reader.read())
        last = Timestamp(nanoseconds: try reader.read())
        count = try reader.read()
        firstSeries = try reader.readString()
        guard version > 1 else { return }
        released = try reader.read()
        isBelowBar = try reader.readBool()
        let hasStrongest = try reader.readBool()
        let series = try reader.readString()
        let score = try reader.readDouble()
        let excess = try reader.readDouble()
        strongest = hasStrongest ? .init(series: series, score: score, excess: excess) : nil
    }
}

extension AlertPolicy.Group {
    func encode(to writer: inout StateWriter) {
        writer.write(id)
        writer.write(UInt32(seq))
        writer.write(stream)
        writer.write(kind.rawValue)
        writer.write(severity == .critical)
        writer.write(since.nanoseconds)
        writer.write(openedAt.nanoseconds)
        writer.write(joinSeconds)
        writer.write(isWholeSource)
        writer.write(texts: series)
        writer.write(texts: openSeries)
        writer.write(optional: score)
        writer.write(optional: rarity)
        writer.write(until != nil)
        writer.write(until?.nanoseconds ?? 0)
        writer.write(texts: [pattern, runbook].map { $0.map { ["=\($0)"] } ?? [] }.map { $0.first ?? "" })
    }

    init(from reader: inout StateReader) throws(StateCodingError) {
        id = try reader.readString()
        seq = Int(try reader.read(UInt32.self))
        stream = try reader.readString()
        let kindName = try reader.readString()
        guard let kind = AlertKind(rawValue: kindName) else { throw .invalid("an incident of kind \(kindName)") }
        self.kind = kind
        severity = try reader.readBool() ? .critical : .warning
        since = Timestamp(nanoseconds: try reader.read())
        openedAt = Timestamp(nanoseconds: try reader.read())
        joinSeconds = try reader.readDouble()
        isWholeSource = try reader.readBool()
        series = try reader.readTexts()
        openSeries = try reader.readTexts()
        score = try reader.readOptionalDouble()
        rarity = try reader.readOptionalDouble()
        let hasUntil = try reader.readBool()
        let nanoseconds: Int64 = try reader.read()
        until = hasUntil ? Timestamp(nanoseconds: nanoseconds) : nil
        let texts = try reader.readTexts()
        guard texts.count == 2, !series.isEmpty, !openSeries.isEmpty, joinSeconds >= 0 else {
            throw .invalid("an incident without series")
        }
        pattern = texts[0].isEmpty ? nil : String(texts[0].dropFirst())
        runbook = texts[1].isEmpty ? nil : String(texts[1].dropFirst())
    }
}

extension StateWriter {
    fileprivate mutating func write(texts: [String]) {
        write(UInt32(texts.count))
        for text in texts { write(text) }
    }

    fileprivate mutating func write(openedBy part: AlertRecord.ChannelPart?) {
        write(part != nil)
        guard let part else { return }
        write(texts: [part.name, part.unit ?? "", part.direction])
        write(part.share)
        for number in [part.value, part.expected, part.low, part.high] { write(optional: number) }
    }

    fileprivate mutating func write(optional number: Double?) {
        write(number != nil)
        write(number ?? 0)
    }
}

extension StateReader {
    fileprivate mutating func readTexts() throws(StateCodingError) -> [String] {
        let count = try read(UInt32.self)
        // Each text takes four bytes at least: a damaged count ends here, not after gigabytes.
        guard Int(count) * 4 <= remaining else { throw .truncated(reading: "\(count) texts") }
        var texts: [String] = []
        for _ in 0..<count { texts.append(try readString()) }
        return texts
    }

    fileprivate mutating func readOpened() throws(StateCodingError) -> AlertRecord.ChannelPart? {
        guard try readBool() else { return nil }
        let texts = try readTexts()
        guard texts.count == 3 else { throw .invalid("a channel of an incident") }
        let share = try readDouble()
        return AlertRecord.ChannelPart(
            name: texts[0], unit: texts[1].isEmpty ? nil : texts[1], value: try readOptionalDouble(),
            expected: try readOptionalDouble(), low: try readOptionalDouble(), high: try readOptionalDouble(),
            share: share, direction: texts[2])
    }

    fileprivate mutating func readOptionalDouble() throws(StateCodingError) -> Double? {
        let isPresent = try readBool()
        let number = try readDouble()
        return isPresent ? number : nil
    }
}
