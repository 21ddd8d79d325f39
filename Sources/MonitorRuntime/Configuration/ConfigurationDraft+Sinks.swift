internal import Onward

extension ConfigurationDraft {
    /// Finds what is wrong with the sinks one by one and taken together.
    mutating func checkSinks() {
        var seen: [(name: String, place: ConfigurationPlace)] = []
        var clients = clientsOfSources().map { (client: $0.client, place: $0.place) }
        for sink in sinks {
            guard let configuration = sink.target.configuration else {
                // What was refused already is not reported a second time as missing.
                if !sink.isInputRefused { refuse(sink) }
                continue
            }
            for (key, place) in sink.places.sorted(by: { $0.key < $1.key }) where !sink.target.takes(key) {
                let reason = "a sink to \(configuration.place.kind) takes no such key"
                problems.append(.conflict(place: place, key: "sink.\(key)", reason: reason))
            }
            if (configuration.keyFile == nil) != (configuration.certificateFile == nil) {
                let key = configuration.keyFile == nil ? "cert_file" : "key_file"
                problems.append(
                    .conflict(
                        place: sink.places[key] ?? sink.place, key: "sink.\(key)",
                        reason: "cert_file and key_file go together"))
            }
            if let client = configuration.brokerClient {
                if let first = clients.first(where: { $0.client == client }) {
                    let reason =
                        "\"\(client.id)\" is the client_id of what is at \(first.place), too: at one broker each needs one of its own"
                    problems.append(
                        .conflict(
                            place: sink.places["client_id"] ?? sink.place, key: "sink.client_id", reason: reason))
                } else {
                    clients.append((client, sink.place))
                }
            }
            if let first = seen.first(where: { $0.name == configuration.name }) {
                let reason =
                    "the sink at \(first.place) is called \"\(configuration.name)\" too; give each a name = \"…\" of its own"
                problems.append(.conflict(place: sink.place, key: "sink", reason: reason))
            } else {
                seen.append((configuration.name, sink.place))
            }
        }
    }

    private mutating func refuse(_ sink: Section<SinkDraft>) {
        let named = sink.target.places.map(\.kind)
        let reason =
            named.isEmpty
            ? "it names no place; give it alertmanager = \"…\", webhook = \"…\", syslog = \"…\" or mqtt = \"…\""
            : "it has \(named.joined(separator: " and ")); a sink has one place: make two [[sink]] of it"
        problems.append(.conflict(place: sink.place, key: "sink", reason: reason))
    }
}
