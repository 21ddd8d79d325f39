import TimeSeries

/// The formats rows can be written in.
enum SimulatedFormat: String, CaseIterable {
    /// A header, then a line for each row.
    case csv
    /// A JSON object for each row.
    case jsonl
    /// InfluxDB's line protocol, times in nanoseconds.
    case influx
    /// A CSV line for each cell: time, series, channel, value.
    case long
}

/// Writes rows as bytes. A missing cell is empty in CSV, `null` in JSON, and left out in the other two.
struct RowEncoder {
    private let format: SimulatedFormat
    private let channels: [SimulatedChannel]
    /// What stands before each value, where that is a text.
    private let labels: [[UInt8]]
    private let series: [[UInt8]]
    private let hasSeries: Bool
    private let measurement: [UInt8]
    private let quotesTime: Bool
    private var time: RowTime
    private var timeText = ByteBlock(capacity: 40)
    private var timeOf: Timestamp?

    init(
        format: SimulatedFormat, channels: [SimulatedChannel], series: [String], hasSeries: Bool, measurement: String,
        timeForm: SimulatedTimeForm, time: RowTime
    ) {
        self.format = format
        self.channels = channels
        self.series = series.map { Array($0.utf8) }
        self.hasSeries = hasSeries
        self.measurement = Array(measurement.utf8)
        self.time = time
        quotesTime = timeForm != .epoch
        labels = channels.map { channel in
            switch format {
            case .csv: []
            case .jsonl: Array(",\"\(channel.name)\":".utf8)
            case .influx: Array("\(channel.name)=".utf8)
            case .long: Array("\(channel.name),".utf8)
            }
        }
    }

    /// The first line of CSV; nothing for the others.
    var header: String {
        switch format {
        case .csv:
            "timestamp" + (hasSeries ? ",series" : "")
                + channels.map { ",\($0.name)" + ($0.unit.map { " [\($0)]" } ?? "") }.joined() + "\n"
        case .long: "timestamp,series,channel,value\n"
        case .jsonl, .influx: ""
        }
    }

    /// Puts a row with its line end.
    ///
    /// - Parameters:
    ///   - cells: in steps of 10^−decimals of each channel, `missing` where there is nothing.
    mutating func put(
        _ cells: [Int], missing: Int, series index: Int, at instant: Timestamp, into block: inout ByteBlock
    ) {
        if timeOf != instant, format != .influx {
            timeText.clear()
            time.put(instant, into: &timeText)
            timeOf = instant
        }
        switch format {
        case .csv:
            putTime(into: &block)
            if hasSeries {
                block.put(UInt8(ascii: ","))
                block.put(series[index])
            }
            for channel in cells.indices {
                block.put(UInt8(ascii: ","))
                if cells[channel] != missing { block.put(cells[channel], decimals: channels[channel].decimals) }
            }
            block.put(UInt8(ascii: "\n"))
        case .jsonl:
            block.put(Self.openTime)
            if quotesTime { block.put(UInt8(ascii: "\"")) }
            putTime(into: &block)
            if quotesTime { block.put(UInt8(ascii: "\"")) }
            if hasSeries {
                block.put(Self.seriesKey)
                block.put(series[index])
                block.put(UInt8(ascii: "\""))
            }
            for channel in cells.indices {
                block.put(labels[channel])
                if cells[channel] == missing {
                    block.put(Self.null)
                } else {
                    block.put(cells[channel], decimals: channels[channel].decimals)
                }
            }
            block.put(UInt8(ascii: "}"))
            block.put(UInt8(ascii: "\n"))
        case .influx:
            // A line without any field is not allowed.
            guard cells.contains(where: { $0 != missing }) else { return }
            block.put(measurement)
            if hasSeries {
                block.put(Self.seriesTag)
                block.put(series[index])
            }
            var separator = UInt8(ascii: " ")
            for channel in cells.indices where cells[channel] != missing {
                block.put(separator)
                separator = UInt8(ascii: ",")
                block.put(labels[channel])
                block.put(cells[channel], decimals: channels[channel].decimals)
            }
            block.put(UInt8(ascii: " "))
            block.put(Int(instant.nanoseconds), decimals: 0)
            block.put(UInt8(ascii: "\n"))
        case .long:
            for channel in cells.indices where cells[channel] != missing {
                putTime(into: &block)
                block.put(UInt8(ascii: ","))
                block.put(series[index])
                block.put(UInt8(ascii: ","))
                block.put(labels[channel])
                block.put(cells[channel], decimals: channels[channel].decimals)
                block.put(UInt8(ascii: "\n"))
            }
        }
    }

    private static let openTime = Array("{\"timestamp\":".utf8)
    private static let seriesKey = Array(",\"series\":\"".utf8)
    private static let seriesTag = Array(",series=".utf8)
    private static let null = Array("null".utf8)

    private func putTime(into block: inout ByteBlock) {
        for index in 0..<timeText.count { block.put(timeText.bytes[index]) }
    }
}
