import MonitorRuntime

/// What can be planted in the traffic of a network.
enum FlowAnomalyKind: String, CaseIterable, PlantedKind {
    /// One host is tried on many ports.
    case scan
    /// Many hosts are tried on one port.
    case sweep
    /// Many connections to one host.
    case flood
    /// Bytes go out to somebody on the Internet, in uploads a few seconds apart.
    case exfiltration
    /// Somebody new on the Internet is called again and again, a tenth of the period early or late.
    case beacon
    /// The host's own connections are no more.
    case silence
    /// Nobody gets an answer from the host.
    case outage

    var sizeMeaning: String? {
        switch self {
        case .scan: "ports a minute"
        case .sweep: "hosts a minute"
        case .flood: "connections a minute"
        case .exfiltration: "kilobytes a second"
        case .beacon: "seconds between calls"
        case .silence: "the share of its connections, above 0 to 1"
        case .outage: "the share of connections that fail, above 0 to 1"
        }
    }

    var sizes: ClosedRange<Double>? {
        switch self {
        case .scan, .sweep, .flood, .exfiltration: 0...1e6
        case .beacon: 1...86_400
        case .silence, .outage: 0...1
        }
    }

    var targetRefusal: String? { nil }

    /// The size when none is given.
    var usualSize: Double {
        switch self {
        case .scan: 120
        case .sweep: 60
        case .flood: 600
        case .exfiltration: 1_000
        case .beacon: 60
        case .silence, .outage: 1
        }
    }

    /// Microseconds it lasts when no duration is given.
    var usualDuration: Int64 {
        switch self {
        case .scan, .sweep, .flood: 600_000_000
        case .exfiltration, .outage: 1_800_000_000
        case .silence: 3_600_000_000
        case .beacon: 14_400_000_000
        }
    }

    /// Whether it may be drawn for hosts of a role.
    func suits(_ role: HostRole) -> Bool {
        switch self {
        case .scan, .sweep, .flood, .exfiltration, .beacon: role != .laptop && role != .printer
        // Those that talk by day and by night.
        case .silence: role == .server || role == .plc || role == .hmi || role == .device
        case .outage: role == .server || role == .plc
        }
    }
}
