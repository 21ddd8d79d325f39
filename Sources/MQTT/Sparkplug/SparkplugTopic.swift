/// A topic of Sparkplug B: `spBv1.0/GROUP/TYPE/EDGE` or `spBv1.0/GROUP/TYPE/EDGE/DEVICE`.
struct SparkplugTopic: Hashable, Sendable {
    /// The types of message that are watched. Commands are for nodes, and STATE is of hosts.
    enum Kind: String, Sendable {
        case nodeBirth = "NBIRTH"
        case nodeDeath = "NDEATH"
        case nodeData = "NDATA"
        case deviceBirth = "DBIRTH"
        case deviceDeath = "DDEATH"
        case deviceData = "DDATA"

        /// Whether it is about a device of a node.
        var isOfDevice: Bool {
            switch self {
            case .deviceBirth, .deviceDeath, .deviceData: true
            case .nodeBirth, .nodeDeath, .nodeData: false
            }
        }
    }

    /// `spBv1.0`.
    static let namespace = "spBv1.0"

    let kind: Kind
    let group: String
    let node: String
    /// `nil` for the node itself.
    let device: String?

    /// Whether a topic is one of Sparkplug, whatever its type.
    static func isNamespace(_ levels: [ArraySlice<UInt8>]) -> Bool { levels[0].elementsEqual(namespace.utf8) }

    /// Reads the levels of a topic; `nil` for any other, and for types that are not watched.
    init?(_ levels: [ArraySlice<UInt8>]) {
        guard levels.count == 4 || levels.count == 5, Self.isNamespace(levels),
            let kind = Kind(rawValue: String(decoding: levels[2], as: UTF8.self)),
            kind.isOfDevice == (levels.count == 5), levels.dropFirst().allSatisfy({ !$0.isEmpty })
        else { return nil }
        self.kind = kind
        group = String(decoding: levels[1], as: UTF8.self)
        node = String(decoding: levels[3], as: UTF8.self)
        device = levels.count == 5 ? String(decoding: levels[4], as: UTF8.self) : nil
    }

    /// The name of the node's own series, `GROUP/EDGE`.
    var nodeKey: String { "\(group)/\(node)" }
    /// The name of the series: `GROUP/EDGE` or `GROUP/EDGE/DEVICE`.
    var key: String { device.map { "\(nodeKey)/\($0)" } ?? nodeKey }
    /// Where commands to the node go.
    var commandTopic: String { "\(Self.namespace)/\(group)/NCMD/\(node)" }
}
