import Ingest
import Logging

/// All messages of the module, seen as one list.
extension Logger {
    func subscribed(_ broker: String, topics: [String], isResumed: Bool) {
        info(
            isResumed ? "connected to the broker, which has kept what came meanwhile" : "connected to the broker",
            metadata: ["mqtt.broker": "\(broker)", "mqtt.topics": "\(topics.joined(separator: ", "))"])
    }

    func lost(_ broker: String, _ reason: String, losses: UInt64) {
        warning(
            "the broker is lost; trying again until it is back",
            metadata: ["mqtt.broker": "\(broker)", "error": "\(reason)", "mqtt.losses": "\(losses)"])
    }

    func unreachable(_ broker: String, _ reason: String) {
        warning(
            "the broker cannot be reached; trying again until it can",
            metadata: ["mqtt.broker": "\(broker)", "error": "\(reason)"])
    }

    func lostInARow(_ broker: String, _ reason: String, client: String, losses: Int) {
        warning(
            "the connection is lost again and again: another client may have the same client_id; give each one of its own",
            metadata: [
                "mqtt.broker": "\(broker)", "mqtt.client_id": "\(client)", "mqtt.losses_in_a_minute": "\(losses)",
                "error": "\(reason)",
            ])
    }

    func nothingCame(_ broker: String, topics: [String], seconds: Double) {
        let time = seconds == 60 ? "a minute" : "\(seconds) s"
        warning(
            "connected, but nothing has come under \(topics.joined(separator: ", ")) for \(time)",
            metadata: ["mqtt.broker": "\(broker)"])
    }

    func topicsMixed(_ mixture: TopicTable.Mixture, template: String) {
        warning(
            "messages of several topics make one series, as if they were one thing: name it by more levels, as in series = \"{3}/{4}\"",
            metadata: [
                "series.key": "\(mixture.series)", "mqtt.topics": "\(mixture.first), \(mixture.second)",
                "series.template": "\(template)",
            ])
    }

    func refusedTopic(_ topic: String, _ broker: String) {
        error(
            "the broker refuses a subscription: nothing of it is watched",
            metadata: ["mqtt.broker": "\(broker)", "mqtt.topic": "\(topic)"])
    }

    func sparkplugLost(_ broker: String, messages: UInt64) {
        warning(
            "Sparkplug messages did not come: their numbers have gaps; births are asked for",
            metadata: ["mqtt.broker": "\(broker)", "sparkplug.lost": "\(messages)"])
    }

    func rebirthNotSent(_ topic: String, _ reason: String) {
        warning(
            "births of a Sparkplug node cannot be asked for",
            metadata: ["mqtt.topic": "\(topic)", "error": "\(reason)"])
    }

    func unusableTopics(_ broker: String, messages: UInt64) {
        warning(
            "messages under topics that make no name of a series (empty, or longer than 256 bytes) are left out",
            metadata: ["mqtt.broker": "\(broker)", "mqtt.messages": "\(messages)"])
    }

    func sinkLost(_ broker: String, _ reason: String) {
        warning(
            "the broker that alerts go to is lost; trying again",
            metadata: ["mqtt.broker": "\(broker)", "error": "\(reason)"])
    }
}
