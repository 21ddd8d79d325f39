/// How a flow went, in the words of each tool.
enum FlowOutcome {
    /// By the state that a tool gives.
    static func ofState(_ line: Span<UInt8>, _ range: Range<Int>, _ kind: FlowDialect.Kind) -> FlowRecord.Outcome {
        switch kind {
        case .zeek, .zeekJSON: find(line.packed(range), in: zeek)
        case .argus: find(line.packed(range), in: argus)
        case .suricata, .nfdump, .nfdumpPipe, .netflow: .unknown
        }
    }

    private static func find(
        _ state: UInt64?, in known: [(state: UInt64, outcome: FlowRecord.Outcome)]
    ) -> FlowRecord.Outcome {
        for entry in known where entry.state == state { return entry.outcome }
        return .unknown
    }

    private static func table(
        _ outcomes: KeyValuePairs<String, FlowRecord.Outcome>
    ) -> [(state: UInt64, outcome: FlowRecord.Outcome)] {
        outcomes.map { name, outcome in
            let bytes = Array(name.utf8)
            return (bytes.span.packed(0..<bytes.count) ?? 0, outcome)
        }
    }

    /// https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html, the usual ones first.
    private static let zeek = table([
        "SF": .established, "S0": .unanswered, "REJ": .refused, "OTH": .unknown, "RSTO": .established,
        "RSTR": .established, "S1": .established, "SH": .unanswered, "RSTRH": .refused, "RSTOS0": .unanswered,
        "SHR": .unknown, "S2": .established, "S3": .established,
    ])

    /// ra(1): REQ asked, ACC accepted, INT one side alone so far; RST is one or the other by what was sent.
    private static let argus = table([
        "REQ": .unanswered, "INT": .unanswered, "ACC": .established, "EST": .established, "CON": .established,
        "CLO": .established, "FIN": .established, "RSP": .established, "RST": .refused,
    ])
}

/// The flags of TCP's header, those of several packets together.
struct TCPFlags: OptionSet, Equatable, Sendable {
    let rawValue: UInt8

    static let fin = TCPFlags(rawValue: 1)
    static let syn = TCPFlags(rawValue: 2)
    static let rst = TCPFlags(rawValue: 4)
    static let ack = TCPFlags(rawValue: 16)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads `...AP.SF`, `27`, `0x1b`, or `1b` when numbers are `hexadecimal`; `nil` for anything else.
    init?(_ line: Span<UInt8>, _ range: Range<Int>, hexadecimal: Bool) {
        guard !range.isEmpty, range.count <= 12 else { return nil }
        let isHexadecimal =
            range.count > 2 && line[range.lowerBound] == 48 && line[range.lowerBound + 1] | 0x20 == UInt8(ascii: "x")
        if isHexadecimal || hexadecimal {
            guard let value = Self.number(line, isHexadecimal ? range.dropFirst(2) : range, base: 16) else {
                return nil
            }
            self.init(rawValue: value)
        } else if let value = Self.number(line, range, base: 10) {
            self.init(rawValue: value)
        } else {
            var value: UInt8 = 0
            for index in range {
                guard let bit = Self.bit(line[index]) else { return nil }
                value |= bit
            }
            self.init(rawValue: value)
        }
    }

    /// The lowest eight bits: NetFlow's ninth is no flag of the header's first ones.
    private static func number(_ line: Span<UInt8>, _ range: Range<Int>, base: UInt16) -> UInt8? {
        guard !range.isEmpty, range.count <= 4 else { return nil }
        var value: UInt16 = 0
        for index in range {
            let digit: UInt8
            switch line[index] {
            case 48...57: digit = line[index] - 48
            case 65...70: digit = line[index] - 55
            case 97...102: digit = line[index] - 87
            default: return nil
            }
            guard digit < base else { return nil }
            value = value &* base &+ UInt16(digit)
        }
        return UInt8(truncatingIfNeeded: value)
    }

    private static func bit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "."): 0
        case UInt8(ascii: "F"): 1
        case UInt8(ascii: "S"): 2
        case UInt8(ascii: "R"): 4
        case UInt8(ascii: "P"): 8
        case UInt8(ascii: "A"): 16
        case UInt8(ascii: "U"): 32
        case UInt8(ascii: "E"): 64
        case UInt8(ascii: "C"): 128
        default: nil
        }
    }
}

extension FlowRecord {
    /// Most bytes of a packet that holds no data: the headers of IP and TCP with all options, and of Ethernet where the tool
    /// counts it.
    private static let mostOfHeaders: UInt64 = 74

    /// Whether all packets were headers alone, as far as can be told.
    private var hasNoData: Bool {
        let packets = packetsOut.addingReportingOverflow(packetsIn)
        let bytes = bytesOut.addingReportingOverflow(bytesIn)
        let most = packets.partialValue.multipliedReportingOverflow(by: Self.mostOfHeaders)
        return packets.overflow || most.overflow ? false : !bytes.overflow && bytes.partialValue <= most.partialValue
    }

    /// Whether a break, RST, came before anything was said: headers alone, and few of them.
    var isBrokenOffAtOnce: Bool { hasNoData && packetsOut <= 4 && packetsIn <= 4 }

    /// How it went by the TCP flags: a SYN that was never acknowledged is unanswered, a break without data refused.
    func outcome(by flags: TCPFlags, answer: TCPFlags? = nil) -> Outcome {
        guard transport == 6, !flags.union(answer ?? []).isEmpty else { return .unknown }
        if flags.union(answer ?? []).contains(.rst), isBrokenOffAtOnce { return .refused }
        if let answer, answer.contains(.rst), !answer.contains(.syn) { return .refused }
        if flags.contains(.ack) || packetsIn > 0 || answer.map({ !$0.isEmpty }) == true { return .established }
        return .unanswered
    }
}
