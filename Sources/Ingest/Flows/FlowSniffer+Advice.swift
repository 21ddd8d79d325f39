/// What is refused, with the command that prints what can be read.
extension FlowSniffer {
    /// The fields to ask argus for.
    static let argusCommand = "ra -n -u -c , -s stime,dur,proto,saddr,sport,dir,daddr,dport,pkts,bytes,state"

    static let argusOrder = IngestError.notFlows(
        found: "these lines of argus",
        advice: "they need a time with its date and ports in numbers; print them with `\(argusCommand)`")

    static let statistics = IngestError.notFlows(
        found: "statistics of nfdump", advice: "print the flows themselves: `nfdump -o csv` without -s")

    static let forReading = IngestError.notFlows(
        found: "what nfdump prints for people", advice: "print them with `nfdump -o csv`")

    static let notDatagrams = IngestError.notFlows(
        found: "lines",
        advice: "exports of NetFlow and IPFIX come as datagrams; give the source their address: udp = \"0.0.0.0:2055\"")

    /// A log of Zeek that is not of connections.
    static func otherLog(_ path: String) -> IngestError {
        .notFlows(
            found: path.isEmpty ? "a log of Zeek" : "Zeek's \(MalformedLine.excerpt(Array(path.utf8).span)) log",
            advice:
                "its records say nothing of what was sent; give conn.log, or set format = \"csv\" to watch its numbers")
    }

    static let bareLog = IngestError.notFlows(
        found: "connections of Zeek in columns that no line names",
        advice:
            "put the log's #fields line before them: `(grep -m 1 '^#fields' conn.log; tail -F conn.log) | monitord --stdin`"
    )

    /// What a format that was asked for must look like.
    static func wanted(by format: SourceConfiguration.Format) -> String {
        switch format {
        case .zeek: "a Zeek log: it has no #fields line and no objects with id.orig_h and id.resp_h"
        case .suricata: "Suricata EVE: no objects with timestamp and event_type"
        case .nfdump: "nfdump's csv or pipe: no line names its columns, and they are not the numbers of -o pipe"
        case .argus: "argus: print them with `\(argusCommand)`"
        default: format.rawValue
        }
    }

    /// Why a line is of a tool for flows but cannot be read.
    static func unsuitable(_ line: Span<UInt8>) -> IngestError? {
        if line.count > 16, matches(line, 0..<5, dateWord),
            contains(line, "Src IP Addr") || contains(line, "Dst IP Addr")
        {
            return forReading
        }
        if isArrowed(line) { return forReading }
        return isTimeOfDay(line) ? argusOrder : nil
    }

    /// The columns of a line that looks like one of conn.log: time, identity, two addresses with their ports, protocol; `nil` of others.
    static func connectionColumns(_ line: Span<UInt8>) -> Int? {
        guard line.count > 40, let fields = DelimitedLine.fields(line, delimiter: 9), fields.count >= 12,
            let time = number(line, fields[0].range), time > 1e8, time < 1e11, isIdentity(line, fields[1].range),
            NetworkAddress(line, fields[2].range) != nil, number(line, fields[3].range) != nil,
            NetworkAddress(line, fields[4].range) != nil, number(line, fields[5].range) != nil,
            TransportNames.number(line, fields[6].range) != nil
        else { return nil }
        return fields.count
    }

    private static func number(_ line: Span<UInt8>, _ range: Range<Int>) -> Double? {
        guard case .number(let value) = NumberParser().parse(line, range) else { return nil }
        return value
    }

    /// `CHhAvVGS1DHFjwGM9`.
    private static func isIdentity(_ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard (8...24).contains(range.count), line[range.lowerBound] == UInt8(ascii: "C") else { return false }
        return range.allSatisfy { (48...57).contains(line[$0]) || (97...122).contains(line[$0] | 0x20) }
    }

    private static let dateWord = Array("Date ".utf8)

    /// `2026-11-21 02:14:50.000 … 10.0.5.12:51514 -> 10.0.5.1:502 …`: `-o line`, `long` or `extended` without its header.
    private static func isArrowed(_ line: Span<UInt8>) -> Bool {
        guard line.count > 30, line[10] == 32, TimeParser.calendar(line, 0..<19) != nil,
            contains(line, " -> ") || contains(line, " <-> ")
        else { return false }
        for index in 0..<line.count where line[index] == UInt8(ascii: ",") || line[index] == 9 { return false }
        return true
    }

    /// `17:46:40.000000, e        ,tcp,10.0.5.12,51514,   ->,10.0.5.1,502,11,762,CON`: what argus prints unless it is told.
    private static func isTimeOfDay(_ line: Span<UInt8>) -> Bool {
        guard line.count > 20, line[2] == UInt8(ascii: ":"), line[5] == UInt8(ascii: ":"),
            let fields = DelimitedLine.fields(line, delimiter: UInt8(ascii: ",")), fields.count >= 8
        else { return false }
        let addresses = fields.count { NetworkAddress(line, $0.range) != nil }
        let arrows = fields.count { field in
            let range = trimmed(line, field.range)
            return range.count >= 2 && range.count <= 3
                && (line[range.upperBound - 1] == UInt8(ascii: ">") || line[range.lowerBound] == UInt8(ascii: "<"))
        }
        return addresses >= 2 && arrows == 1
    }

    private static func contains(_ line: Span<UInt8>, _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard line.count >= wanted.count else { return false }
        for start in 0...(line.count - wanted.count) where matches(line, start..<(start + wanted.count), wanted) {
            return true
        }
        return false
    }
}
