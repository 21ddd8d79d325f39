/// Steps through the keys and values of one line, whatever its ``Notation``.
struct KeyScanner: Sendable {
    let notation: Notation
    private var object = ObjectScanner()
    private var pairs = PairScanner()
    private var syslog = SyslogScanner()
    private var graphite = GraphiteScanner()

    /// Creates a scanner of lines of one notation.
    init(_ notation: Notation) { self.notation = notation }

    /// The path of the last value, unless it was plain.
    var path: [UInt8] {
        switch notation {
        case .json, .logfmt, .suricataStats: object.path
        case .syslog: syslog.path
        case .graphite: graphite.path
        }
    }

    /// The bytes of the last value that is composed.
    var composed: [UInt8] { notation == .syslog ? syslog.composed : graphite.composed }
    /// Where it stands in a list of objects: behind the object once that is closed.
    var position: Int { object.position }
    /// Whether the object was closed; other lines always are.
    var isClosed: Bool { (notation != .json && notation != .suricataStats) || object.isClosed }

    /// Whether the whole line was read and is what it should be.
    func isComplete(_ line: Span<UInt8>) -> Bool {
        switch notation {
        case .json, .suricataStats: object.isComplete(line)
        case .logfmt: pairs.hasPairs && !pairs.isQuoteOpen
        case .syslog: syslog.isComplete
        case .graphite: graphite.isComplete
        }
    }

    /// Begins with the line, or with the object at a place in it.
    mutating func begin(_ line: Span<UInt8>, at start: Int = 0) {
        switch notation {
        case .json, .suricataStats: object.begin(line, at: start)
        case .logfmt: pairs.begin(at: start)
        case .syslog: syslog.begin(line)
        case .graphite: graphite.begin(line)
        }
    }

    /// The next value; `nil` at the end and where the syntax is broken.
    @inline(__always)
    mutating func next(_ line: Span<UInt8>) -> ObjectScanner.Member? {
        notation == .json ? object.next(line) : nextOther(line)
    }

    /// The same of lines that are no objects: kept out of the loop over JSON lines, which it would slow down.
    @inline(never)
    private mutating func nextOther(_ line: Span<UInt8>) -> ObjectScanner.Member? {
        switch notation {
        case .json: nil
        case .suricataStats: object.next(line)
        case .logfmt: pairs.next(line)
        case .syslog: syslog.next(line)
        case .graphite: graphite.next(line)
        }
    }

    /// Whether the path of a member is this one.
    @inline(__always)
    func isAt(_ expected: [UInt8], _ member: ObjectScanner.Member, _ line: Span<UInt8>) -> Bool {
        member.isPlain ? matches(line, member.key, expected) : path == expected
    }

    /// The path of a member.
    func path(of member: ObjectScanner.Member, _ line: Span<UInt8>) -> [UInt8] {
        guard member.isPlain else { return path }
        var copy: [UInt8] = []
        for index in member.key { copy.append(line[index]) }
        return copy
    }

    /// Skips a value that is no object; `false` when it cannot be read.
    mutating func skipValue(_ line: Span<UInt8>, at start: Int) -> Bool { object.skipValue(line, at: start) }
}
