import Ingest
import Onward

/// A client of an MQTT broker, which knows its clients by their ids: two of one id throw each other out.
struct BrokerClient: Equatable, Sendable {
    /// Machine and port of the broker.
    var place: String
    /// `client_id`.
    var id: String

    /// What a source is called when nobody says.
    static var ofSources: String { "monitord-\(WallClock.hostName())" }
    /// What a sink is called when nobody says.
    static var ofSinks: String { "\(ofSources)-alerts" }
}

extension SinkConfiguration {
    /// Who the sink is to its broker; `nil` for one that has none.
    var brokerClient: BrokerClient? {
        guard case .mqtt(let address) = place, let broker = BrokerAddress(address) else { return nil }
        return BrokerClient(place: broker.place, id: clientID ?? BrokerClient.ofSinks)
    }
}
