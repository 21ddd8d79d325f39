import TimeSeries

/// The hosts of an office with a plant, and everything they usually do.
///
///     role         share   talks
///     server         5 %   name server, mail, files, time, updates, backup (at night), applications; pings of all machines
///     plc           14 %   answers its HMI on tcp/502; heartbeat, time
///     hmi            6 %   asks each of its PLCs twice a minute, by day and by night
///     device         8 %   cameras and meters: a keepalive a minute to a cloud, an upload every 15 minutes
///     printer        2 %   mails a scan now and then
///     laptop        12 %   as a workstation, on two days of three, at one of two addresses
///     workstation   rest   web, names, mail, files, chat, calls, print jobs, updates: at work; three of ten are never off
///
/// About 1,700 connections a host and day.
struct SimulatedNetwork {
    private(set) var hosts: [SimulatedHost] = []
    private(set) var roles: [HostRole] = []
    private(set) var activities: [FlowActivity] = []
    private let seed: UInt64
    private var ofRole: [HostRole: [Int]] = [:]
    private var lookups: (server: UInt32, share: Double) { (address(.server, 0), 0.45) }

    /// - Parameter count: hosts, at least ``fewestHosts``.
    init(hosts count: Int, seed: UInt64) {
        self.seed = seed
        var left = count
        for (role, share, least) in [
            (HostRole.server, 5, 3), (.plc, 14, 2), (.hmi, 6, 1), (.device, 8, 1), (.printer, 2, 1), (.laptop, 12, 1),
            (.workstation, 100, 0),
        ] {
            let some = min(left, max(least, count * share / 100))
            left -= some
            for index in 0..<some { add(role, index) }
        }
        for index in hosts.indices {
            switch roles[index] {
            case .server: addServer(index)
            case .plc: addPLC(index)
            case .hmi: addHMI(index)
            case .device: addDevice(index)
            case .printer: addPrinter(index)
            case .laptop, .workstation: addDesk(index)
            }
        }
    }

    static var fewestHosts: Int { 10 }

    /// The hosts whose connections go to a host as a rule.
    func clients(of host: Int) -> [Int] {
        let address = hosts[host].address
        var clients: [Int] = []
        for activity in activities where clients.last != activity.host {
            let isClient =
                switch activity.target {
                case .one(let target): target == address || activity.lookups?.server == address
                case .any(let targets): targets.contains(address)
                case .foreign: activity.lookups?.server == address
                // What asks all of them is used to one that does not answer.
                case .all: false
                }
            if isClient, !clients.contains(activity.host) { clients.append(activity.host) }
        }
        return clients
    }

    private mutating func add(_ role: HostRole, _ index: Int) {
        let net = UInt32(20 + (HostRole.allCases.firstIndex(of: role) ?? 0))
        let base = 10 << 24 | net << 16
        func address(_ number: Int) -> UInt32 { base | UInt32(number / 250) << 8 | UInt32(number % 250 + 1) }
        ofRole[role, default: []].append(hosts.count)
        roles.append(role)
        hosts.append(
            SimulatedHost(
                role: role, seed: splitMix(seed ^ splitMix(UInt64(hosts.count))),
                addresses: role == .laptop ? [address(2 * index), address(2 * index + 1)] : [address(index)]))
    }

    /// The address of the n-th of a role, or of another when there are not so many.
    private func address(_ role: HostRole, _ number: Int) -> UInt32 {
        let members = ofRole[role] ?? [0]
        return hosts[members[number % members.count]].address
    }

    private func addresses(_ role: HostRole) -> [UInt32] { (ofRole[role] ?? []).map { hosts[$0].address } }

    private mutating func habit(
        _ host: Int, _ timing: FlowActivity.Timing, _ presence: FlowActivity.Presence, to target: FlowActivity.Target,
        _ shape: FlowShape, burst: ClosedRange<Int> = 1...1, spread: Double = 0, asks: Bool = false
    ) {
        activities.append(
            FlowActivity(
                host: host, timing, presence, to: target, shape,
                seed: splitMix(seed &+ 0xac71 &+ UInt64(activities.count)), burst: burst, spread: spread,
                lookups: asks ? lookups : nil))
    }

