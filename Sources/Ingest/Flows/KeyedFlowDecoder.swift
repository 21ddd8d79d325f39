import TimeSeries

/// Reads flow records that are JSON objects, and passes over the objects of other events.
///
/// A key that is absent or `null` says nothing. Of Suricata one kind of event is read: `flow`, which is of both directions, or
/// where there are none `netflow`, of one each; reading both would count every byte twice. Of Zeek an object that has
/// a `_path` must be of `conn`; without one it must say what was sent.
struct KeyedFlowDecoder: Sendable {
    /// How lines are read now; Suricata's `flow` events take the place of `netflow` once they are met.
    private(set) var dialect: FlowDialect
    /// Whether `stats` events of Suricata stood among the lines, which are read as something else.
    private(set) var hasMetStats = false
    /// Whether the dialect is another one since this was last set back.
    var isChanged = false
    private let keys: [FlowKeyField]
    private let zone: TimeZoneRules
    private let parser = NumberParser()
    private var scanner = ObjectScanner()

    /// The events that are read.
    static let flowEvent = Array("flow".utf8)
    static let netflowEvent = Array("netflow".utf8)
    static let connPath = Array("conn".utf8)

    /// Creates a decoder.
    init(_ dialect: FlowDialect, zone: TimeZoneRules) {
        self.dialect = dialect
        self.zone = zone
        keys = dialect.kind.keys
    }

    /// Reads a line and appends its record, if it has one.
    mutating func decode(_ line: Span<UInt8>, into flows: inout [FlowRecord]) -> FlowLine {
        var draft = FlowDraft()
        var flaw: MalformedReason?
        var isEvent = false
        var saysSent = false
        scanner.begin(line)
        while let member = scanner.next(line) {
            guard !member.isNested, let field = field(of: member, line) else { continue }
            if field == .event {
                guard takeEvent(line, member) else { return .other }
                isEvent = true
                continue
            }
            guard !isUnset(member, line) else { continue }
            if FlowDialect.sentFields.contains(field) { saysSent = true }
            flaw = flaw ?? take(member, line, field, &draft)
        }
        guard scanner.isComplete(line) else { return .malformed(.badSyntax) }
        guard isEvent || (dialect.kind == .zeekJSON && saysSent) else { return .other }
        if let flaw { return .malformed(flaw) }
        return draft.finish(
            dialect.kind, isOneWay: dialect.columns.first == Self.netflowEvent ? true : nil, into: &flows)
    }

    private func field(of member: ObjectScanner.Member, _ line: Span<UInt8>) -> FlowDialect.Field? {
        for key in keys where scanner.isAt(key.path, member, line) { return key.field }
        return nil
    }

    /// Whether the event is one that is read.
    private mutating func takeEvent(_ line: Span<UInt8>, _ member: ObjectScanner.Member) -> Bool {
        guard member.kind == .text else { return false }
        guard dialect.kind == .suricata else { return matches(line, member.value, Self.connPath) }
        if matches(line, member.value, Self.flowEvent) {
            read(Self.flowEvent)
            return true
        }
        guard matches(line, member.value, Self.netflowEvent), dialect.columns.first != Self.flowEvent else {
            if !hasMetStats { hasMetStats = matches(line, member.value, SuricataStats.statsEvent) }
            return false
        }
        read(Self.netflowEvent)
        return true
    }

    private mutating func read(_ event: [UInt8]) {
        guard dialect.columns.first != event else { return }
        dialect.columns = [event]
        isChanged = true
    }

    private func isUnset(_ member: ObjectScanner.Member, _ line: Span<UInt8>) -> Bool {
        switch member.kind {
        case .bare: matches(line, member.value, Self.null)
        case .text: member.value.isEmpty
        case .boolean, .opening, .records, .deep: true
        }
    }

    private static let null = Array("null".utf8)

    private mutating func take(
        _ member: ObjectScanner.Member, _ line: Span<UInt8>, _ field: FlowDialect.Field, _ draft: inout FlowDraft
    ) -> MalformedReason? {
        let range = member.value
        switch field {
        case .start, .end, .written:
            guard let instant = FlowTime.instant(line, range, in: zone) else { return .badTime }
            if field == .start { draft.take(start: instant) }
            if field == .end { draft.take(end: instant) }
            if field == .written { draft.take(written: instant) }
            if draft.timeRange.isEmpty || field == .start { draft.timeRange = range }
            return nil
        default: return draft.take(line, range, field, dialect.kind, parser)
        }
    }
}
