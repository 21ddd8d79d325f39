/// What stands before the message of a syslog line.
///
///     RFC 3164  <134>Nov 21 02:15:40 gw1 plc[221]: temp=21.4
///     RFC 5424  <134>1 2026-11-21T02:15:40.123Z gw1 plc 221 ID47 [x@1 temp="21.4"] message
///
/// Nobody ever wrote lines of the old kind alike. The priority may be missing (files of rsyslog), the time may be ISO 8601
/// (rsyslog's other format), the host may be missing, and so may the tag. Both kinds may begin with the number of their
/// bytes (RFC 6587).
///
/// Total: any bytes give a header or `nil`.
struct SyslogHeader: Equatable {
    /// Whether it begins with `<134>`.
    var hasPriority = false
    /// Where the time stands; empty when there is none.
    var time = 0..<0
    /// The host; empty when it is not named.
    var host = 0..<0
    /// The program; empty when it is not named.
    var app = 0..<0
    /// Where the structured data of RFC 5424 begins, `nil` for none.
    var data: Int?
    /// Where the message begins.
    var body = 0

    /// Reads the header of a line.
    init?(_ line: Span<UInt8>) {
        var index = Self.skipCount(line)
        if index < line.count, line[index] == UInt8(ascii: "<") {
            let digits = Self.digits(line, from: index + 1)
            guard (1...3).contains(digits.count), digits.upperBound < line.count,
                line[digits.upperBound] == UInt8(ascii: ">")
            else { return nil }
            hasPriority = true
            index = digits.upperBound + 1
            let version = Self.digits(line, from: index)
            if (1...2).contains(version.count), version.upperBound < line.count, line[version.upperBound] == 32 {
                guard readFields(line, version.upperBound + 1) else { return nil }
                return
            }
        }
        guard readOld(line, index) else { return nil }
    }

    /// Whether the line can be nothing else than syslog.
    func isPlain(_ line: Span<UInt8>) -> Bool {
        if hasPriority { return !time.isEmpty }
        // Without a priority a date and two words could be any text: the tag must show it.
        return !time.isEmpty && !host.isEmpty && !app.isEmpty
    }

    // MARK: RFC 5424

    /// Time, host, program, process and message id, with one space between them; `-` is none.
    private mutating func readFields(_ line: Span<UInt8>, _ start: Int) -> Bool {
        var index = start
        for field in 0..<5 {
            let first = index
            while index < line.count, line[index] != 32 { index += 1 }
            guard index > first, index < line.count || field == 4 else { return false }
            let isNil = index - first == 1 && line[first] == UInt8(ascii: "-")
            let range = isNil ? first..<first : first..<index
            switch field {
            case 0: time = range
            case 1: host = range
            case 2: app = range
            default: break
            }
            index = min(index + 1, line.count)
        }
        if index < line.count, line[index] == UInt8(ascii: "[") {
            data = index
        } else if index < line.count, line[index] == UInt8(ascii: "-") {
            index += 1
        }
        body = index
        return true
    }

    // MARK: RFC 3164

    private mutating func readOld(_ line: Span<UInt8>, _ start: Int) -> Bool {
        var index = start
        // Cisco puts a number before the time and a mark when the clock is not set.
        let number = Self.digits(line, from: index)
        if !number.isEmpty, hasPriority, number.upperBound + 1 < line.count,
            line[number.upperBound] == UInt8(ascii: ":"), line[number.upperBound + 1] == 32
        {
            index = number.upperBound + 2
        }
        if hasPriority, index < line.count, line[index] == UInt8(ascii: "*") || line[index] == UInt8(ascii: ".") {
            index += 1
        }
        if let found = SyslogTime(line, at: index) {
            time = index..<found.end
            index = found.end
        } else {
            let word = Self.word(line, from: index)
            if word.count > 10, line[word.lowerBound + 10] | 0x20 == UInt8(ascii: "t"),
                TimeParser.calendar(line, word) != nil
            {
                time = word
                index = word.upperBound
            } else if !hasPriority {
                return false
            }
        }
        guard time.isEmpty || index == line.count || line[index] == 32 || line[index] == UInt8(ascii: ":") else {
            return false
        }
        if index < line.count, line[index] == UInt8(ascii: ":") { index += 1 }
        readNames(line, index)
        return true
    }

    /// Host and tag, either of which may be missing.
    private mutating func readNames(_ line: Span<UInt8>, _ start: Int) {
        let first = Self.word(line, from: start)
        body = first.lowerBound
        if let tag = Self.tag(line, first.lowerBound), tag.end == line.count || line[tag.end] == 32 {
            app = tag.name
            body = tag.end
            return
        }
        guard !first.isEmpty, !time.isEmpty else { return }
        for index in first {
            switch line[index] {
            case UInt8(ascii: "="), UInt8(ascii: "{"), UInt8(ascii: "\""): return
            default: break
            }
        }
        host = first
        let second = Self.word(line, from: first.upperBound)
        body = second.lowerBound
        if let tag = Self.tag(line, second.lowerBound) {
            app = tag.name
            body = tag.end
        }
    }

    /// `plc[221]:` or `plc:` at a place.
    private static func tag(_ line: Span<UInt8>, _ start: Int) -> (name: Range<Int>, end: Int)? {
        var index = start
        while index < line.count, isOfTag(line[index]) { index += 1 }
        let name = start..<index
        guard !name.isEmpty, index < line.count else { return nil }
        if line[index] == UInt8(ascii: "[") {
            while index < line.count, line[index] != UInt8(ascii: "]"), line[index] != 32 { index += 1 }
            guard index < line.count, line[index] == UInt8(ascii: "]") else { return nil }
            index += 1
        }
        guard index < line.count, line[index] == UInt8(ascii: ":") else { return nil }
        return (name, index + 1)
    }

    private static func isOfTag(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"),
            UInt8(ascii: "%"), UInt8(ascii: "("), UInt8(ascii: ")"):
            true
        default: false
        }
    }

    // MARK: Words

    /// Behind the number of bytes that RFC 6587 puts before a line: `83 <134>`.
    private static func skipCount(_ line: Span<UInt8>) -> Int {
        let count = digits(line, from: 0)
        guard (1...7).contains(count.count), count.upperBound + 1 < line.count, line[count.upperBound] == 32,
            line[count.upperBound + 1] == UInt8(ascii: "<")
        else { return 0 }
        return count.upperBound + 1
    }

    private static func digits(_ line: Span<UInt8>, from start: Int) -> Range<Int> {
        var index = start
        while index < line.count, line[index] &- 48 <= 9 { index += 1 }
        return start..<index
    }

    /// The word behind the spaces at a place.
    private static func word(_ line: Span<UInt8>, from start: Int) -> Range<Int> {
        var first = start
        while first < line.count, line[first] == 32 { first += 1 }
        var index = first
        while index < line.count, line[index] != 32 { index += 1 }
        return first..<index
    }
}
