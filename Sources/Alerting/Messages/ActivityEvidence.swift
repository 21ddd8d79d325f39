/// With whom and about what a host talked most while it was unusual: the evidence of an alert about flows.
public struct ActivityEvidence: Equatable, Codable, Sendable {
    /// A peer or a service.
    public struct Item: Equatable, Codable, Sendable {
        /// The peer's address, or `tcp/502`.
        public var name: String
        /// Flows with it in the last bin.
        public var flows: UInt64
        /// Bytes with it, both ways.
        public var bytes: Double
        /// Whether the peer is of a network that the Internet does not route to; absent for a service.
        public var local: Bool?

        /// Creates an item.
        public init(name: String, flows: UInt64, bytes: Double, local: Bool?) {
            self.name = name
            self.flows = flows
            self.bytes = bytes
            self.local = local
        }
    }

    /// All flows of the last bin; `nil` in what was stored before they were counted.
    public var flows: UInt64?
    /// The peers with the most flows, the first of them first.
    public var peers: [Item]
    /// The services with the most flows.
    public var services: [Item]

    /// Creates evidence.
    public init(flows: UInt64? = nil, peers: [Item], services: [Item]) {
        self.flows = flows
        self.peers = peers
        self.services = services
    }

    /// One sentence for the message:
    /// ` Most flows with 203.0.113.9 (foreign, 812 of 830), 10.0.5.1 (3 of 830); services tcp/502 (700 of 830).`
    var sentence: String {
        guard !peers.isEmpty else { return "" }
        let whole = flows.map { " of \($0)" } ?? ""
        let whom = peers.map { peer in
            let origin = peer.local.map { $0 ? "local, " : "foreign, " } ?? ""
            return "\(peer.name) (\(origin)\(peer.flows)\(whole))"
        }.joined(separator: ", ")
        let what = services.map { "\($0.name) (\($0.flows)\(whole))" }.joined(separator: ", ")
        return " Most flows with \(whom)" + (what.isEmpty ? "" : "; services \(what)") + "."
    }
}

extension ActivityEvidence {
    var json: JSONWriter.Value {
        func list(_ items: [Item]) -> JSONWriter.Value {
            .list(
                items.map { item in
                    .object([
                        ("name", .text(item.name)), ("flows", .integer(Int(clamping: item.flows))),
                        ("bytes", .finite(item.bytes)), ("local", item.local.map { .boolean($0) }),
                    ])
                })
        }
        return .object([
            ("flows", flows.map { .integer(Int(clamping: $0)) }), ("peers", list(peers)), ("services", list(services)),
        ])
    }
}
