import TimeSeries

/// Samples of a source that knows their channels itself: series with the same channels are a group.
///
/// They are kept as an InfluxDB stream is, a measurement for each set of channels, so that a restart knows them again.
extension LineDecoder {
    /// The number of the group with these channels, made when there is none; `nil` when there is no room for it, or the
    /// stored state is of lines.
    ///
    /// - Parameter names: of the channels, in order; `Temp [°C]` is the channel `Temp` in `°C`.
    mutating func group(of names: [[UInt8]], summary: String) -> Int? {
        guard !names.isEmpty, names.count <= Dialect.mostChannels else { return nil }
        guard let present = dialect else {
            let schema = StreamSchema(groups: [Self.channels(names)], hasTime: true, summary: summary)
            var found = Dialect(
                format: .measurements(Dialect.Measurements(list: [Self.measurement(names, 0)], tag: [], watched: [])),
                time: .epoch(largest: 1e12), dates: nil, schema: schema)
            found.schema.zone = configuration.zone.rules
            settle(found)
            return 0
        }
        guard case .measurements(var measurements) = present.format else { return nil }
        if let known = measurements.list.firstIndex(where: { $0.fields == names }) { return known }
        let all = measurements.list.reduce(names.count) { $0 + $1.fields.count }
        guard measurements.list.count < Dialect.mostGroups, all <= Dialect.mostChannelsOfGroups else { return nil }
        measurements.list.append(Self.measurement(names, measurements.list.count))
        dialect?.format = .measurements(measurements)
        dialect?.schema.groups.append(Self.channels(names))
        series.channelsOfGroups = dialect?.schema.groups.map(\.count) ?? []
        isStateStale = true
        return measurements.list.count - 1
    }

    /// The group that a series has, and the names of its channels; `nil` for a key that is no series yet.
    func group(ofSeries key: Span<UInt8>) -> (number: Int, names: [[UInt8]])? {
        guard let index = series.known(key), case .measurements(let measurements) = dialect?.format else { return nil }
        let number = Int(series.groups[Int(index)])
        return measurements.list.indices.contains(number) ? (number, measurements.list[number].fields) : nil
    }

    /// Takes a sample.
    ///
    /// - Parameter values: one for each channel of the group; NaN is missing.
    mutating func takeSample(
        _ key: Span<UInt8>, group: Int, values: [Double], time: Timestamp, into batch: inout RecordBatch
    ) {
        guard let index = series.index(key, 0..<key.count, group: Int32(group)) else {
            return takeUnusable(.badSyntax, key, into: &batch)
        }
        counters.lines += 1
        counters.records += 1
        append(index, values, time, into: &batch)
    }

    /// A series is reported to have stopped; of a key that is no series nothing is told.
    mutating func takeStop(_ key: Span<UInt8>, time: Timestamp, into batch: inout RecordBatch) {
        guard let index = series.known(key) else { return }
        append(index, [], time, into: &batch)
        batch.rows[batch.rows.count - 1].stopsSeries = true
    }

    /// Counts a message that cannot be used.
    mutating func takeUnusable(_ reason: MalformedReason, _ shown: Span<UInt8>, into batch: inout RecordBatch) {
        counters.lines += 1
        note(reason, shown, number: counters.lines)
        let text = Int32(batch.text.count)
        batch.rows.append(
            RecordBatch.Row(
                malformed: reason, series: 0, time: nil, timeText: text..<text, firstValue: 0, endOffset: offset))
    }

    private mutating func append(_ index: Int32, _ values: [Double], _ time: Timestamp, into batch: inout RecordBatch) {
        let text = Int32(batch.text.count)
        var row = RecordBatch.Row(
            malformed: nil, series: index, time: time, timeText: text..<text, firstValue: Int32(batch.values.count),
            endOffset: offset)
        if index == SeriesTable.counted {
            batch.text.append(contentsOf: series.countedKey)
            row.keyLength = Int32(series.countedKey.count)
        }
        batch.rows.append(row)
        batch.values.append(contentsOf: values)
    }

    private static func measurement(_ names: [[UInt8]], _ number: Int) -> Dialect.Measurements.Measurement {
        Dialect.Measurements.Measurement(name: Array("\(number + 1)".utf8), fields: names)
    }

    private static func channels(_ names: [[UInt8]]) -> [Channel] {
        ChannelNames.unique(names.map { ChannelNames.channel(String(decoding: $0, as: UTF8.self)) })
    }
}
