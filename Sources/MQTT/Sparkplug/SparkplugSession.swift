import Ingest
import TimeSeries

/// Sparkplug B from the side of a host: births say what a node's metrics are, data messages what has changed of them, deaths
/// that nothing more comes.
///
///     NBIRTH, DBIRTH  the metrics with names, types and aliases ─▶ channels of a series, a first sample
///     NDATA, DDATA    aliases or names with values              ─▶ a sample: what has changed, the rest as it was
///     NDEATH, DDEATH                                            ─▶ the series has stopped
///
/// A series is a node (`GROUP/EDGE`) or a device of it (`GROUP/EDGE/DEVICE`), and its channels are the numeric and Boolean metrics
/// of its birth, sorted by name; a later birth adds none. Messages hold only what has changed (report by exception), so a
/// channel keeps its value for as long as the session lives; one that is null, or of bad quality, is missing until it has a value
/// again.
///
/// A message makes one sample, at the newest time in it; when a metric comes in it more than once, as when a node sends what
/// it had to keep, one for each time. What is older than the series' last sample and marked as historical is counted and left out.
///
/// Who joins late knows no alias: then, and when `seq` shows that messages were lost, the node is asked for its births
/// (`Node Control/Rebirth`), at most once a minute.
///
/// Everything is bounded: what a payload may hold (``SparkplugMessage``), nodes, devices and metrics. Past a bound the node that
/// was silent for the longest is forgotten, and counted.
struct SparkplugSession: Sendable {
    /// How much is held.
    struct Limits: Sendable {
        var nodes = 4_096
        var devicesPerNode = 1_024
        var metrics = 1 << 18
    }

    /// The command that has a node send its births again.
    static let rebirthMetric = "Node Control/Rebirth"
    private static let sessionMetric = "bdSeq"
    private static let controls = ["Node Control/", "Device Control/"]
    private static let secondsBetweenRequests = 60.0
    private static let summary =
        "Sparkplug B, time in milliseconds, series by node and device, channels by the metrics of their births"

    /// What is counted.
    private(set) var counters = SparkplugCounters()
    /// Topics of nodes that are to be asked for their births; whoever publishes them empties it.
    var requests: [String] = []
    private let channels: Set<String>
    private let limits: Limits
    private var nodes: [String: SparkplugNode] = [:]
    private var size = 0

    /// Creates a session that knows nobody.
    ///
    /// - Parameter channels: the metrics that are watched; none for all numeric ones.
    init(channels: [String] = [], limits: Limits = Limits()) {
        self.channels = Set(channels)
        self.limits = limits
    }

    /// Takes a message.
    ///
    /// - Parameters:
    ///   - arrival: the wall clock.
    ///   - seconds: the monotonic clock.
    mutating func take(
        _ topic: SparkplugTopic, _ payload: Span<UInt8>, arrival: Timestamp, at seconds: Double,
        into stream: inout MessageStream
    ) {
        guard let message = SparkplugMessage(payload) else {
            return stream.takeUnusable(.badSyntax, Array(topic.key.utf8))
        }
        let key = topic.nodeKey
        // Taken out, so that it is nobody else's while it changes.
        var node = nodes.removeValue(forKey: key) ?? SparkplugNode()
        size -= node.size
        node.heard = seconds
        switch topic.kind {
        case .nodeBirth: beginNode(topic, message, arrival, &node, &stream)
        case .deviceBirth: beginDevice(topic, message, arrival, at: seconds, &node, &stream)
        case .nodeData, .deviceData: takeData(topic, message, arrival, at: seconds, &node, &stream)
        case .deviceDeath: endDevice(topic, message, arrival, at: seconds, &node, &stream)
        case .nodeDeath: endNode(topic, message, arrival, &node, &stream)
        }
        if let newest = message.metrics.compactMap(\.time).max() ?? message.time, topic.kind != .nodeDeath {
            node.shown = (newest, arrival)
        }
        size += node.size
        nodes[key] = node
        makeRoom(sparing: key)
    }

    // MARK: Births

    private mutating func beginNode(
        _ topic: SparkplugTopic, _ message: SparkplugMessage, _ arrival: Timestamp, _ node: inout SparkplugNode,
        _ stream: inout MessageStream
    ) {
        node.beginSession()
        node.session = Self.session(of: message)
        node.next = message.sequence.map { $0 &+ 1 }
        node.asked = nil
        begin(topic, message, arrival, &node, &stream)
    }

