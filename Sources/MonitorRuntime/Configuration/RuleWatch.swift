/// Notices the `[series."pattern"]` rules that match no series: most likely a misspelt name, whose budget nobody gets.
///
/// Said once for each rule, when so many samples have come that all series should have spoken.
struct RuleWatch: Sendable {
    /// Lines after which a rule that has matched nothing is told.
    static let patience: UInt64 = 10_000

    private var unmatched: [SeriesRule]
    private var lines: UInt64 = 0
    /// How many names of each stream have been looked at.
    private var looked: [String: Int] = [:]
    private var met: [String] = []

    /// Creates a watch over rules.
    init(rules: [SeriesRule]) { unmatched = rules }

    /// Looks at the next lines of a stream.
    ///
    /// - Parameter names: all series of the stream so far; the later ones are behind.
    /// - Returns: what is to be told, a line for each rule; nearly always nothing.
    mutating func observe(stream: String, names: [String], lines count: Int) -> [String] {
        guard !unmatched.isEmpty else { return [] }
        let seen = looked[stream, default: 0]
        if names.count > seen {
            looked[stream] = names.count
            for name in names[seen...] {
                unmatched.removeAll { $0.matches(name) }
                if met.count < 5 { met.append(name) }
            }
        }
        lines += UInt64(count)
        guard lines >= Self.patience else { return [] }
        defer { unmatched = [] }
        let known = met.joined(separator: ", ")
        return unmatched.map {
            "the rule [series.\(TOMLDocument.quoted($0.pattern))] matches no series after \(lines) lines; there are "
                + "\(known)\(met.count == 5 ? ", …" : "")"
        }
    }
}
