import TimeSeries

/// Lines of a settled dialect, one by one.
extension LineDecoder {
    /// Decodes a line and appends what it is.
    ///
    /// Inlined, with what it calls for each line: in a file of its own it would cost a call a line more.
    @inline(__always)
    mutating func decodeLine(
        _ line: Span<UInt8>, flaw: MalformedReason?, number: UInt64, endOffset: Int64, into batch: inout RecordBatch
    ) {
        if envelope.isOld, dialect?.schema.hasTime == false {
            counters.undated += 1
            return
        }
        var decoded = DecodedLine(kind: .malformed(.badSyntax))
        let unreadable = DecodedLine(kind: .malformed(.badSyntax))
        if let flaw {
            let plain = DecodedLine(kind: .malformed(flaw))
            decoded = flaw == .controlBytes ? delimited?.flawed(line, flaw) ?? plain : plain
        } else if flows != nil {
            return decodeFlow(line, number: number, endOffset: endOffset, into: &batch)
        } else if delimited != nil {
            delimited?.decode(line, &series, into: &decoded)
            if decoded.kind == .unwatched { counters.unknownKeys += 1 }
        } else if influx != nil {
            decoded = influx?.decode(line, &series, &counters) ?? unreadable
            noteMeasurements()
        } else if metrics != nil {
            return decodeMetrics(line, number: number, endOffset: endOffset, into: &batch)
        } else {
            keyed?.arrival = batch.arrival
            decoded = keyed?.decode(line, &series, &counters) ?? unreadable
            if decoded.kind == .several {
                return decodeRecords(line, number: number, endOffset: endOffset, into: &batch)
            }
        }
        take(decoded, line, number: number, endOffset: endOffset, into: &batch)
    }

    /// A line of a stream of flows.
    private mutating func decodeFlow(
        _ line: Span<UInt8>, number: UInt64, endOffset: Int64, into batch: inout RecordBatch
    ) {
        let place = Int32(batch.flows.count)
        switch flows?.decode(line, into: &batch.flows) ?? .other {
        case .flow(let time):
            counters.records += 1
            let textStart = Int32(batch.text.count)
            batch.text.append(line.extracting(time))
            batch.rows.append(
                RecordBatch.Row(
                    malformed: nil, series: 0, time: batch.flows[Int(place)].end,
                    timeText: textStart..<Int32(batch.text.count), firstValue: place, endOffset: endOffset))
        case .header: counters.headers += 1
        case .other:
            counters.unwatched += 1
            if !isOtherKindTold, flows?.hasMetStats == true { tellOtherKind(.suricataStats) }
        case .malformed(let reason):
            take(DecodedLine(kind: .malformed(reason)), line, number: number, endOffset: endOffset, into: &batch)
        }
        noteFlows()
    }

    /// Stores how flow records are read, if a line changed it.
    mutating func noteFlows() {
        guard let changed = flows?.takeChange() else { return }
        dialect?.format = .flows(changed)
        isStateStale = true
    }

    /// Notes that events are in the stream which another source can read; only where nobody said which to read.
    private mutating func tellOtherKind(_ format: SourceConfiguration.Format) {
        isOtherKindTold = true
        if configuration.format == .auto { otherKind = format }
    }

    /// The records in the list that a line holds. All but the last end where the line begins, so that a restart between
    /// them reads the line again.
    private mutating func decodeRecords(
        _ line: Span<UInt8>, number: UInt64, endOffset: Int64, into batch: inout RecordBatch
    ) {
        let first = batch.rows.count
        while let decoded = keyed?.nextRecord(line, &series, &counters) {
            take(decoded, line, number: number, endOffset: lineStart, into: &batch)
        }
        if batch.rows.count > first { batch.rows[batch.rows.count - 1].endOffset = endOffset }
    }

    /// The readings of a StatsD line. All but the last end where the line begins, as records in a list do.
    private mutating func decodeMetrics(
        _ line: Span<UInt8>, number: UInt64, endOffset: Int64, into batch: inout RecordBatch
    ) {
        let first = batch.rows.count
        metrics?.begin(line)
        while let decoded = metrics?.next(line, &series) {
            noteKinds()
            take(decoded, line, number: number, endOffset: lineStart, into: &batch)
        }
        if batch.rows.count > first { batch.rows[batch.rows.count - 1].endOffset = endOffset }
    }

    /// Kinds of metrics that were met for the first time become groups behind the others.
    private mutating func noteKinds() {
        guard let newcomers = metrics?.takeNewcomers(), !newcomers.isEmpty, case .metrics(let kinds) = dialect?.format
        else { return }
        dialect?.format = .metrics(kinds + newcomers)
        dialect?.schema.metrics += newcomers
        dialect?.schema.groups += newcomers.map { $0.channels.map(\.channel) }
        series.channelsOfGroups = dialect?.schema.groups.map(\.count) ?? []
        isStateStale = true
    }

    /// Whether a stored dialect is one of StatsD lines.
    static func isOfMetrics(_ bytes: [UInt8]) -> Bool {
        var reader = StateReader(bytes)
        guard let dialect = try? Dialect(from: &reader, zone: { _ in .utc }) else { return false }
        return !dialect.schema.metrics.isEmpty
    }

