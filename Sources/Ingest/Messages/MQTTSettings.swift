/// What a source at an MQTT broker has beside the broker's address.
public struct MQTTSettings: Equatable, Sendable {
    /// What is done with a message that the broker had kept for whoever subscribes: it is as old as it is.
    public enum Retained: String, CaseIterable, Equatable, Sendable {
        /// Used when its payload has a time of its own, else counted and left out.
        case dated
        /// Counted and left out.
        case skip
        /// Used like any other.
        case use
    }

    /// `topics` (strings, none): what is subscribed to, with the wildcards `+` and `#`.
    public var topics: [String]
    /// `series` (string with parts in braces, `{topic}`): what the series of a message is called.
    public var series: TopicTemplate
    /// `qos` (0, 1 or 2; 1): how sure the broker is to be that a message has come.
    public var qos: Int32
    /// `username` (string, none).
    public var username: String?
    /// `password_file` (path, none): its first line is the password.
    public var passwordFile: String?
    /// `ca_file` (path, the system's): the certificates that a broker's may be signed by.
    public var caFile: String?
    /// `cert_file` (path, none): the certificate that is shown to the broker.
    public var certFile: String?
    /// `key_file` (path, none): its key.
    public var keyFile: String?
    /// `retained` (string, "dated").
    public var retained: Retained

    /// Creates settings with defaults for everything but the topics.
    public init(topics: [String] = [], series: TopicTemplate = .whole, qos: Int32 = 1, retained: Retained = .dated) {
        self.topics = topics
        self.series = series
        self.qos = qos
        self.retained = retained
    }

    /// The files that are named, by their keys.
    public var files: [(key: String, path: String)] {
        [("password_file", passwordFile), ("ca_file", caFile), ("cert_file", certFile), ("key_file", keyFile)]
            .compactMap { key, path in path.map { (key, $0) } }
    }

    /// What is wrong with a filter of topics, to follow its name; `nil` when nothing is.
    public static func fault(ofFilter filter: String) -> String? {
        let levels = filter.split(separator: "/", omittingEmptySubsequences: false)
        if filter.isEmpty || filter.utf8.count > 65_535 || filter.utf8.contains(0) { return "is no topic" }
        for (index, level) in levels.enumerated() where level.contains(where: { $0 == "#" || $0 == "+" }) {
            if level.count > 1 {
                return "has a \(level.contains("#") ? "#" : "+") beside other text: it stands for a whole part"
            }
            if level == "#", index + 1 < levels.count { return "goes on behind its #, which stands for all the rest" }
        }
        return nil
    }
}

/// Where a broker is: `mqtt://host:1883`, `mqtts://host:8883`; an IPv6 address in brackets.
public struct BrokerAddress: Equatable, Sendable {
    /// The name or address of the machine.
    public let host: String
    /// 1883 or, with TLS, 8883 when none is written.
    public let port: UInt16
    /// Whether it is spoken to through TLS (`mqtts://`).
    public let usesTLS: Bool

    /// Reads an address; `nil` when it is none.
    public init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("mqtt://") {
            (rest, usesTLS) = (text.dropFirst(7), false)
        } else if text.hasPrefix("mqtts://") {
            (rest, usesTLS) = (text.dropFirst(8), true)
        } else {
            return nil
        }
        let host: Substring
        let port: Substring?
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let behind = rest[rest.index(after: end)...]
            guard behind.isEmpty || behind.first == ":" else { return nil }
            port = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = rest.firstIndex(of: ":") {
            (host, port) = (rest[..<colon], rest[rest.index(after: colon)...])
        } else {
            (host, port) = (rest, nil)
        }
        let isHost =
            !host.isEmpty && host.utf8.allSatisfy { $0 > 32 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") }
        guard isHost, let number = port.map({ UInt16($0) }) ?? (usesTLS ? 8_883 : 1_883), number > 0 else { return nil }
        self.host = String(host)
        self.port = number
    }

    /// Host and port, as in `host:1883`.
    public var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
