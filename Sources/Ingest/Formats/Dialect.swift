import TimeSeries

/// How the lines of a stream are read, once that is settled.
struct Dialect: Equatable, Sendable {
    /// What a column of a delimited line is for.
    enum Role: Equatable, Sendable {
        case ignored
        case time
        /// The time of day beside a date in the column with the role ``time``.
        case clock
        case series
        case channel(Int)
    }

    /// The parts that only delimited lines have.
    struct Columns: Equatable, Sendable {
        /// `,`, `;`, tab or `|`.
        var delimiter: UInt8
        /// The decimal mark, `.` or `,`.
        var mark: UInt8
        /// What each column is for.
        var roles: [Role]
        /// Names of the columns as written, none without a header.
        var names: [String]
        /// Lines that are skipped wherever they stand: the header, and the line of units below it.
        var headerLines: [[UInt8]]
    }

    /// The parts that only JSON lines have.
    struct Keys: Equatable, Sendable {
        /// The key of the time; empty when lines have none.
        var time: [UInt8]
        /// The key of the series; empty when lines name none.
        var series: [UInt8]
        /// The keys of the channels.
        var channels: [[UInt8]]
        /// Whether `true` and `false` are 1 and 0 (the channels were named) or missing.
        var readsBooleans: Bool
    }

    /// The line format.
    enum Format: Equatable, Sendable {
        case columns(Columns)
        case keys(Keys)
    }

    /// How lines are read.
    var format: Format
    /// How the time is written; `nil` when lines have none.
    var time: TimeFormat?
    /// The channels and the summary.
    var schema: StreamSchema
}

// MARK: - State

extension Dialect {
    /// Most channels of one stream.
    static let mostChannels = 4_096

    /// Writes the dialect.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(2))
        writer.write(schema.zone.name)
        writer.write(schema.summary)
        writer.write(UInt32(schema.channels.count))
        for channel in schema.channels {
            writer.write(channel.name)
            writer.write(channel.unit != nil)
            writer.write(channel.unit ?? "")
        }
        switch time {
        case nil: writer.write(UInt8(255))
        case .calendar: writer.write(UInt8(254))
        case .epoch(let digits): writer.write(UInt8(digits))
        }
        switch format {
        case .columns(let columns):
            writer.write(UInt8(0))
            columns.encode(to: &writer)
        case .keys(let keys):
            writer.write(UInt8(1))
            keys.encode(to: &writer)
        }
    }

    /// The zone's name in what ``encode(to:)`` wrote; `nil` when it names none.
    static func zoneName(in bytes: [UInt8]) -> String? {
        var reader = StateReader(bytes)
        guard let version = try? reader.read(UInt8.self), version >= 2 else { return nil }
        return try? reader.readString()
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameter zone: the rules of the stored zone's name.
    init(
        from reader: inout StateReader, zone: (String) -> TimeZoneRules
    ) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard (1...2).contains(version) else { throw .invalid("unknown version of the input's dialect") }
        // The first version knew no zone but this.
        let zoneName = version == 1 ? TimeZoneRules.utc.name : try reader.readString()
        let summary = try reader.readString()
        let channelCount = Int(try reader.read(UInt32.self))
        guard (1...Self.mostChannels).contains(channelCount) else { throw .invalid("\(channelCount) channels") }
        var channels: [Channel] = []
        for _ in 0..<channelCount {
            let name = try reader.readString()
            let hasUnit = try reader.readBool()
            let unit = try reader.readString()
            channels.append(Channel(name: name, unit: hasUnit ? unit : nil))
        }
        switch try reader.read(UInt8.self) {
        case 255: time = nil
        case 254: time = .calendar
        case let digits where [0, 3, 6, 9].contains(digits): time = .epoch(nanosecondDigits: Int(digits))
        case let other: throw .invalid("\(other) as the form of the time")
        }
        let zone = zone(zoneName)
        schema = StreamSchema(channels: channels, hasTime: time != nil, zone: zone, summary: summary)
        if zone.name != zoneName {
            let stored = zoneName == TimeZoneRules.utc.name ? "read as UTC" : "read as \(zoneName) local time"
            schema.summary = summary.replacing(stored, with: zone.summary)
        }
        switch try reader.read(UInt8.self) {
        case 0: format = .columns(try Columns(from: &reader, channelCount: channelCount))
        case 1: format = .keys(try Keys(from: &reader, channelCount: channelCount))
        case let other: throw .invalid("\(other) as the input's format")
        }
    }
}

extension Dialect.Columns {
    fileprivate func encode(to writer: inout StateWriter) {
        writer.write(delimiter)
        writer.write(mark)
        writer.write(
            roles.map { role -> Int32 in
                switch role {
                case .channel(let index): Int32(index)
                case .ignored: -1
                case .time: -2
                case .clock: -3
                case .series: -4
                }
            })
        writer.write(UInt32(names.count))
        for name in names { writer.write(name) }
        writer.write(UInt32(headerLines.count))
        for line in headerLines { writer.write(line) }
    }

    fileprivate init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        delimiter = try reader.read()
        mark = try reader.read()
        roles = []
        for code in try reader.readIntegers(Int32.self) {
            switch code {
            case 0..<Int32(channelCount): roles.append(.channel(Int(code)))
            case -1: roles.append(.ignored)
            case -2: roles.append(.time)
            case -3: roles.append(.clock)
            case -4: roles.append(.series)
            default: throw .invalid("\(code) as the use of a column")
            }
        }
        names = []
        for _ in 0..<(try reader.read(UInt32.self)) { names.append(try reader.readString()) }
        headerLines = []
        for _ in 0..<(try reader.read(UInt32.self)) { headerLines.append(try reader.readIntegers()) }
    }
}

extension Dialect.Keys {
    fileprivate func encode(to writer: inout StateWriter) {
        writer.write(time)
        writer.write(series)
        for key in channels { writer.write(key) }
        writer.write(readsBooleans)
    }

    fileprivate init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        time = try reader.readIntegers()
        series = try reader.readIntegers()
        channels = []
        for _ in 0..<channelCount { channels.append(try reader.readIntegers()) }
        readsBooleans = try reader.readBool()
    }
}
