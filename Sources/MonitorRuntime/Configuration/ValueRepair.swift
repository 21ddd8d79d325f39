internal import Ingest

/// Guesses what a refused value was meant to be, by the slips that people really make: a unit left out or misspelt, a number
/// in quotes, one name where a list is wanted, a word in capitals.
///
/// It only makes proposals; the key itself says which of them it would take.
enum ValueRepair {
    /// Other ways to write a value, the likeliest first.
    ///
    /// - Parameter words: the words that the key takes, when it takes words.
    static func proposals(for node: TOMLNode, among words: [String]) -> [TOMLNode] {
        switch node {
        case .integer(let value) where value >= 0: numeral(String(value)) + truth(String(value))
        case .number(let value): Int(exactly: value).map { [.integer($0)] } ?? []
        case .string(let text): proposals(for: text, among: words)
        case .array(let nodes): lists(nodes)
        case .integer, .boolean, .date, .table: []
        }
    }

    private static func proposals(for text: String, among words: [String]) -> [TOMLNode] {
        // A slip is short; what is long is compared with nothing.
        guard text.utf8.count <= 80 else { return [] }
        let text = trimmed(text)
        let small = text.lowercased()
        var result: [TOMLNode] = [.string(text), .string(small)] + truth(small)
        if let value = Int(text) { result.append(.integer(value)) }
        if let value = Double(text), value.isFinite {
            result.append(.number(value))
            if value >= 0 { result += numeral(text) }
        }
        result += (units(small) + rates(small) + addresses(text)).map { .string($0) }
        if let seconds = clock(text) { result.append(.string("\(seconds)s")) }
        if let symbol = symbols[small] { result.append(.string(symbol)) }
        result.append(.string(dateOrder(small)))
        if let word = EditDistance.nearest(to: small, among: words) { result.append(.string(word)) }
        // Last, as a list of one takes nearly anything.
        result.append(.array([.string(text)]))
        return result
    }

    /// A number alone, with the units that may have been meant.
    private static func numeral(_ text: String) -> [TOMLNode] {
        [text + "s", text + "MiB", text + "B", text + "/day", "0.0.0.0:" + text, "127.0.0.1:" + text].map {
            .string($0)
        }
    }

    private static func truth(_ text: String) -> [TOMLNode] {
        if ["true", "yes", "on", "1"].contains(text) { return [.boolean(true)] }
        return ["false", "no", "off", "0"].contains(text) ? [.boolean(false)] : []
    }

    private static func lists(_ nodes: [TOMLNode]) -> [TOMLNode] {
        var unique: [TOMLNode] = []
        for node in nodes where !unique.contains(node) { unique.append(node) }
        let numbers = nodes.map { node -> TOMLNode in
            guard case .string(let text) = node else { return node }
            return Int(trimmed(text)).map { .integer($0) } ?? Double(trimmed(text)).map { .number($0) } ?? node
        }
        return [.array(unique), .array(numbers)] + (nodes.count == 1 ? nodes : [])
    }

    /// Units as other tools write them, and ours. One letter may stand for two: the key tells which.
    private static let unitNames: [(theirs: String, ours: String)] = [
        ("m", "min"), ("mins", "min"), ("sec.", "s"), ("secs", "s"), ("msec", "ms"), ("hr", "h"), ("hrs", "h"),
        ("wk", "week"), ("wks", "week"), ("mon", "month"), ("yr", "year"), ("yrs", "year"), ("y", "year"),
        ("b", "B"), ("k", "KiB"), ("kb", "kB"), ("ki", "KiB"), ("kib", "KiB"), ("m", "MiB"), ("mb", "MB"),
        ("mi", "MiB"),
        ("mib", "MiB"), ("g", "GiB"), ("gb", "GB"), ("gi", "GiB"), ("gib", "GiB"),
    ]

    private static func units(_ text: String) -> [String] {
        let number = text.prefix { $0 == "." || ("0"..."9").contains($0) }
        let unit = trimmed(String(text[number.endIndex...]))
        guard !number.isEmpty else { return [] }
        return unitNames.filter { $0.theirs == unit }.map { number + $0.ours }
    }

    /// "once a day", "2 per week", "daily", "3/hr" as rates.
    private static func rates(_ text: String) -> [String] {
        let counts = ["once": "1", "one": "1", "twice": "2", "two": "2"]
        let spans = [
            "daily": "day", "weekly": "week", "hourly": "hour", "monthly": "month", "yearly": "year", "days": "day",
            "weeks": "week", "hours": "hour", "hr": "hour", "hrs": "hour", "wk": "week", "months": "month", "m": "min",
        ]
        let parts = text.split { " /".contains($0) }.map(String.init)
            .filter { !["per", "a", "an", "each", "every", "times"].contains($0) }
        if parts.count == 1, let span = spans[parts[0]] { return ["1/" + span] }
        guard parts.count == 2 else { return [] }
        return [(counts[parts[0]] ?? parts[0]) + "/" + (spans[parts[1]] ?? parts[1])]
    }

    /// Addresses without what belongs to a URL, with a port or a host that was left out, and of this machine alone.
    private static func addresses(_ text: String) -> [String] {
        var text = text
        if let scheme = text.firstRange(of: "://") { text = String(text[scheme.upperBound...].prefix { $0 != "/" }) }
        let port = text.split(separator: ":").last.map(String.init) ?? ""
        return [text, "0.0.0.0" + text, "0.0.0.0:" + port, "127.0.0.1:" + port, text + ":5140"]
    }

    /// Seconds of "00:05:00".
    private static func clock(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.utf8.count == 2 }) else { return nil }
        let values = parts.compactMap { UInt8($0) }.map(Int.init)
        return values.count == 3 ? values[0] * 3_600 + values[1] * 60 + values[2] : nil
    }

    private static let symbols = [
        "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "bar": "|", "point": ".", "dot": ".", "period": ".",
        "\\t": "\t", "tsv": "\t",
    ]

    /// "dd/mm/yyyy" as "dmy".
    private static func dateOrder(_ text: String) -> String {
        var letters = ""
        for letter in text where "dmy".contains(letter) && !letters.contains(letter) { letters.append(letter) }
        return letters
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension ConfigurationKey {
    /// A value near a refused one that the key takes; `nil` when none is known.
    func repaired(_ node: TOMLNode, in target: Target) -> TOMLNode? {
        var probe = target
        // Of any text a guess would be as good as another.
        let takesAnyText = read(.string("\u{1}"), &probe)
        return ValueRepair.proposals(for: node, among: words).first { proposal in
            if takesAnyText, case .string = proposal {
                guard case .array = node else { return false }
            }
            return proposal != node && read(proposal, &probe)
        }
    }

    /// The words among what is expected: those in quotes that begin with a letter.
    private var words: [String] {
        let parts = expected.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.enumerated().filter { $0.offset % 2 == 1 && $0.element.first?.isLetter == true }
            .map { String($0.element) }
    }
}