    private mutating func beginDevice(
        _ topic: SparkplugTopic, _ message: SparkplugMessage, _ arrival: Timestamp, at seconds: Double,
        _ node: inout SparkplugNode, _ stream: inout MessageStream
    ) {
        follow(message, topic, at: seconds, &node)
        // Its aliases are known now, but not those of its node and its other devices.
        if !node.isAlive { request(topic, at: seconds, &node) }
        guard node.members[topic.device ?? ""] != nil || node.members.count <= limits.devicesPerNode else {
            counters.unknown += 1
            return
        }
        begin(topic, message, arrival, &node, &stream)
    }

    /// A node or device says what its metrics are, and their values.
    private mutating func begin(
        _ topic: SparkplugTopic, _ message: SparkplugMessage, _ arrival: Timestamp, _ node: inout SparkplugNode,
        _ stream: inout MessageStream
    ) {
        counters.births += 1
        let device = topic.device ?? ""
        var member = SparkplugNode.Member()
        member.last = node.members[device]?.last
        let watched = message.metrics.filter(isWatched)
        var names: [[UInt8]] = []
        for metric in watched { names.append(Self.channelName(metric)) }
        let key = Array(topic.key.utf8)
        // A series keeps the channels that it began with.
        let known = stream.group(ofSeries: key)
        let sorted = known?.names ?? Self.sorted(names)
        member.group = known?.number ?? (sorted.isEmpty ? nil : stream.group(of: sorted, summary: Self.summary))
        var channel: [[UInt8]: Int] = [:]
        for (index, name) in sorted.enumerated() { channel[name] = index }
        member.values = [Double](repeating: .nan, count: sorted.count)
        var taken: [(place: SparkplugNode.Place, metric: SparkplugMessage.Metric)] = []
        for metric in message.metrics {
            guard let name = metric.name else { continue }
            let place = SparkplugNode.Place(
                device: device,
                channel: isWatched(metric) && member.group != nil ? channel[Self.channelName(metric)] : nil,
                type: metric.type ?? 0)
            member.metrics[name] = place
            if let alias = metric.alias { node.aliases[alias] = place }
            taken.append((place, metric))
        }
        node.members[device] = member
        sample(taken, of: topic, message, arrival, &node, &stream)
    }

    private func isWatched(_ metric: SparkplugMessage.Metric) -> Bool {
        guard let name = metric.name, let type = metric.type, DataType.isNumeric(type), name != Self.sessionMetric,
            !Self.controls.contains(where: name.hasPrefix)
        else { return false }
        return channels.isEmpty || channels.contains(name)
    }

    private static func channelName(_ metric: SparkplugMessage.Metric) -> [UInt8] {
        Array("\(metric.name ?? "")\(metric.unit.map { " [\($0)]" } ?? "")".utf8)
    }

