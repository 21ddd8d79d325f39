/// What `/api/v1/status` answers, as far as the verbs show it.
struct StatusAnswer: Decodable {
    /// One source.
    struct Source: Decodable {
        var name: String
        var lines: Int
        var lines_per_second: Double?
        var unusable: Int
        var lost_parts: Int
        var dropped_datagrams: Int?
        var dropped_rows: Int
        var broker: Broker?
    }

    /// What a source at an MQTT broker has beside.
    struct Broker: Decodable {
        /// What came of Sparkplug B.
        struct Sparkplug: Decodable {
            var births: Int
            var deaths: Int
            var lost: Int
            var unknown: Int
            var rebirths_asked: Int
        }

        var connected: Bool
        var away_since: String?
        var away_because: String?
        var silent_since: String?
        var losses: Int
        var sparkplug: Sparkplug?
    }

    /// One stream.
    struct Stream: Decodable {
        var name: String
        var series: Int
        var learning: Int
        var awaiting_acceptance: Int
        var late: Int
        var duplicates: Int
        var not_yet_series: Int
        var rounds_without_training: Int
        var last_sample: String?
        var lag_seconds: Double?
    }

    /// The partitions of topics that are this daemon's.
    struct Partitions: Decodable {
        /// One of them.
        struct Partition: Decodable {
            var partition: String
            var epoch: Int
            var lag: Int?
        }

        var held: [Partition]
        var lag: Int
        var taken_over: Int
        var given_up: Int
        var lost: Int
        var begun_anew: Int
        var snapshots: Int
        /// Whether the brokers answer; `nil` from a monitord that does not say.
        var reachable: Bool?
        var problem: String?
    }

    /// One sink.
    struct Sink: Decodable {
        var name: String
        var written: Int
        var failures: Int
        var lost: Int
        var dead_letters: Int?
        var last_dead_letter: String?
        var waiting: Int?
        var caught_up: Bool
        var last_error: String?
    }

    /// One series.
    struct Series: Decodable {
        var stream: String
        var series: String
        var time: String?
        var score: Double?
        var threshold: Double?
        var severity: Double?
        var abnormal: Bool
        var alerting: Bool
        var learning: Bool
        var learning_progress: Double
        var seconds_until_vote: Double?
        var awaits_acceptance: Bool
    }

    var version: String
    var pid: Int
    var uptime_seconds: Double
    var cpu_seconds: Double
    var resident_bytes: Int
    var sources: [Source]
    var streams: [Stream]
    var partitions: Partitions?
    var sinks: [Sink]
    var open_incidents: [String]
    var held_back: Int
    var waiting_alerts: Int
    var series_count: Int
    var series: [Series]
}