    private func peers(_ host: Int) -> FlowActivity.Target {
        .foreign(ForeignPeers(seed: splitMix(seed ^ splitMix(UInt64(host) &+ 0xfee7))))
    }

    private mutating func addTime(_ host: Int, _ presence: FlowActivity.Presence, _ server: UInt32) {
        habit(
            host, .regular(period: 1_024, jitter: 0.05), presence, to: .one(server),
            FlowShape(
                transport: .udp, port: 123, seconds: (0.02, 0.6), bytesOut: (48, 0), bytesIn: (48, 0), failures: 0.002))
    }

    private mutating func addServer(_ host: Int) {
        let number = (ofRole[.server] ?? []).firstIndex(of: host) ?? 0
        let desks = Double((ofRole[.workstation] ?? []).count + (ofRole[.laptop] ?? []).count)
        addTime(host, .always, ForeignPeers.address(17))
        habit(
            host, .daily(hour: 3, spread: 1.5, share: 0.1), .always, to: .one(ForeignPeers.address(3)),
            FlowShape(port: 443, seconds: (6, 1), bytesOut: (1_500, 0.5), bytesIn: (4e6, 1.5)), burst: 4...20,
            spread: 300, asks: true)
        if number > 0 {
            habit(
                host, .daily(hour: 1.2, spread: 0.6, share: 1), .always, to: .one(address(.server, 2)),
                FlowShape(port: 10_000, seconds: (240, 0.6), bytesOut: (4e8, 0.7), bytesIn: (2e5, 0.4)), burst: 2...5,
                spread: 400)
        }
        switch number {
        case 0:
            // The name server asks others for what it does not know.
            habit(
                host, .random(perHour: min(900, 12 * desks)), .office, to: peers(host),
                FlowShape(
                    transport: .udp, port: 53, seconds: (0.03, 0.8), bytesOut: (44, 0.2), bytesIn: (180, 0.6),
                    failures: 0.01))
        case 1:
            let watched = addresses(.server) + addresses(.plc)
            habit(
                host, .regular(period: 300, jitter: 1), .always, to: .all(watched),
                FlowShape(
                    transport: .icmp, port: 8 << 8, seconds: (0.002, 0.5), bytesOut: (112, 0), bytesIn: (112, 0),
                    failures: 0.0005), spread: 60)
            habit(
                host, .random(perHour: min(300, 1.5 * desks)), .office, to: peers(host),
                FlowShape(port: 25, seconds: (3, 0.8), bytesOut: (30_000, 1.6), bytesIn: (900, 0.5), failures: 0.02),
                asks: true)
        default:
            habit(
                host, .random(perHour: 90), .office, to: .one(address(.server, number + 1)),
                FlowShape(port: 5_432, seconds: (0.4, 1.2), bytesOut: (3_000, 1), bytesIn: (20_000, 1.4)))
        }
    }

    private mutating func addPLC(_ host: Int) {
        addTime(host, .always, address(.server, 0))
        habit(
            host, .regular(period: 60, jitter: 0.5), .always, to: .one(address(.hmi, host)),
            FlowShape(transport: .udp, port: 2_222, seconds: (0.01, 0.3), bytesOut: (120, 0.05), bytesIn: (40, 0)))
        // The archive's connection stays open all day and is told of when it is over.
        habit(
            host, .daily(hour: 0.1, spread: 0.2, share: 1), .always, to: .one(address(.server, 1)),
            FlowShape(port: 4_840, seconds: (82_000, 0.02), bytesOut: (9e6, 0.1), bytesIn: (1.2e6, 0.1)))
    }

    private mutating func addHMI(_ host: Int) {
        addTime(host, .always, address(.server, 0))
        let panels = (ofRole[.hmi] ?? []).count
        let own = (ofRole[.hmi] ?? []).firstIndex(of: host) ?? 0
        for (index, plc) in addresses(.plc).enumerated() where index % panels == own {
            habit(
                host, .regular(period: 30, jitter: 0.15), .always, to: .one(plc),
                FlowShape(
                    port: 502, seconds: (0.08, 0.3), bytesOut: (96, 0.05), bytesIn: (420, 0.05), failures: 0.0003))
        }
        habit(
            host, .regular(period: 60, jitter: 1), .always, to: .one(address(.server, 1)),
            FlowShape(port: 4_840, seconds: (0.3, 0.3), bytesOut: (4_000, 0.2), bytesIn: (300, 0.1)))
        habit(
            host, .random(perHour: 6), .office, to: .one(address(.server, 2)),
            FlowShape(port: 443, seconds: (4, 1), bytesOut: (1_500, 0.7), bytesIn: (9_000, 1.2)), burst: 1...3,
            spread: 3)
    }

