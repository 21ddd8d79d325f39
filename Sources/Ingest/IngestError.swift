/// Why a source cannot be read at all; a line that cannot be used is a ``MalformedReason`` instead.
public indirect enum IngestError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file could not be opened; `reason` is the system's text for the errno.
    case cannotOpen(path: String, reason: String)
    /// A descriptor that was open could not be read.
    case cannotRead(path: String, reason: String)
    /// An address to listen on that is none.
    case notAnAddress(String)
    /// An address could not be bound.
    case cannotBind(address: String, reason: String)
    /// A broker that nothing can be had of, whatever is waited for.
    case noBroker(address: String, reason: String)
    /// The lines of an input cannot be read, for the reason that `cause` gives; `line`, from 1, shows it.
    case unreadable(place: String, line: UInt64, cause: IngestError)
    /// A recording that is compressed with another program than gzip; `unpack` shows how to read it.
    case compressed(path: String, unpack: String)
    /// A system call failed for a reason of its own, not the input's.
    case systemCall(name: String, reason: String)
    /// The first lines can be read in two ways and nothing says which; `first` and `second` show one line both ways.
    case ambiguous(line: String, first: String, second: String, advice: String)
    /// Lines hold JSON lists, which their commas would take apart.
    case jsonLists(line: String)
    /// The header names another number of columns than the lines below it have.
    case headerMismatch(names: Int, fields: Int)
    /// A column or key that the configuration names is not in the input; `known` are those that are.
    case unknownColumn(name: String, key: String, known: [String])
    /// The column that should hold the time cannot be read as one.
    case unreadableTime(column: String, example: String)
    /// A key is set that means nothing in the format of the lines.
    case inapplicable(key: String, format: String)
    /// Flows are put together by none of the words that `series` may be; `nearest` is the one that is like it.
    case unknownFlowSeries(name: String, nearest: String?)
    /// The configuration names two keys for the time; only columns can be put together.
    case timeInTwoKeys(String, String)
    /// Not one usable line among the first ones.
    case notUsable(lines: Int, format: String, example: String)
    /// The first lines hold no number beside the time.
    case noChannels(lines: Int)
    /// Lines of a tool for network flows that are no flow records, or no whole ones; `advice` says what to do.
    case notFlows(found: String, advice: String)
    /// A kind of input that this monitord was built without.
    case notBuilt(input: String, trait: String)
    /// More numeric columns or keys than one stream may have.
    case tooManyChannels(found: Int, most: Int)

    /// Whether it lies in what the input holds, and not in the machine or in what was asked for.
    public var isOfTheInput: Bool {
        switch self {
        case .ambiguous, .headerMismatch, .unknownColumn, .unreadableTime, .timeInTwoKeys, .notUsable, .noChannels,
            .tooManyChannels, .notFlows, .jsonLists, .inapplicable, .unknownFlowSeries,
            .compressed, .unreadable, .noBroker:
            true
        default: false
        }
    }

    /// What was attempted, on what, and why it failed, in one line.
    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "cannot open \(path): \(reason)"
        case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
        case .notAnAddress(let text):
            "cannot listen on udp \(text): expected ADDRESS:PORT with numbers, such as 0.0.0.0:5140, 127.0.0.1:5140 or [::]:5140"
        case .cannotBind(let address, let reason): "cannot bind udp \(address): \(reason)"
        case .noBroker(let address, let reason): "cannot read from \(address): \(reason)"
        case .notBuilt(let input, let trait):
            "cannot read \(input): this monitord was built without the trait \(trait)"
        case .unreadable(let place, let line, let cause): "\(place):\(line): \(cause)"
        case .compressed(let path, let unpack):
            "cannot read \(path): of compressed files only gzip's are read; unpack it, as in: \(unpack) \(path) | monitord replay -"
        case .systemCall(let name, let reason): "cannot read input: \(name): \(reason)"
        case .ambiguous(let line, let first, let second, let advice):
            "cannot tell how to read the line `\(line)`: \(first), or \(second); \(advice)"
                // Keys are not flags: say where they stand.
                + (advice.hasPrefix("set ") ? " (below [[source]] in a file that --config names)" : "")
        case .jsonLists(let line):
            "cannot read the line `\(line)` as csv: it holds a JSON list; put quotes around the list, or write one JSON object a line"
        case .headerMismatch(let names, let fields):
            "cannot match the header with the lines: it names \(names) columns, the lines have \(fields) fields"
        case .unknownColumn(let name, let key, let known):
            "cannot find \"\(name)\" (\(key)) in the input: it has \(Self.list(known))"
        case .unreadableTime(let column, let example):
            "cannot read `\(example)` in \"\(column)\" as a time: expected seconds since 1970 or 2026-11-21T02:15:40Z"
        case .inapplicable(let key, let format):
            "cannot use \(key) with \(format): it means nothing there; remove it, or set another format"
        case .unknownFlowSeries(let name, let nearest):
            "cannot put network flows together by \"\(name)\" (series): expected \(FlowDimension.choices)"
                + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .timeInTwoKeys(let first, let second):
            "cannot put the time together from the keys \"\(first)\" and \"\(second)\": JSON lines have it in one"
        case .notUsable(let lines, let format, let example):
            "cannot read the input as \(format): none of the first \(lines) lines is usable, the first is `\(example)`"
        case .notFlows(let found, let advice): "cannot read \(found) as network flows: \(advice)"
        case .noChannels(let lines): "cannot find a number to watch: the first \(lines) lines have no numeric column"
        case .tooManyChannels(let found, let most):
            "cannot watch \(found) channels in one stream: the most is \(most); name those that matter in `channels`"
        }
    }

    /// At most ten names, so that the message stays one line.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(10).joined(separator: ", ")
        return names.count > 10 ? shown + ", … (\(names.count) in all)" : shown
    }
}
