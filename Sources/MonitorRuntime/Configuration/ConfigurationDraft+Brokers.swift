internal import Ingest

/// The keys of a source at an MQTT broker, taken together.
extension SourceDraft {
    /// Keys that mean something only beside `mqtt`.
    static let brokerKeys = [
        "topics", "qos", "client_id", "username", "password_file", "ca_file", "cert_file", "key_file", "retained",
    ]

    /// Puts the settings of the broker into the finished source. A `series` with braces names parts of the topic, any other a
    /// column or key of the payload.
    func takeBroker(into source: inout SourceConfiguration) {
        var settings = MQTTSettings(topics: topics ?? [], qos: Int32(qos ?? 1), retained: retained ?? .dated)
        settings.username = username
        settings.passwordFile = passwordFile
        settings.caFile = caFile
        settings.certFile = certFile
        settings.keyFile = keyFile
        if let series, TopicTemplate.isMeant(by: series) {
            settings.series = TopicTemplate(series) ?? .whole
            source.series = nil
        }
        source.mqtt = settings
    }

    /// For an input that the command line names instead: there is no topic then.
    mutating func forgetBroker() {
        guard mqtt != nil || kafka.brokers != nil else { return }
        let plain = SourceDraft()
        (mqtt, kafka) = (nil, plain.kafka)
        (topics, qos, client, retained) = (plain.topics, plain.qos, plain.client, plain.retained)
        (username, passwordFile, caFile, certFile, keyFile) = (nil, nil, nil, nil, nil)
        if let series, TopicTemplate.isMeant(by: series) { self.series = nil }
    }

    private static func parts(of filter: String) -> Int {
        filter.split(separator: "/", omittingEmptySubsequences: false).count
    }

    /// Whether a filter has too few parts for a name; behind a `#` there may be any number.
    private func lacks(_ filter: String, _ template: TopicTemplate) -> Bool {
        !filter.hasSuffix("#") && template.fewestParts > Self.parts(of: filter) && !filter.hasPrefix("spBv1.0/")
    }

    /// What is wrong with the keys of a broker, with the key to change.
    fileprivate func brokerFaults(set places: Set<String>) -> [(key: String, reason: String)] {
        guard let mqtt, let address = BrokerAddress(mqtt) else {
            let isKafka = kafka.brokers != nil
            return Self.brokerKeys.filter { places.contains($0) && !(isKafka && $0 == "topics") }.map {
                ($0, "it means nothing without mqtt = \"…\"")
            } + (isKafka ? topicFaults : kafkaFaults(set: places))
        }
        #if !MQTT
            return [("mqtt", "this monitord was built without MQTT (the package trait MQTT)")]
        #else
            var faults: [(key: String, reason: String)] = []
            if topics == nil, !places.contains("topics") {
                faults.append(("mqtt", "nothing is subscribed to: say topics = [\"…\"]"))
            }
            if let series, TopicTemplate.isMeant(by: series), TopicTemplate(series) == nil {
                faults.append(
                    (
                        "series",
                        "\"\(series)\" names no parts of a topic: expected numbers from 1 in braces, as in \"{2}/{3}\", or \"{topic}\""
                    ))
            }
            if let series, let template = TopicTemplate(series),
                let filter = topics?.first(where: { lacks($0, template) })
            {
                faults.append(
                    (
                        "series",
                        "\"\(series)\" names a part that no topic under \"\(filter)\" has: those have \(Self.parts(of: filter))"
                    ))
            }
            if let channel, TopicTemplate.isMeant(by: channel) {
                faults.append(
                    (
                        "channel",
                        "\"\(channel)\" is no key of a payload: levels of a topic name series, as in series = \"{3}/{4}\"; "
                            + "each topic with one value is a series of its own"
                    ))
            }
            if passwordFile != nil, username == nil {
                faults.append(("password_file", "a password goes with a username"))
            }
            for (key, file) in [("ca_file", caFile), ("cert_file", certFile), ("key_file", keyFile)]
            where file != nil && !address.usesTLS {
                faults.append((key, "it is for TLS: write mqtts://\(address.host)"))
            }
            if (certFile == nil) != (keyFile == nil) {
                faults.append((certFile == nil ? "key_file" : "cert_file", "a certificate and its key go together"))
            }
            return faults
        #endif
    }
}

