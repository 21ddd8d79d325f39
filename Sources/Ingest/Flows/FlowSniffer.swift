import TimeSeries

/// Recognises the lines of tools for network flows by what they hold.
///
/// A form is taken when lines of it give flow records, so that no table of sensors with a like header is mistaken for one. What
/// a tool prints that holds no whole records (times without a date, columns for reading) is refused with the command that
/// prints them.
struct FlowSniffer {
    /// What the lines are.
    enum Outcome: Equatable, Sendable {
        /// Nothing of a tool for flows.
        case none
        case undecided
        case found(FlowDialect, because: String)
        case refused(IngestError)
        /// The `stats` events of Suricata, which are of no flow.
        case stats
    }

    private let sniffer: DialectSniffer
    private let lines: [DialectSniffer.Line]
    private let configuration: SourceConfiguration
    private let isFinal: Bool

    private static let comma = UInt8(ascii: ",")

    init(
        _ sniffer: DialectSniffer, _ lines: [DialectSniffer.Line], _ configuration: SourceConfiguration, isFinal: Bool
    ) {
        self.sniffer = sniffer
        self.lines = lines
        self.configuration = configuration
        self.isFinal = isFinal
    }

    /// What the lines are; `none` too when the configuration names another format, or keys that flows do not have.
    func find() -> Outcome {
        let isAsked = configuration.format.isOfFlows
        guard isAsked || (configuration.format == .auto && !configuration.namesColumns), !sniffer.isList else {
            return .none
        }
        let found = lines.contains { sniffer.bytes[$0.range.lowerBound] == UInt8(ascii: "{") } ? objects() : columns()
        guard isAsked, case .found(let dialect, _) = found, dialect.kind.format != configuration.format else {
            return found
        }
        return .none
    }

    private func bytes(_ line: DialectSniffer.Line) -> [UInt8] { Array(sniffer.bytes[line.range]) }

    // MARK: JSON

    /// What the objects of a line hold.
    private struct Keys {
        var isEVE = false
        var isStats = false
        var isZeek = false
        var isConnection = false
        var hasPath = false
    }

    private func objects() -> Outcome {
        let objects = lines.map { keys(of: bytes($0)) }
        let number = lines[0].number
        if objects.count(where: \.isEVE) * 2 > objects.count {
            if configuration.format == .auto, objects.allSatisfy({ !$0.isEVE || $0.isStats }) {
                return isFinal || objects.count >= SuricataStats.decisiveEvents ? .stats : .undecided
            }
            let dialect = FlowDialect(kind: .suricata)
            return .found(dialect, because: "objects with timestamp and event_type, from line \(number)")
        }
        guard objects.count(where: \.isZeek) * 2 > objects.count else { return .none }
        if objects.contains(where: { $0.hasPath || $0.isConnection }) {
            let dialect = FlowDialect(kind: .zeekJSON)
            return .found(dialect, because: "objects with ts, id.orig_h and id.resp_h, from line \(number)")
        }
        return isFinal ? .refused(Self.otherLog("")) : .undecided
    }

    private func keys(of bytes: [UInt8]) -> Keys {
        let line = bytes.span
        var found = Keys()
        var names: Set<[UInt8]> = []
        var scanner = ObjectScanner()
        scanner.begin(line)
        while names.count < 256, let member = scanner.next(line) { names.insert(scanner.path(of: member, line)) }
        func has(_ name: String) -> Bool { names.contains(Array(name.utf8)) }
        found.isEVE = has("timestamp") && has("event_type")
        found.isStats = found.isEVE && SuricataStats.event(line, &scanner) == .stats
        found.hasPath = has("_path")
        found.isZeek = has("ts") && (found.hasPath || (has("id.orig_h") && has("id.resp_h")))
        found.isConnection = ["conn_state", "orig_pkts", "orig_ip_bytes", "orig_bytes"].contains(where: has)
        return found
    }

    // MARK: Columns

    private func columns() -> Outcome {
        for (index, line) in lines.enumerated() {
            let held = bytes(line)
            let span = held.span
            if let refused = Self.unsuitable(span) { return .refused(refused) }
            guard let first = span.isEmpty ? nil : span[0], (65...90).contains(first & 0xdf) else { continue }
            for delimiter in [Self.comma, 9, UInt8(ascii: ";"), UInt8(ascii: "|")] {
                guard let names = FlowHeader.columns(span, delimiter: delimiter), names.count > 2 else { continue }
                let outcome = header(names, delimiter, at: index)
                if outcome != .none { return outcome }
            }
        }
        if share(of: FlowDialect(kind: .nfdumpPipe)) {
            let reason =
                "lines of \(NetFlowPipe.columns) or \(NetFlowPipe.olderColumns) numbers between bars, the first 2 or 10"
            return .found(FlowDialect(kind: .nfdumpPipe, delimiter: UInt8(ascii: "|")), because: reason)
        }
        if let outcome = bareZeek() { return outcome }
        let order = FlowDialect.Kind.argus.ownColumns
        for delimiter in [Self.comma, 9] {
            let argus = FlowDialect(kind: .argus, delimiter: delimiter, columns: order)
            if share(of: argus) {
                return .found(argus, because: "\(order.count) columns, with addresses on both sides of a direction")
            }
        }
        return .none
    }