    private mutating func addDevice(_ host: Int) {
        addTime(host, .always, address(.server, 0))
        let cloud = ForeignPeers.address(40 + host % 3)
        habit(
            host, .regular(period: 60, jitter: 1.5), .always, to: .one(cloud),
            FlowShape(port: 8_883, seconds: (0.3, 0.4), bytesOut: (180, 0.1), bytesIn: (90, 0.1), failures: 0.002))
        habit(
            host, .regular(period: 900, jitter: 8), .always, to: .one(cloud),
            FlowShape(port: 443, seconds: (2, 0.4), bytesOut: (60_000, 0.4), bytesIn: (4_000, 0.3), failures: 0.003),
            asks: true)
    }

    private mutating func addPrinter(_ host: Int) {
        addTime(host, .always, address(.server, 0))
        habit(
            host, .random(perHour: 0.6), .office, to: .one(address(.server, 1)),
            FlowShape(port: 25, seconds: (4, 0.6), bytesOut: (400_000, 1.2), bytesIn: (800, 0.3)), asks: true)
    }

    private mutating func addDesk(_ host: Int) {
        addTime(host, .powered, address(.server, 0))
        let web = FlowShape(
            port: 443, seconds: (8, 1.4), bytesOut: (2_200, 1), bytesIn: (18_000, 1.8), failures: 0.008)
        habit(host, .random(perHour: 62), .working, to: peers(host), web, burst: 1...6, spread: 5, asks: true)
        habit(host, .random(perHour: 8), .powered, to: peers(host), web, burst: 1...2, spread: 2, asks: true)
        habit(
            host, .random(perHour: 14), .working, to: .any(Array(addresses(.server).dropFirst(2))),
            FlowShape(port: 443, seconds: (3, 1.2), bytesOut: (2_000, 0.9), bytesIn: (12_000, 1.4), failures: 0.002),
            burst: 1...4, spread: 3)
        habit(
            host, .regular(period: 300, jitter: 12), .powered, to: .one(address(.server, 1)),
            FlowShape(port: 993, seconds: (0.6, 0.8), bytesOut: (900, 0.4), bytesIn: (1_600, 1.4), failures: 0.001))
        habit(
            host, .regular(period: 600, jitter: 1), .powered, to: .one(address(.server, 2)),
            FlowShape(port: 8_530, seconds: (0.2, 0.4), bytesOut: (700, 0.1), bytesIn: (500, 0.2), failures: 0.001))
        habit(
            host, .random(perHour: 2), .working, to: .one(address(.server, 2)),
            FlowShape(port: 445, seconds: (500, 1.2), bytesOut: (90_000, 2), bytesIn: (600_000, 2)))
        habit(
            host, .random(perHour: 0.5), .working, to: peers(host),
            FlowShape(port: 443, seconds: (5_000, 0.8), bytesOut: (150_000, 1), bytesIn: (400_000, 1)), asks: true)
        habit(
            host, .random(perHour: 0.15), .working, to: peers(host),
            FlowShape(transport: .udp, port: 3_478, seconds: (1_400, 0.7), bytesOut: (7e7, 0.8), bytesIn: (9e7, 0.8)))
        habit(
            host, .random(perHour: 0.25), .working, to: .one(address(.printer, host)),
            FlowShape(port: 9_100, seconds: (12, 0.8), bytesOut: (300_000, 1.3), bytesIn: (400, 0.2)))
        habit(
            host, .daily(hour: 10, spread: 5, share: 0.2), .powered, to: .one(ForeignPeers.address(3)),
            FlowShape(port: 443, seconds: (8, 1), bytesOut: (1_500, 0.5), bytesIn: (3e6, 1.5), failures: 0.005),
            burst: 4...22, spread: 240, asks: true)
    }
}