extension SourceDraft {
    /// Keys that mean something only beside `kafka`.
    static let kafkaKeys = ConfigurationKeys.kafka.map(\.name).filter { $0 != "kafka" }

    /// Whether a key means something for what it names, of those that only brokers have; all others do.
    func isAtBroker(for key: String) -> Bool {
        let isKafka = kafka.brokers != nil
        if Self.kafkaKeys.contains(key) { return isKafka }
        return !Self.brokerKeys.contains(key) || mqtt != nil || isKafka && key == "topics"
    }

    /// What is wrong with the topics of a cluster, and with where snapshots go.
    fileprivate var topicFaults: [(key: String, reason: String)] {
        var faults: [(key: String, reason: String)] = (topics ?? []).compactMap { topic in
            KafkaInput.fault(ofTopic: topic).map { ("topics", "\(TOMLDocument.quoted(topic)) \($0)") }
        }
        if faults.isEmpty, case .kafka(let input)? = configuration?.input, let topic = input.topicOfOwnSnapshots {
            faults.append(
                (
                    "snapshots_topic",
                    "snapshots would be written into \(TOMLDocument.quoted(topic)), which is read; "
                        + "name another, or in topics a narrower pattern"
                ))
        }
        return faults
    }

    fileprivate func kafkaFaults(set places: Set<String>) -> [(key: String, reason: String)] {
        Self.kafkaKeys.filter(places.contains).map { ($0, "it means nothing without kafka = \"…\"") }
    }
}

extension ConfigurationDraft {
    /// Finds what is wrong with sources at brokers.
    mutating func checkBrokers() {
        checkClients()
        for source in sources where !source.isInputRefused {
            for fault in source.target.brokerFaults(set: Set(source.places.keys)) {
                problems.append(
                    .conflict(
                        place: source.places[fault.key] ?? source.place, key: "source.\(fault.key)",
                        reason: fault.reason))
            }
        }
        checkMembers()
    }

    /// Finds sources that would be one member of one group: the group lets the newer in and shuts the older out, in turns.
    private mutating func checkMembers() {
        var seen: [(input: KafkaInput, place: ConfigurationPlace)] = []
        for source in sources {
            guard case .kafka(let input)? = source.target.configuration?.input else { continue }
            if let first = seen.first(where: { $0.input != input && $0.input.isSameMember(as: input) }) {
                let member = input.member.map { "the member \(TOMLDocument.quoted($0))" } ?? "the same member"
                problems.append(
                    .conflict(
                        place: source.places["member"] ?? source.place, key: "source.member",
                        reason: "the source at \(first.place) is \(member) of the group "
                            + "\(TOMLDocument.quoted(input.group)) too; put all topics into one source, or give each a "
                            + "member = \"…\" of its own"))
            } else {
                seen.append((input, source.place))
            }
        }
    }

    /// Who the sources are to their brokers; one that has the very input of another is refused for that.
    func clientsOfSources() -> [(client: BrokerClient, input: SourceConfiguration.Input, place: ConfigurationPlace)] {
        sources.compactMap { source in
            guard let input = source.target.configuration?.input, case .mqtt(let address, let client) = input,
                let place = BrokerAddress(address)?.place
            else { return nil }
            return (BrokerClient(place: place, id: client ?? BrokerClient.ofSources), input, source.place)
        }
    }

    /// Finds sources that one broker would take for one client.
    private mutating func checkClients() {
        let all = clientsOfSources()
        for (number, one) in all.enumerated() {
            let same = all[..<number].first { $0.client == one.client && $0.input != one.input }
            guard let same else { continue }
            let reason =
                "\"\(one.client.id)\" is the client_id of the source at \(same.place), too: at one broker each needs one of its own"
            problems.append(.conflict(place: one.place, key: "source.client_id", reason: reason))
        }
    }
}
