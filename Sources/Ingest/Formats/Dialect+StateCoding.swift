import TimeSeries

extension Dialect {
    private static let version: UInt8 = 3

    /// Writes the dialect.
    func encode(to writer: inout StateWriter) {
        writer.write(Self.version)
        writer.write(schema.zone.name)
        writer.write(schema.summary)
        writer.write(UInt32(schema.groups.count))
        for group in schema.groups {
            writer.write(UInt32(group.count))
            for channel in group {
                writer.write(channel.name)
                writer.write(channel.unit != nil)
                writer.write(channel.unit ?? "")
            }
        }
        switch time {
        case nil: writer.write(UInt8(255))
        case .calendar: writer.write(UInt8(254))
        case .epoch(let digits): writer.write(UInt8(digits))
        }
        writer.write(dates?.rawValue ?? "")
        switch format {
        case .columns(let columns):
            writer.write(UInt8(0))
            columns.encode(to: &writer)
        case .keys(let keys):
            writer.write(keys.notation.rawValue)
            keys.encode(to: &writer)
            if keys.notation == .syslog {
                writer.write(keys.reference != nil)
                writer.write(keys.reference?.nanoseconds ?? 0)
            }
        case .measurements(let measurements):
            writer.write(UInt8(2))
            measurements.encode(to: &writer)
        case .flows(let flows):
            writer.write(UInt8(3))
            flows.encode(to: &writer)
        case .metrics(let kinds):
            writer.write(UInt8(7))
            writer.write(kinds.map(\.rawValue))
        }
    }

    /// The zone's name in what ``encode(to:)`` wrote; `nil` when it names none.
    static func zoneName(in bytes: [UInt8]) -> String? {
        var reader = StateReader(bytes)
        guard let version = try? reader.read(UInt8.self), version >= 2 else { return nil }
        return try? reader.readString()
    }

    /// Reads what ``encode(to:)`` wrote, now or in an earlier version.
    ///
    /// - Parameter zone: the rules of the stored zone's name.
    init(
        from reader: inout StateReader, zone: (String) -> TimeZoneRules
    ) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard (1...Self.version).contains(version) else { throw .unknownVersion(of: "the input's dialect") }
        // The first version knew no zone but this, and the first two no groups of channels.
        let zoneName = version == 1 ? TimeZoneRules.utc.name : try reader.readString()
        let summary = try reader.readString()
        let groupCount = version < 3 ? 1 : Int(try reader.read(UInt32.self))
        guard (1...Self.mostGroups).contains(groupCount) else { throw .invalid("\(groupCount) groups of channels") }
        var groups: [[Channel]] = []
        for _ in 0..<groupCount { groups.append(try Self.channels(from: &reader)) }
        switch try reader.read(UInt8.self) {
        case 255: time = nil
        case 254: time = .calendar
        case let digits where [0, 3, 6, 9].contains(digits): time = .epoch(nanosecondDigits: Int(digits))
        case let other: throw .invalid("\(other) as the form of the time")
        }
        let order = version < 3 ? "" : try reader.readString()
        dates = SourceConfiguration.DateOrder(rawValue: order)
        guard order.isEmpty || dates != nil else { throw .invalid("\(order) as the order of dates") }
        let zone = zone(zoneName)
        schema = StreamSchema(groups: groups, hasTime: time != nil, zone: zone, summary: summary)
        if zone.name != zoneName {
            let stored = zoneName == TimeZoneRules.utc.name ? "read as UTC" : "read as \(zoneName) local time"
            schema.summary = summary.replacing(stored, with: zone.summary)
        }
        let isOne = groups.count == 1
        let count = groups[0].count
        switch try reader.read(UInt8.self) {
        case 0 where isOne: format = .columns(try Columns(from: &reader, channelCount: count, version))
        case let code where isOne && Notation(rawValue: code) != nil:
            var keys = try Keys(from: &reader, channelCount: count, version)
            keys.notation = Notation(rawValue: code) ?? .json
            if keys.notation == .syslog {
                let hasReference = try reader.readBool()
                let reference = Timestamp(nanoseconds: try reader.read())
                keys.reference = hasReference ? reference : nil
            }
            if keys.notation == .suricataStats { schema.counters = SuricataStats.counters(of: groups[0]) }
            format = .keys(keys)
        case 2: format = .measurements(try Measurements(from: &reader, groups: groups))
        case 3 where isOne:
            format = .flows(try FlowDialect(from: &reader))
            schema.isFlows = true
            schema.hasTime = true
            schema.groups = [FlowChannels.all]
        case 7:
            let kinds = try reader.readIntegers(UInt8.self).compactMap(MetricKind.init)
            guard kinds.map({ $0.channels.map(\.channel) }) == groups, Set(kinds).count == kinds.count else {
                throw .invalid("\(kinds.count) kinds of metrics in \(groups.count) groups")
            }
            format = .metrics(kinds)
            schema.metrics = kinds
        case let other: throw .invalid("\(other) as the input's format")
        }
    }

    private static func channels(from reader: inout StateReader) throws(StateCodingError) -> [Channel] {
        let count = Int(try reader.read(UInt32.self))
        guard (1...mostChannels).contains(count) else { throw .invalid("\(count) channels") }
        var channels: [Channel] = []
        for _ in 0..<count {
            let name = try reader.readString()
            let hasUnit = try reader.readBool()
            let unit = try reader.readString()
            channels.append(Channel(name: name, unit: hasUnit ? unit : nil))
        }
        return channels
    }
}

