import TimeSeries

/// The moment at which something happens in a simulated network.
struct FlowMoment {
    /// Microseconds since 1970.
    var time: Int64
    /// Since the start of the stream.
    var seconds: Double
    var local: LocalMoment
}

/// One habit of one host: when it talks, with whom, and what such a connection looks like.
///
/// Each habit has a generator of its own, so what one does changes nothing of another.
struct FlowActivity {
    enum Timing {
        /// Each `period` seconds, and up to `jitter` later.
        case regular(period: Double, jitter: Double)
        /// At random, so often an hour when nothing holds it back.
        case random(perHour: Double)
        /// At most once a day: from `hour`, within `spread` hours, on a `share` of the days.
        case daily(hour: Double, spread: Double, share: Double)
    }

    enum Presence {
        case always
        /// While the host is on.
        case powered
        /// As its user works.
        case working
        /// As the whole office works.
        case office
    }

    enum Target {
        case one(UInt32)
        /// All of them, one after another.
        case all([UInt32])
        case any([UInt32])
        /// Somebody on the Internet, mostly one of its favourites.
        case foreign(ForeignPeers)
    }

    let host: Int
    let timing: Timing
    let presence: Presence
    let target: Target
    let shape: FlowShape
    /// Connections at a time, spread over so many seconds.
    var burst = 1...1
    var spread = 0.0
    /// Share of the connections that begin with a question to this name server.
    var lookups: (server: UInt32, share: Double)?
    private var generator: SeededGenerator
    private var beat: Int64 = 0
    private let identity: UInt64
    private var made: UInt64 = 0

    init(
        host: Int, _ timing: Timing, _ presence: Presence, to target: Target, _ shape: FlowShape, seed: UInt64,
        burst: ClosedRange<Int> = 1...1, spread: Double = 0, lookups: (server: UInt32, share: Double)? = nil
    ) {
        (self.host, self.timing, self.presence, self.target, self.shape) = (host, timing, presence, target, shape)
        (self.burst, self.spread, self.lookups) = (burst, spread, lookups)
        generator = SeededGenerator(seed: seed)
        identity = splitMix(seed &+ 0x10)
    }

    /// When it is due next, in seconds since the start.
    ///
    /// - Parameters:
    ///   - seconds: the time in hand.
    ///   - midnight: seconds until the next local midnight.
    mutating func next(after seconds: Double, midnight: Double) -> Double {
        switch timing {
        case .regular(let period, let jitter):
            // On a raster of its own, so that lateness does not add up.
            let phase = period * Double(identity >> 11) * 0x1p-53
            beat += 1
            return phase + Double(beat - 1) * period + jitter * generator.uniform()
        case .random(let perHour):
            let uniform = Double((generator.next() >> 11) &+ 1) * 0x1p-53
            return seconds - Transcendental.log(uniform) * 3_600 / perHour
        case .daily(let hour, let spread, _):
            return seconds + midnight + (hour + spread * generator.uniform()) * 3_600
        }
    }

    /// Appends the connections that begin now.
    mutating func fire(_ now: FlowMoment, _ host: inout SimulatedHost, into flows: inout [SimulatedFlow]) {
        let chance: Double
        switch presence {
        case .always: chance = 1
        case .powered: chance = host.isOn(now.local) ? 1 : 0
        case .working: chance = host.work(now.local, seconds: now.seconds)
        case .office: chance = OfficeHours.level(now.local)
        }
        let isDue = generator.uniform()
        if case .daily(_, _, let share) = timing {
            guard chance > 0, isDue < share else { return }
        } else {
            guard isDue < chance else { return }
        }
        if case .all(let targets) = target {
            for (index, address) in targets.enumerated() {
                let delay = spread * (Double(index) + 0.2 * generator.uniform()) / Double(targets.count)
                connect(now.time + Int64(delay * 1e6), host.address, address, into: &flows)
            }
            return
        }
        let count = burst.lowerBound + Int(generator.next() % UInt64(burst.count))
        for index in 0..<count {
            let delay = index == 0 ? 0 : spread * generator.uniform()
            connect(now.time + Int64(delay * 1e6), host.address, drawTarget(), into: &flows)
        }
    }

    private mutating func drawTarget() -> UInt32 {
        switch target {
        case .one(let address): address
        case .all(let targets), .any(let targets): targets[Int(generator.next() % UInt64(targets.count))]
        case .foreign(let peers): peers.draw(&generator)
        }
    }

    private mutating func connect(
        _ time: Int64, _ source: UInt32, _ destination: UInt32, into flows: inout [SimulatedFlow]
    ) {
        var start = time
        if let lookups, generator.uniform() < lookups.share {
            let question = FlowShape(
                transport: .udp, port: 53, seconds: (0.012, 1), bytesOut: (38, 0.2), bytesIn: (120, 0.5),
                failures: 0.002)
            let flow = made(question, start, source, lookups.server)
            start = flow.end + 1_000
            flows.append(flow)
        }
        flows.append(made(shape, start, source, destination))
    }

    private mutating func made(
        _ shape: FlowShape, _ start: Int64, _ source: UInt32, _ destination: UInt32
    ) -> SimulatedFlow {
        made += 1
        let (first, second) = NormalDraws.pair(generator.next(), generator.next())
        let (third, _) = NormalDraws.pair(generator.next(), generator.next())
        let word = generator.next()
        // No connection lasts longer than a day, and none carries more than a terabyte.
        let seconds = min(86_400, Self.value(shape.seconds, first))
        var flow = SimulatedFlow(
            start: start, duration: Int64(seconds * 1e6), source: source, destination: destination,
            sourcePort: shape.transport == .icmp ? 8 : UInt16(32_768 + word % 28_000),
            destinationPort: shape.port, transport: shape.transport,
            bytesOut: Int(min(1e12, Self.value(shape.bytesOut, second))),
            // Who asks for more gets more.
            bytesIn: Int(min(1e12, Self.value(shape.bytesIn, 0.5 * second + 0.866 * third))),
            identity: splitMix(identity ^ splitMix(made)))
        let luck = Double(word >> 32) * 0x1p-32
        if luck < shape.failures { flow.fail(luck < 0.7 * shape.failures ? .unanswered : .refused) }
        return flow
    }

    private static func value(_ shape: (median: Double, spread: Double), _ normal: Double) -> Double {
        shape.median * Transcendental.exp(shape.spread * normal)
    }
}