    @inline(__always)
    private mutating func take(
        _ decoded: DecodedLine, _ line: Span<UInt8>, number: UInt64, endOffset: Int64, into batch: inout RecordBatch
    ) {
        if !decoded.unknown.isEmpty { noteUnknown(line, decoded.unknown, number: number) }
        switch decoded.kind {
        case .header:
            counters.headers += 1
            noteColumns()
        case .record where isKeyedByEnvelope: takeKeyed(decoded, line, number: number, endOffset, into: &batch)
        case .record:
            counters.records += 1
            append(decoded, nil, line, endOffset, into: &batch)
        case .unwatched, .several:
            counters.unwatched += 1
            if !isOtherKindTold, keyed?.hasMetFlows == true { tellOtherKind(.suricata) }
        case .malformed(let reason):
            note(reason, line, number: number)
            append(decoded, reason, line, endOffset, into: &batch)
        }
    }

    /// Counts an unusable line, and has it shown when it is the first of its kind or one of very many.
    mutating func note(_ reason: MalformedReason, _ line: Span<UInt8>, number: UInt64) {
        counters[reason] += 1
        let count = counters[reason]
        guard count % Self.linesBetweenNotices == 1 else { return }
        notices.append(
            MalformedNotice(line: number, reason: reason, excerpt: MalformedLine.excerpt(line), count: count))
    }

    /// A record whose series the envelope names.
    private mutating func takeKeyed(
        _ decoded: DecodedLine, _ line: Span<UInt8>, number: UInt64, _ endOffset: Int64, into batch: inout RecordBatch
    ) {
        var keyed = decoded
        let key = envelope.key
        guard let index = series.index(key.span, 0..<key.count) else {
            note(.badSyntax, line, number: number)
            return append(DecodedLine(kind: .malformed(.badSyntax)), .badSyntax, line, endOffset, into: &batch)
        }
        keyed.series = index
        counters.records += 1
        append(keyed, nil, line, endOffset, into: &batch)
    }

    /// Measurements that were met for the first time become groups behind the others.
    private mutating func noteMeasurements() {
        guard influx?.newcomers.isEmpty == false, let newcomers = influx?.takeNewcomers(),
            case .measurements(var measurements) = dialect?.format
        else { return }
        measurements.list += newcomers
        dialect?.format = .measurements(measurements)
        dialect?.schema.groups += newcomers.map(\.channels)
        series.channelsOfGroups = dialect?.schema.groups.map(\.count) ?? []
        isStateStale = true
    }

    /// Notes a name that nobody watches: each is told once, and only a few.
    private mutating func noteUnknown(_ line: Span<UInt8>, _ range: Range<Int>, number: UInt64) {
        guard unknownNames.count < Self.mostUnknownTold, range.count <= SeriesTable.longestName else { return }
        for name in unknownNames where matches(line, range, name) { return }
        var name: [UInt8] = []
        for index in range { name.append(line[index]) }
        unknownNotices.append(UnknownNotice(line: number, name: MalformedLine.excerpt(name.span)))
        unknownNames.append(name)
    }

    /// After a header: stores the columns if it changed their order.
    private mutating func noteColumns() {
        guard let columns = delimited?.columns, dialect?.format != .columns(columns) else { return }
        dialect?.format = .columns(columns)
        storeDialect()
    }

    @inline(__always)
    private mutating func append(
        _ decoded: DecodedLine, _ malformed: MalformedReason?, _ line: Span<UInt8>, _ endOffset: Int64,
        into batch: inout RecordBatch
    ) {
        let textStart = Int32(batch.text.count)
        batch.text.append(line.extracting(decoded.timeRange))
        if !decoded.clockRange.isEmpty {
            batch.text.append(32)
            batch.text.append(line.extracting(decoded.clockRange))
        }
        var row = RecordBatch.Row(
            malformed: malformed, series: decoded.series, time: decoded.instant?.time ?? envelope.time,
            repeatedAfter: decoded.instant?.repeatedAfter ?? 0, timeText: textStart..<Int32(batch.text.count),
            channel: decoded.channel,
            firstValue: Int32(batch.values.count), endOffset: endOffset)
        if malformed == nil, decoded.series == SeriesTable.counted {
            batch.text.append(contentsOf: series.countedKey)
            row.keyLength = Int32(series.countedKey.count)
        }
        batch.rows.append(row)
        guard malformed == nil else { return }
        // Asked in place, or for the values alone: a whole decoder would cost its arrays' reference counts, for each line.
        if delimited != nil {
            delimited?.giveValues(to: &batch.values)
        } else if let values = keyed?.values {
            batch.values.append(contentsOf: values)
        } else if let values = influx?.values {
            batch.values.append(contentsOf: values)
        } else if let values = metrics?.values {
            batch.rows[batch.rows.count - 1].isChange = metrics?.isChange ?? false
            batch.values.append(contentsOf: values)
        }
    }
}