extension StateWriter {
    fileprivate mutating func write(_ names: [[UInt8]]) {
        write(UInt32(names.count))
        for name in names { write(name) }
    }
}

extension StateReader {
    fileprivate mutating func readNames() throws(StateCodingError) -> [[UInt8]] {
        var names: [[UInt8]] = []
        for _ in 0..<(try read(UInt32.self)) { names.append(try readIntegers()) }
        return names
    }
}

extension Dialect.Columns {
    fileprivate func encode(to writer: inout StateWriter) {
        writer.write(delimiter)
        writer.write(mark)
        writer.write(readsGroups)
        writer.write(
            roles.map { role -> Int32 in
                switch role {
                case .channel(let index): Int32(index)
                case .ignored: -1
                case .time: -2
                case .clock: -3
                case .series: -4
                case .name: -5
                case .quality: -6
                }
            })
        writer.write(UInt32(names.count))
        for name in names { writer.write(name) }
        writer.write(headerLines)
        writer.write(channelNames)
    }

    fileprivate init(
        from reader: inout StateReader, channelCount: Int, _ version: UInt8
    ) throws(StateCodingError) {
        delimiter = try reader.read()
        mark = try reader.read()
        readsGroups = version < 3 ? false : try reader.readBool()
        roles = []
        for code in try reader.readIntegers(Int32.self) {
            switch code {
            case 0..<Int32(channelCount): roles.append(.channel(Int(code)))
            case -1: roles.append(.ignored)
            case -2: roles.append(.time)
            case -3: roles.append(.clock)
            case -4: roles.append(.series)
            case -5: roles.append(.name)
            case -6: roles.append(.quality)
            default: throw .invalid("\(code) as the use of a column")
            }
        }
        names = []
        for _ in 0..<(try reader.read(UInt32.self)) { names.append(try reader.readString()) }
        headerLines = try reader.readNames()
        channelNames = version < 3 ? [] : try reader.readNames()
        guard channelNames.isEmpty || channelNames.count == channelCount, channelNames.isEmpty || isOfOneValue else {
            throw .invalid("\(channelNames.count) names of \(channelCount) channels")
        }
    }

    private var isOfOneValue: Bool {
        roles.allSatisfy { if case .channel(let index) = $0 { index == 0 } else { true } }
    }
}

extension Dialect.Keys {
    fileprivate func encode(to writer: inout StateWriter) {
        writer.write(time)
        writer.write(series)
        writer.write(channels)
        writer.write(readsBooleans)
        writer.write(records)
        writer.write(name)
        writer.write(channelNames)
        writer.write(quality)
        writer.write(isList)
    }

    fileprivate init(
        from reader: inout StateReader, channelCount: Int, _ version: UInt8
    ) throws(StateCodingError) {
        time = try reader.readIntegers()
        series = try reader.readIntegers()
        guard version >= 3 else {
            channels = []
            for _ in 0..<channelCount { channels.append(try reader.readIntegers()) }
            readsBooleans = try reader.readBool()
            return
        }
        channels = try reader.readNames()
        readsBooleans = try reader.readBool()
        records = try reader.readIntegers()
        name = try reader.readIntegers()
        channelNames = try reader.readNames()
        quality = try reader.readIntegers()
        isList = try reader.readBool()
        let isLong = !name.isEmpty
        guard channels.count == (isLong ? 1 : channelCount), channelNames.count == (isLong ? channelCount : 0) else {
            throw .invalid("\(channels.count) keys and \(channelNames.count) names of \(channelCount) channels")
        }
    }
}

extension Dialect.Measurements {
    fileprivate func encode(to writer: inout StateWriter) {
        writer.write(tag)
        writer.write(watched)
        for measurement in list {
            writer.write(measurement.name)
            writer.write(measurement.fields)
        }
    }

    fileprivate init(from reader: inout StateReader, groups: [[Channel]]) throws(StateCodingError) {
        tag = try reader.readIntegers()
        watched = try reader.readNames()
        list = []
        for group in groups {
            let name: [UInt8] = try reader.readIntegers()
            let fields = try reader.readNames()
            guard fields.count == group.count else { throw .invalid("\(fields.count) fields of a measurement") }
            list.append(Measurement(name: name, fields: fields))
        }
    }
}
