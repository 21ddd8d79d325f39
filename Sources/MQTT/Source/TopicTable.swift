import Ingest

/// What messages under a topic are for, found out once for each topic: the look-up allocates nothing.
struct TopicTable: Sendable {
    /// What messages under a topic are for.
    enum Use: Sendable {
        /// Lines of a series.
        case lines(key: [UInt8])
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
        if uses.count >= Self.most { uses.removeAll(keepingCapacity: true) }
        var copy: [UInt8] = []
        for index in 0..<topic.count { copy.append(topic[index]) }
        let use = find(copy)
        uses[hash] = (copy, use)
        return use
    }

    private func find(_ topic: [UInt8]) -> Use {
        let levels = Self.levels(topic)
        // A session that the broker has kept may hold subscriptions that are not wanted any more.
        guard filters.contains(where: { Self.matches($0, levels) }) else { return .nothing }
        if let topic = SparkplugTopic(levels) { return .sparkplug(topic) }
        if SparkplugTopic.isNamespace(levels) { return .nothing }
        var key: [UInt8] = []
        template.write(topic.span, into: &key)
        return key.isEmpty || key.count > Self.longestKey ? .unusable : .lines(key: key)
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