    private static func sorted(_ names: [[UInt8]]) -> [[UInt8]] {
        var unique: [[UInt8]] = []
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) where unique.last != name {
            unique.append(name)
        }
        return unique
    }

    private static func session(of message: SparkplugMessage) -> UInt64? {
        message.metrics.first { $0.name == sessionMetric }.flatMap { metric in
            if case .bits(let bits)? = metric.value { bits } else { nil }
        }
    }

    // MARK: Data

    private mutating func takeData(
        _ topic: SparkplugTopic, _ message: SparkplugMessage, _ arrival: Timestamp, at seconds: Double,
        _ node: inout SparkplugNode, _ stream: inout MessageStream
    ) {
        follow(message, topic, at: seconds, &node)
        let device = topic.device ?? ""
        guard let member = node.members[device], member.isAlive else {
            counters.unknown += 1
            return request(topic, at: seconds, &node)
        }
        var taken: [(place: SparkplugNode.Place, metric: SparkplugMessage.Metric)] = []
        var isUnknown = false
        for metric in message.metrics {
            let place = metric.name.flatMap { member.metrics[$0] } ?? metric.alias.flatMap { node.aliases[$0] }
            if let place, place.device == device {
                taken.append((place, metric))
            } else {
                counters.unknown += 1
                isUnknown = true
            }
        }
        if isUnknown { request(topic, at: seconds, &node) }
        sample(taken, of: topic, message, arrival, &node, &stream)
    }

    /// Makes samples of values: one, or one for each time when a metric comes more than once.
    private mutating func sample(
        _ all: [(place: SparkplugNode.Place, metric: SparkplugMessage.Metric)], of topic: SparkplugTopic,
        _ message: SparkplugMessage, _ arrival: Timestamp, _ node: inout SparkplugNode, _ stream: inout MessageStream
    ) {
        let device = topic.device ?? ""
        guard var member = node.members.removeValue(forKey: device) else { return }
        defer { node.members[device] = member }
        guard let group = member.group else { return }
        let ends = message.time ?? arrival
        var values: [(time: Timestamp, channel: Int, value: Double)] = []
        for (place, metric) in all {
            guard let channel = place.channel, let value = metric.value else { continue }
            let time = metric.time ?? ends
            if metric.isHistorical, let last = member.last, time <= last {
                counters.tooOld += 1
                continue
            }
            values.append((time, channel, DataType.number(value, place.type)))
        }
        guard !values.isEmpty else { return }
        let key = Array(topic.key.utf8)
        var seen = Set<Int>()
        if values.allSatisfy({ seen.insert($0.channel).inserted }) {
            for value in values { member.values[value.channel] = value.value }
            let newest = values.reduce(values[0].time) { max($0, $1.time) }
            stream.takeSample(key, group: group, values: member.values, time: newest)
            member.last = newest
            return
        }
        // The sort is stable: of one time the last in the message stands.
        values.sort { $0.time < $1.time }
        for (index, value) in values.enumerated() {
            member.values[value.channel] = value.value
            guard index + 1 == values.count || values[index + 1].time != value.time else { continue }
            stream.takeSample(key, group: group, values: member.values, time: value.time)
            member.last = value.time
        }
    }

    // MARK: Deaths

    private mutating func endDevice(
        _ topic: SparkplugTopic, _ message: SparkplugMessage, _ arrival: Timestamp, at seconds: Double,
        _ node: inout SparkplugNode, _ stream: inout MessageStream
    ) {
        follow(message, topic, at: seconds, &node)
        counters.deaths += 1
        node.members[topic.device ?? ""]?.isAlive = false
        stream.takeStop(Array(topic.key.utf8), time: message.time ?? node.now(arrival))
    }

    private mutating func endNode(
        _ topic: SparkplugTopic, _ message: SparkplugMessage, _ arrival: Timestamp, _ node: inout SparkplugNode,
        _ stream: inout MessageStream
    ) {
        if let died = Self.session(of: message), let born = node.session, died != born {
            counters.staleDeaths += 1
            return
        }
        counters.deaths += 1
        node.isAlive = false
        node.next = nil
        for device in node.members.keys { node.members[device]?.isAlive = false }
        // The will was written when the node connected: its time says nothing of its end.
        let time = node.now(arrival)
        for name in stream.seriesNames where name == topic.nodeKey || name.hasPrefix(topic.nodeKey + "/") {
            stream.takeStop(Array(name.utf8), time: time)
        }
    }

    // MARK: Order

    /// Follows the numbers of a node's messages; a gap is counted, and its births are asked for.
    private mutating func follow(
        _ message: SparkplugMessage, _ topic: SparkplugTopic, at seconds: Double, _ node: inout SparkplugNode
    ) {
        guard let number = message.sequence else { return }
        defer { node.next = number &+ 1 }
        guard let next = node.next, next != number else { return }
        counters.lost += UInt64(number &- next)
        request(topic, at: seconds, &node)
    }

    private mutating func request(_ topic: SparkplugTopic, at seconds: Double, _ node: inout SparkplugNode) {
        if let asked = node.asked, seconds - asked < Self.secondsBetweenRequests { return }
        node.asked = seconds
        counters.rebirthsAsked += 1
        requests.append(topic.commandTopic)
    }

    /// Forgets nodes that were silent for the longest, until what is held is within bounds.
    private mutating func makeRoom(sparing key: String) {
        while nodes.count > limits.nodes || size > limits.metrics, nodes.count > 1 {
            guard
                let oldest = nodes.filter({ $0.key != key }).min(by: {
                    ($0.value.heard, $0.key) < ($1.value.heard, $1.key)
                })
            else { return }
            size -= oldest.value.size
            nodes[oldest.key] = nil
            counters.nodesEvicted += 1
        }
    }
}
