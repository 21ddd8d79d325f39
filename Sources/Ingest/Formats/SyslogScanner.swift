/// Steps through what a syslog line says: the envelope, the structured data of RFC 5424, and a message of pairs or an object.
///
/// The members of the envelope are `syslog.time`, `syslog.source` (`gw1/plc`, the host and the program, as far as they are
/// named), `syslog.host` and `syslog.app`; a value of structured data is `x@1.temp` of `[x@1 temp="21.4"]`. The message is
/// a JSON object when it begins with `{` (behind `@cee:` too), else pairs as in logfmt; words between them say nothing.
///
/// Total: any bytes give members and then an end, in one pass.
struct SyslogScanner: Sendable {
    /// The key of the time.
    static let timeKey = Array("syslog.time".utf8)
    /// The key of host and program together.
    static let sourceKey = Array("syslog.source".utf8)
    /// What the keys of the envelope begin with.
    static let prefix = "syslog."
    private static let hostKey = Array("syslog.host".utf8)
    private static let appKey = Array("syslog.app".utf8)
    private static let cookie = Array("@cee:".utf8)

    private enum Step {
        case time
        case source
        case host
        case app
        /// Before an element of structured data, or behind the last one.
        case element
        /// Between the values of an element; the path up to the point is that of its id.
        case value(idCount: Int)
        case body
        case object
        case pairs
        case end
    }

    /// Whether the line was read to its end and is what it should be.
    private(set) var isComplete = false
    /// `gw1/plc`.
    private(set) var composed: [UInt8] = []
    private var envelopePath: [UInt8] = []
    /// A buffer of its own: the other shares its storage with the constant keys.
    private var dataPath: [UInt8] = []
    private var object = ObjectScanner()
    private var pairs = PairScanner()
    private var header: SyslogHeader?
    private var step = Step.end
    private var position = 0

    /// The path of the last value, unless it was plain.
    var path: [UInt8] {
        switch step {
        case .object: object.path
        case .value: dataPath
        default: envelopePath
        }
    }

    /// Begins with a line.
    mutating func begin(_ line: Span<UInt8>) {
        isComplete = false
        header = SyslogHeader(line)
        step = header == nil ? .end : .time
    }

    /// The next value; `nil` at the end and where the syntax is broken, see ``isComplete``.
    mutating func next(_ line: Span<UInt8>) -> ObjectScanner.Member? {
        guard let header else { return nil }
        while true {
            switch step {
            case .time:
                step = .source
                if !header.time.isEmpty { return envelope(Self.timeKey, header.time) }
            case .source:
                step = .host
                compose(line, header)
                var member = envelope(Self.sourceKey, header.host)
                member.isComposed = true
                return member
            case .host:
                step = .app
                if !header.host.isEmpty { return envelope(Self.hostKey, header.host) }
            case .app:
                position = header.data ?? header.body
                step = header.data == nil ? .body : .element
                if !header.app.isEmpty { return envelope(Self.appKey, header.app) }
            case .element:
                guard beginElement(line) else { return nil }
            case .value(let idCount):
                if let member = dataValue(line, idCount) { return member }
                if case .end = step { return nil }
            case .body: beginBody(line)
            case .object:
                if let member = object.next(line) { return member }
                isComplete = object.isComplete(line)
                return nil
            case .pairs:
                if let member = pairs.next(line) { return member }
                isComplete = !pairs.isQuoteOpen
                return nil
            case .end: return nil
            }
        }
    }

    private mutating func envelope(_ key: [UInt8], _ value: Range<Int>) -> ObjectScanner.Member {
        envelopePath = key
        return ObjectScanner.Member(key: value, isPlain: false, kind: .text, value: value)
    }

    private mutating func compose(_ line: Span<UInt8>, _ header: SyslogHeader) {
        composed.removeAll(keepingCapacity: true)
        for index in header.host { composed.append(line[index]) }
        if !header.host.isEmpty, !header.app.isEmpty { composed.append(UInt8(ascii: "/")) }
        for index in header.app { composed.append(line[index]) }
        if composed.isEmpty { composed.append(UInt8(ascii: "-")) }
    }

    // MARK: Structured data

    /// Reads the id of an element, or goes on to the message behind the last one; `false` when it is broken.
    private mutating func beginElement(_ line: Span<UInt8>) -> Bool {
        guard position < line.count, line[position] == UInt8(ascii: "[") else {
            step = .body
            return true
        }
        position += 1
        dataPath.removeAll(keepingCapacity: true)
        while position < line.count, line[position] != 32, line[position] != UInt8(ascii: "]") {
            // A longer name is cut, as in the paths of objects.
            if dataPath.count < 256 { dataPath.append(line[position]) }
            position += 1
        }
        guard !dataPath.isEmpty, position < line.count else {
            step = .end
            return false
        }
        step = .value(idCount: dataPath.count)
        return true
    }

    /// The next value of an element; `nil` at its end, and where it is broken.
    private mutating func dataValue(_ line: Span<UInt8>, _ idCount: Int) -> ObjectScanner.Member? {
        while position < line.count, line[position] == 32 { position += 1 }
        if position < line.count, line[position] == UInt8(ascii: "]") {
            position += 1
            step = .element
            return nil
        }
        let name = position
        while position < line.count, line[position] != UInt8(ascii: "="), line[position] != 32 { position += 1 }
        guard position > name, position + 1 < line.count, line[position] == UInt8(ascii: "="),
            line[position + 1] == UInt8(ascii: "\"")
        else {
            step = .end
            return nil
        }
        dataPath.removeLast(dataPath.count - idCount)
        dataPath.append(UInt8(ascii: "."))
        for index in (name..<position).prefix(256) { dataPath.append(line[index]) }
        let key = name..<position
        position += 2
        let start = position
        var hasEscapes = false
        while position < line.count, line[position] != UInt8(ascii: "\"") {
            let isEscape = line[position] == UInt8(ascii: "\\")
            hasEscapes = hasEscapes || isEscape
            position += isEscape ? 2 : 1
        }
        guard position < line.count else {
            step = .end
            return nil
        }
        position += 1
        return ObjectScanner.Member(
            key: key, isPlain: false, kind: .text, value: start..<(position - 1), hasEscapes: hasEscapes)
    }

    // MARK: Message

    private mutating func beginBody(_ line: Span<UInt8>) {
        while position < line.count, line[position] == 32 { position += 1 }
        if position + 2 < line.count, line[position] == 0xef, line[position + 1] == 0xbb, line[position + 2] == 0xbf {
            position += 3
        }
        if position + Self.cookie.count <= line.count,
            matches(line, position..<(position + Self.cookie.count), Self.cookie)
        {
            position += Self.cookie.count
        }
        while position < line.count, line[position] == 32 { position += 1 }
        if position < line.count, line[position] == UInt8(ascii: "{") {
            object.begin(line, at: position)
            step = .object
        } else {
            pairs.begin(at: position)
            step = .pairs
        }
    }

    /// Whether a line can be nothing else.
    static func isPlain(_ line: [UInt8]) -> Bool { SyslogHeader(line.span)?.isPlain(line.span) ?? false }
}