    /// The end of a conn.log without the lines that name its columns, as `tail -f` prints it. The first 21 columns have been the same since
    /// 2012; what a site adds stands behind them.
    private func bareZeek() -> Outcome? {
        var least = Int.max
        var most = 0
        for line in lines {
            guard let count = Self.connectionColumns(bytes(line).span) else { return nil }
            (least, most) = (min(least, count), max(most, count))
        }
        let usual = FlowDialect.Kind.zeek.ownColumns
        guard least == most, most >= usual.count else { return least == .max ? nil : .refused(Self.bareLog) }
        let added = (usual.count..<most).map { Array("added\($0)".utf8) }
        let zeek = FlowDialect(kind: .zeek, columns: usual + added)
        guard share(of: zeek) else { return .refused(Self.bareLog) }
        return .found(zeek, because: "\(most) columns as of conn.log, which no line names: taken in Zeek's usual order")
    }

    /// What a line that may name the columns says with those below it.
    private func header(_ names: [[UInt8]], _ delimiter: UInt8, at index: Int) -> Outcome {
        let below = lines.dropFirst(index + 1)
        let number = lines[index].number
        func has(_ all: [String]) -> Bool { all.allSatisfy { names.contains(Array($0.utf8)) } }
        if has(["ts", "te", "td", "val"]) { return .refused(Self.statistics) }
        if has(["SrcAddr", "DstAddr"]) {
            let argus = FlowDialect(kind: .argus, delimiter: delimiter, columns: names)
            guard argus.isFlow, below.allSatisfy({ isWhole($0, argus) }) else { return .refused(Self.argusOrder) }
            return settle(argus, below, because: "line \(number) names StartTime, SrcAddr, DstAddr and more")
        }
        let nfdump = FlowDialect(kind: .nfdump, delimiter: delimiter, columns: names)
        guard delimiter == Self.comma, nfdump.isFlow else { return .none }
        let text = names.prefix(5).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",")
        return settle(nfdump, below, because: "line \(number) names \(MalformedLine.excerpt(Array(text.utf8).span)),…")
    }

    private func settle(
        _ dialect: FlowDialect, _ below: ArraySlice<DialectSniffer.Line>, because reason: String
    ) -> Outcome {
        var decoder = DelimitedFlowDecoder(dialect, zone: configuration.zone.rules)
        var unusable = 0
        for line in below {
            switch Self.decode(&decoder, bytes(line)) {
            case .flow: return .found(dialect, because: reason)
            case .malformed: unusable += 1
            case .header, .other: break
            }
        }
        guard unusable == 0 else { return .none }
        return isFinal ? .found(dialect, because: reason) : .undecided
    }

    private static func decode(_ decoder: inout DelimitedFlowDecoder, _ line: [UInt8]) -> FlowLine {
        var records: [FlowRecord] = []
        return decoder.decode(line.span, into: &records)
    }

    /// Whether most lines are records, or records of something else, in this form, and one of them a flow.
    private func share(of dialect: FlowDialect) -> Bool {
        var decoder = DelimitedFlowDecoder(dialect, zone: configuration.zone.rules)
        var flows = 0
        var others = 0
        for line in lines {
            switch Self.decode(&decoder, bytes(line)) {
            case .flow: flows += 1
            case .other, .header: others += 1
            case .malformed: break
            }
        }
        return flows > 0 && (flows + others) * 5 >= lines.count * 4
    }

    /// Whether a line of argus has a time with a date, and ports in numbers.
    private func isWhole(_ line: DialectSniffer.Line, _ dialect: FlowDialect) -> Bool {
        var decoder = DelimitedFlowDecoder(dialect, zone: configuration.zone.rules)
        switch Self.decode(&decoder, bytes(line)) {
        case .malformed(.badTime), .malformed(.notANumber): return false
        default: return true
        }
    }
}

extension SourceConfiguration {
    /// Whether keys are set that say how plain columns or keys are read.
    fileprivate var namesColumns: Bool {
        !time.isEmpty || !channels.isEmpty || !columns.isEmpty || channel != nil || value != nil || records != nil
            || quality != nil || delimiter != nil || decimal != nil || dates != nil || hasHeader != nil
    }
}
