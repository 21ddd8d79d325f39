import Ingest

/// What messages under a topic are for, found out once for each topic: the look-up allocates nothing.
struct TopicTable: Sendable {
    /// What messages under a topic are for.
    enum Use: Sendable {
        /// Lines of a series.
        case lines(key: [UInt8], number: Int)
        /// A message of a Sparkplug B session.
        case sparkplug(SparkplugTopic)
        /// Nothing that is watched.
        case nothing
        /// Its name would be empty or too long for a series.
        case unusable
    }

    /// Topics that are remembered; then all are forgotten, and found out again.
    private static let most = 65_536
    private static let longestKey = 256

    private let template: TopicTemplate
    private let filters: [[ArraySlice<UInt8>]]
    /// Two topics whose messages make one series by turns.
    struct Mixture: Equatable, Sendable {
        var series: String
        var first: String
        var second: String
    }

    /// Whose messages a series had last.
    private struct Owner: Sendable {
        var last: UInt64
        var beforeLast: UInt64?
        var changes = 0
    }

    /// The first that was met; `nil` while each series is of one topic.
    private(set) var mixture: Mixture?
    private var numbers: [[UInt8]: Int] = [:]
    private var owners: [Owner?] = []
    private var uses: [UInt64: (topic: [UInt8], use: Use)] = [:]

    /// Creates a table.
    init(_ settings: MQTTSettings) {
        template = settings.series
        filters = settings.topics.map { Self.levels(Array($0.utf8)) }
    }

    /// What messages under a topic are for.
    ///
    /// - Parameter hash: of the topic.
    mutating func use(of topic: Span<UInt8>, hash: UInt64) -> Use {
        if let known = uses[hash], Self.isSame(known.topic, topic) { return known.use }
        if uses.count >= Self.most {
            uses.removeAll(keepingCapacity: true)
            numbers.removeAll(keepingCapacity: true)
            owners.removeAll(keepingCapacity: true)
        }
        var copy: [UInt8] = []
        for index in 0..<topic.count { copy.append(topic[index]) }
        let use = find(copy)
        uses[hash] = (copy, use)
        return use
    }

    /// Notes that a message of a topic has come, and finds out whether topics make a series by turns.
    ///
    /// One that takes another's place, as when topics are renamed, is no mixture.
    ///
    /// - Parameters:
    ///   - hash: of the topic.
    ///   - number: of the series, as in ``Use/lines(key:number:)``.
    mutating func note(_ topic: Span<UInt8>, hash: UInt64, of number: Int) {
        guard let owner = owners[number] else { return owners[number] = Owner(last: hash) }
        guard owner.last != hash, mixture == nil else { return }
        let isBack = owner.beforeLast == hash || owner.changes >= 3
        owners[number] = Owner(last: hash, beforeLast: owner.last, changes: owner.changes + 1)
        guard isBack, let other = uses[owner.last], let own = uses[hash], case .lines(let key, _) = own.use else {
            return
        }
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        mixture = Mixture(series: text(key), first: text(other.topic), second: text(own.topic))
    }

    private mutating func number(of key: [UInt8]) -> Int {
        if let known = numbers[key] { return known }
        numbers[key] = owners.count
        owners.append(nil)
        return owners.count - 1
    }

    private mutating func find(_ topic: [UInt8]) -> Use {
        let levels = Self.levels(topic)
        // A session that the broker has kept may hold subscriptions that are not wanted any more.
        guard filters.contains(where: { Self.matches($0, levels) }) else { return .nothing }
        if let topic = SparkplugTopic(levels) { return .sparkplug(topic) }
        if SparkplugTopic.isNamespace(levels) { return .nothing }
        var key: [UInt8] = []
        template.write(topic.span, into: &key)
        return key.isEmpty || key.count > Self.longestKey ? .unusable : .lines(key: key, number: number(of: key))
    }

    private static func levels(_ topic: [UInt8]) -> [ArraySlice<UInt8>] {
        topic.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    }

    private static func matches(_ filter: [ArraySlice<UInt8>], _ topic: [ArraySlice<UInt8>]) -> Bool {
        for (index, level) in filter.enumerated() {
            if level.elementsEqual("#".utf8) { return true }
            guard index < topic.count, level.elementsEqual("+".utf8) || level == topic[index] else { return false }
        }
        return filter.count == topic.count
    }

    private static func isSame(_ known: [UInt8], _ topic: Span<UInt8>) -> Bool {
        guard known.count == topic.count else { return false }
        for index in known.indices where known[index] != topic[index] { return false }
        return true
    }
}
