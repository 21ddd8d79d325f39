import Testing
import TimeSeries

@testable import Ingest

/// A configuration with some keys set.
private func source(_ change: (inout SourceConfiguration) -> Void) -> SourceConfiguration {
    var configuration = SourceConfiguration(input: .standardInput)
    change(&configuration)
    return configuration
}

/// What goes wrong with delimited lines as gateways and instruments write them, one test for each trap.
@Suite struct DelimitedTrapTests {
    private func lines(_ lines: String...) -> String { lines.joined(separator: "\n") + "\n" }

    private func refusal(_ text: String, _ configuration: SourceConfiguration? = nil) -> String {
        let decoded = decode(text, configuration ?? SourceConfiguration(input: .standardInput))
        #expect(decoded.rows.isEmpty)
        return decoded.decoder.refusal?.description ?? "not refused: \(decoded.summary)"
    }

    // MARK: With a header

    private static let head = "time,Temp [°C],Pressure (bar),State"
    private static let row = "2026-11-21 02:15:40,21.4,3.02,RUN"

    @Test func `units inside names are units`() {
        let decoded = decode(lines(Self.head, Self.row, Self.row, Self.row))
        #expect(
            decoded.decoder.schema?.channels == [
                Channel(name: "Temp", unit: "°C"), Channel(name: "Pressure", unit: "bar"),
            ])
        #expect(decoded.values[0] == [21.4, 3.02])
        #expect(decoded.times[0] == "2026-11-21T02:15:40Z")
    }

    @Test func `a byte-order mark belongs to nobody`() {
        #expect(decode("\u{feff}" + lines(Self.head, Self.row, Self.row, Self.row)).values.count == 3)
    }

    @Test func `a header again after rotation is no data`() {
        let decoded = decode(lines(Self.head, Self.row, Self.row, Self.row, Self.head, Self.row))
        #expect(decoded.reasons == [nil, nil, nil, nil])
        #expect(decoded.decoder.counters.headers == 2)
    }

    @Test func `a second header row of units gives units, and is no data when it comes again`() {
        let units = "s,degC,bar,"
        let decoded = decode(
            lines(
                "time,Temp,Pressure,State", units, Self.row, Self.row, Self.row, "time,Temp,Pressure,State", units,
                Self.row)
        )
        #expect(decoded.decoder.schema?.channels.map(\.unit) == ["degC", "bar"])
        #expect(decoded.rows.count == 4)
        #expect(decoded.decoder.counters.malformed == 0)
    }

    @Test func `duplicate names are told apart`() {
        #expect(decode(lines("time,Temp,Temp", "1,2,3", "2,3,4", "3,4,5")).channelNames == ["Temp", "Temp_2"])
    }

    @Test func `a trailing comma is no column`() {
        let decoded = decode(lines("time,a,b,", "1,2,3,", "2,3,4,", "3,4,5,"))
        #expect(decoded.channelNames == ["a", "b"])
        #expect(decoded.values.last == [4, 5])
    }

    @Test func `line ends of Windows are line ends`() {
        let decoded = decode("time,a\r\n1,2\r\n2,3\r\n3,4\r\n")
        #expect(decoded.channelNames == ["a"])
        #expect(decoded.values == [[2], [3], [4]])
    }

    @Test func `a half line at the end waits for its other half`() {
        let text = "time,a\n1,2\n2,3\n3,4\n4,1"
        #expect(decode(Array(text.utf8), finish: false).values.count == 3)
        #expect(decode(text + "7\n").values.last == [17])
    }

    // MARK: European

    private static let european = "21.11.2026 02:15:40;21,4;3,02;;\"Halle 2; Nord\""

    @Test func `semicolons, decimal commas, quoted delimiters and empty cells are read together`() {
        let decoded = decode(lines("Zeit;Temp;Druck;Leer;Ort", Self.european, Self.european, Self.european))
        #expect(decoded.values[0] == [21.4, 3.02])
        #expect(decoded.times[0] == "2026-11-21T02:15:40Z")
        #expect(decoded.summary.hasPrefix("csv, semicolon, decimal comma, header"))
    }

    @Test func `an empty cell is missing and not 0`() {
        let decoded = decode(lines("ts;a;b", "1;2,5;3", "2;;4,5", "3;4,5;5", "4;;"))
        #expect(decoded.values == [[2.5, 3], [nil, 4.5], [4.5, 5], [nil, nil]])
    }

    @Test func `digits in groups are one number`() {
        let decoded = decode(lines("time;a;b", "1;1.234,5;7", "2;2.234,5;1.000", "3;12,5;1.234.567,25"))
        #expect(decoded.values == [[1234.5, 7], [2234.5, 1000], [12.5, 1_234_567.25]])
        let english = decode(lines("time,a", "1,\"1,234.5\"", "2,\"1,000\"", "3,12.5"))
        #expect(english.values == [[1234.5], [1000], [12.5]])
    }

    @Test func `one point before three digits beside decimal commas is refused with both readings`() {
        let text = lines("time;a;b", "1;1.234;0,5", "2;1.235;0,6", "3;1.236;0,7")
        let message = refusal(text)
        #expect(message.contains("`1.234` with `.` as the decimal mark, or `0,5` with `,` as the decimal mark"))
        #expect(message.contains("decimal = \",\""))
        #expect(decode(text, source { $0.decimal = .comma }).values[0] == [1234, 0.5])
    }

    @Test func `a quoted comma before three digits is refused with both readings`() {
        let text = lines("time,a", "1,\"1,234\"", "2,\"1,235\"", "3,\"1,236\"")
        #expect(refusal(text).contains("1234, its digits in groups, or 1.234, with a decimal comma; set decimal"))
        #expect(decode(text, source { $0.decimal = .comma }).values[0] == [1.234])
        #expect(decode(text, source { $0.decimal = .point }).values[0] == [1234])
    }

    @Test func `an unquoted decimal comma between commas is refused with both readings`() {
        let message = refusal(
            lines("Time(s),CH1,CH2", "0,000001,3,31,0,02", "0,000002,3,29,0,03", "0,000003,3,30,0,02"))
        #expect(message.contains("6 columns, 0 | 000001 | 3 | 31 | 0 | 02"), "\(message)")
        #expect(message.contains("3 columns with decimal commas, such as 0.000001 | 3.31 | 0.02"), "\(message)")
        #expect(message.contains("write numbers with a decimal point, or `;` between columns"))
    }

    @Test func `an unquoted decimal comma in some of the lines is refused as well`() {
        let message = refusal(lines("time,a", "1,5", "2,5,5", "3,6", "4,6,5", "5,7", "6,7,5"))
        #expect(
            message.contains("3 columns, 2 | 5 | 5, or 2 columns with decimal commas, such as 2 | 5.5"), "\(message)")
    }

    @Test func `a lone number with a decimal comma is refused until something says which`() {
        let text = lines("temp", "12,5", "12,6", "12,7")
        #expect(refusal(text).contains("two columns, 12 and 5, or one number with a decimal comma, 12.5"))
        let told = source {
            $0.delimiter = .semicolon
            $0.decimal = .comma
        }
        #expect(decode(text, told).values == [[12.5], [12.6], [12.7]])
    }

    // MARK: Without a header

    private static let bare = "1792000000.250,0.013,0.87,12"

    @Test func `columns without names are numbered or named`() {
        let text = lines(Self.bare, Self.bare, Self.bare)
        #expect(decode(text).channelNames == ["c2", "c3", "c4"])
        let named = decode(text, source { $0.columns = ["ts", "temp", "flow", "n"] })
        #expect(named.channelNames == ["temp", "flow", "n"])
        #expect(named.times[0] == "2026-10-14T17:46:40.250Z")
        #expect(
            refusal(text, source { $0.columns = ["ts", "temp"] }).contains("names 2 columns, the lines have 4 fields"))
    }

    @Test func `the order of columns is the writer's`() {
        let configuration = source {
            $0.columns = ["temp", "ts"]
            $0.hasHeader = false
        }
        let decoded = decode(lines("21.4,1792000000", "21.5,1792000001", "21.6,1792000002"), configuration)
        #expect(decoded.values == [[21.4], [21.5], [21.6]])
        #expect(decoded.times[2] == "2026-10-14T17:46:42Z")
    }

    @Test(arguments: ["1792000000", "1792000000000", "1792000000000000", "1792000000000000000"])
    func `an epoch is seconds, milliseconds, microseconds or nanoseconds by its size`(time: String) {
        #expect(decode(lines("\(time),1.5", "\(time),2.5", "\(time),3.5")).times[0] == "2026-10-14T17:46:40Z")
    }

    @Test func `a changing number of columns is counted, and the line shown`() {
        let decoded = decode(
            lines(Self.bare, Self.bare, Self.bare, "1792000001.250,0.013,0.87", Self.bare + ",7", Self.bare))
        #expect(decoded.reasons == [nil, nil, nil, .fieldCount, .fieldCount, nil])
        #expect(decoded.notices.map(\.line) == [4])
    }

    @Test func `a header is what it is told to be`() {
        let text = lines("10,20", "1,2", "2,3", "3,4")
        #expect(decode(text, source { $0.hasHeader = true }).channelNames == ["10", "20"])
        #expect(decode(lines("a,b", "1,2", "2,3", "3,4"), source { $0.hasHeader = false }).reasons[0] == .notANumber)
    }

    // MARK: Dates

    @Test(arguments: [
        ("21.11.2026 02:15:40", "2026-11-21T02:15:40Z"), ("1.2.2026 2:15", "2026-02-01T02:15:00Z"),
        ("02.01.2006", "2006-01-02T00:00:00Z"), ("21/11/2026 02:15:40", "2026-11-21T02:15:40Z"),
        ("11/21/2026 02:15:40", "2026-11-21T02:15:40Z"), ("11/21/2026 2:15:40 PM", "2026-11-21T14:15:40Z"),
        ("11/21/2026 12:05 AM", "2026-11-21T00:05:00Z"), ("21-11-2026T02:15:40.5+01:00", "2026-11-21T01:15:40.500Z"),
        ("2026-11-21T02:15", "2026-11-21T02:15:00Z"), ("2026/11/21 02:15", "2026-11-21T02:15:00Z"),
    ])
    func `dates of Europe, of America and without seconds are read`(text: String, time: String) {
        let decoded = decode(lines("time,a", "\(text),1", "\(text),2", "\(text),3"))
        #expect(decoded.times.first == time, "\(String(describing: decoded.decoder.refusal))")
        #expect(decoded.timeTexts.first == text)
    }

    @Test func `a date that can be read in two ways is refused with both, until a key says which`() {
        let text = lines("time,a", "03/04/2026 10:00,1", "05/04/2026 10:00,2", "06/04/2026 10:00,3")
        let message = refusal(text)
        #expect(message.contains("day/month/year, 2026-04-03, or month/day/year, 2026-03-04"), "\(message)")
        #expect(message.contains("dates = \"dmy\" or dates = \"mdy\""))
        #expect(decode(text, source { $0.dates = .dayFirst }).times[0] == "2026-04-03T10:00:00Z")
        #expect(decode(text, source { $0.dates = .monthFirst }).times[0] == "2026-03-04T10:00:00Z")
    }

    @Test func `one part above twelve settles the order for all`() {
        let decoded = decode(lines("time,a", "03/04/2026,1", "04/04/2026,2", "13/04/2026,3"))
        #expect(decoded.times[0] == "2026-04-03T00:00:00Z")
        #expect(decoded.summary.contains("day before month"))
    }

    @Test func `an order that the dates contradict is refused`() {
        let text = lines("time,a", "21/11/2026,1", "22/11/2026,2", "23/11/2026,3")
        #expect(refusal(text, source { $0.dates = .monthFirst }).contains("cannot read `21/11/2026`"))
    }

    @Test func `date and time of day in two columns are one time`() {
        let decoded = decode(
            lines("Datum;Uhrzeit;T", "21.11.2026;02:15:40;1,5", "21.11.2026;02:15:41;1,6", "22.11.2026;00:00:00;1,7"))
        #expect(decoded.times == ["2026-11-21T02:15:40Z", "2026-11-21T02:15:41Z", "2026-11-22T00:00:00Z"])
        #expect(decoded.channelNames == ["T"])
        let american = decode(
            lines("Date,Time,T", "11/21/2026,2:15:40 PM,1", "11/21/2026,2:15:41 PM,2", "11/21/2026,2:15:42 PM,3"))
        #expect(american.times.first == "2026-11-21T14:15:40Z", "\(String(describing: american.decoder.refusal))")
    }

    // MARK: Lists

    @Test(arguments: ["[1792000000,21.4,3.02]", "1792000000,[1,2,3],5", "1792000000,[[1,2],[3,4]],5"])
    func `JSON lists are not taken apart at their commas`(line: String) {
        #expect(refusal(lines(line, line, line)).contains("it holds a JSON list"))
    }

    @Test func `a JSON list in quotes is one cell, and units in brackets are none`() {
        #expect(decode(lines("t,a,w", "1,2,\"[1,2]\"", "2,3,\"[3,4]\"", "3,4,\"[5,6]\"")).channelNames == ["t", "a"])
        #expect(decode(lines("time,[x],[y]", "1,2,3", "2,3,4", "3,4,5")).channelNames == ["[x]", "[y]"])
    }
}
