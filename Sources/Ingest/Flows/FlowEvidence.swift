/// What a host did in a bin, for whoever reads the alert: the peers and services it talked to most.
public struct FlowEvidence: Equatable, Sendable {
    /// A peer or a service with its share of the bin.
    public struct Item: Equatable, Sendable {
        /// The address, or the protocol and port.
        public var name: String
        /// Flows with it.
        public var flows: UInt32
        /// Bytes with it, both ways.
        public var bytes: Double
        /// Whether it is of a network that the Internet does not route to; `nil` for a service.
        public var isLocal: Bool?
    }

    /// Flows of the bin.
    public var flows: UInt32 = 0
    /// The peers with the most flows, at most three.
    public var peers: [Item] = []
    /// The services with the most flows, at most three.
    public var services: [Item] = []

    static let mostItems = 3

    /// `tcp/502`; of ICMP `icmp/8.0`.
    static func serviceName(transport: UInt8, port: UInt16) -> String {
        let name = TransportNames.name(transport)
        return transport == 1 || transport == 58 ? "\(name)/\(port >> 8).\(port & 255)" : "\(name)/\(port)"
    }
}
