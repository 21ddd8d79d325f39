import Glibc
import MonitorRuntime
import TimeSeries

/// A network under way: habits and anomalies by time into connections, and these by their ends into lines of conn.log.
///
/// Memory is that of the hosts and of the connections that are open at a time, whatever the length of the stream.
/// What is planted adds connections, takes some away or lets them fail; all others stay as they are.
struct FlowSimulation {
    /// What was written.
    struct Summary {
        var flows = 0
        var hostCount = 0
        var anomalies: [FlowAnomalyKind: Int] = [:]
    }

    private let request: FlowSimulationRequest
    private let output: SimulationOutput
    /// The stream, in microseconds since 1970.
    private let stream: Range<Int64>
    private var network: SimulatedNetwork
    private var hosts: [SimulatedHost]
    private var activities: [FlowActivity]
    private var agenda = TimeQueue()
    private var pending = PendingFlows()
    private var schedule: FlowAnomalySchedule
    /// Those under way; a place whose anomaly is over is the next one's.
    private var sources: [FlowAnomalySource] = []
    private var freeSources: [Int] = []
    /// Silences and outages under way, with the host's address.
    private var failures: [(planned: PlannedFlowAnomaly, address: UInt32)] = []
    private var labels: FlowLabelWriter
    private var clock: LocalClock
    private var begun: [SimulatedFlow] = []
    private let encoder = ConnLogEncoder()
    private var block: ByteBlock
    private var beginning: Int64 = 0
    private(set) var summary = Summary()
    private static var blockBytes: Int { 1 << 16 }

    /// - Throws: ``ArgumentProblem`` for a host that is none; ``SimulationOutputError``.
    init(_ request: FlowSimulationRequest, output: SimulationOutput, labelsPath: String?) throws {
        self.request = request
        self.output = output
        let start = request.start.nanoseconds / 1_000
        stream = start..<(start + request.length / 1_000)
        var hash = StableHash()
        hash.combine("flows")
        hash.combine(request.seed)
        let seed = hash.value
        network = SimulatedNetwork(hosts: request.hostCount, seed: seed)
        hosts = network.hosts
        activities = network.activities
        var names: [String: Int] = [:]
        for index in hosts.indices { names[FlowLabelWriter.text(hosts[index].address)] = index }
        for anomaly in request.anomalies {
            try Self.check(anomaly, names, stream)
        }
        schedule = FlowAnomalySchedule(
            request.anomalies, roles: network.roles, names: names, seed: splitMix(seed &+ 5), stream: stream)
        labels = try FlowLabelWriter(path: labelsPath)
        clock = LocalClock(request.zone)
        block = ByteBlock(capacity: Self.blockBytes + 4_096)
        summary.hostCount = hosts.count
        plan()
    }

    private static func check(
        _ anomaly: AnomalyRequest<FlowAnomalyKind>, _ names: [String: Int], _ stream: Range<Int64>
    ) throws(ArgumentProblem) {
        if let name = anomaly.channel, names[name] == nil {
            throw ArgumentProblem(
                argument: "--anomaly \(name).\(anomaly.kind?.rawValue ?? "all")",
                reason: "there is no such host; accepted are \(names.keys.sorted().prefix(3).joined(separator: ", ")) …"
            )
        }
        if case .once(let after) = anomaly.moment, stream.lowerBound + after / 1_000 >= stream.upperBound {
            throw ArgumentProblem(
                argument: "--anomaly \(anomaly.kind?.rawValue ?? "all")@…",
                reason: "its time is not before the end of the stream, "
                    + "\(Timestamp(nanoseconds: stream.upperBound * 1_000))")
        }
    }

    private mutating func plan() {
        let today = clock.moment(request.start).secondOfDay
        for index in activities.indices {
            var next = activities[index].next(after: 0, midnight: -today)
            // Its hour of the first day may be over.
            if next < 0 { next = activities[index].next(after: 0, midnight: 86_400 - today) }
            put(index, at: next)
        }
    }

    private mutating func put(_ activity: Int, at seconds: Double) {
        agenda.insert(entry(activity, seconds))
    }

    private func entry(_ activity: Int, _ seconds: Double) -> TimeQueue.Entry {
        TimeQueue.Entry(
            time: stream.lowerBound + Int64(min(seconds, 4e9) * 1e6), number: UInt64(activity), item: Int32(activity))
    }

    // MARK: Running

    /// Writes the whole stream, or until its reader has gone.
    mutating func run() throws(SimulationOutputError) -> Summary {
        do {
            try writeAll()
        } catch {
            // A reader that goes away has seen enough.
            guard error.isReaderGone else { throw error }
        }
        summary.anomalies = labels.counts
        return summary
    }

    private mutating func writeAll() throws(SimulationOutputError) {
        block.put(Array(ConnLogEncoder.header.utf8))
        beginning = SimulationPace.now(CLOCK_MONOTONIC)
        while let next = agenda.first, next.time < stream.upperBound {
            for planned in schedule.beginning(at: next.time) { try begin(planned) }
            // An anomaly may have put itself before.
            guard let due = agenda.first else { break }
            try release(before: due.time)
            let index = Int(due.item)
            if index < activities.count { fire(index, at: due.time) } else { extend(index - activities.count, due) }
            failures.removeAll { $0.planned.span.upperBound <= due.time }
            if !begun.isEmpty { settle() }
        }
        // What is not over by the end of the stream has not been told of.
        try release(before: stream.upperBound)
        try flush()
    }

    private mutating func fire(_ index: Int, at time: Int64) {
        let local = clock.moment(Timestamp(nanoseconds: time * 1_000))
        let seconds = Double(time - stream.lowerBound) / 1e6
        activities[index].fire(
            FlowMoment(time: time, seconds: seconds, local: local), &hosts[activities[index].host], into: &begun)
        let next = activities[index].next(after: seconds, midnight: 86_400 - local.secondOfDay)
        agenda.replaceFirst(by: entry(index, next))
    }

    /// The next connection of an anomaly.
    private mutating func extend(_ place: Int, _ due: TimeQueue.Entry) {
        let planned = sources[place].planned
        begun.append(sources[place].made(at: due.time, from: hosts[planned.host].address))
        if let next = sources[place].next(after: due.time), next < planned.span.upperBound {
            agenda.replaceFirst(by: TimeQueue.Entry(time: next, number: due.number, item: due.item))
        } else {
            agenda.removeFirst()
            freeSources.append(place)
        }
    }

    private mutating func begin(_ planned: PlannedFlowAnomaly) throws(SimulationOutputError) {
        let address = hosts[planned.host].address
        var series = [address]
        if planned.kind == .outage { series += network.clients(of: planned.host).map { hosts[$0].address } }
        try labels.write(planned, series: series)
        if planned.kind == .silence || planned.kind == .outage {
            failures.append((planned, address))
            return
        }
        let servers = network.roles.indices.filter { network.roles[$0] == .server && $0 != planned.host }
        let victim = hosts[servers[Int(planned.seed % UInt64(servers.count))]].address
        var source = FlowAnomalySource(planned, victim: victim)
        guard let first = source.next(after: planned.span.lowerBound), first < planned.span.upperBound else { return }
        let place = freeSources.popLast() ?? sources.count
        if place < sources.count { sources[place] = source } else { sources.append(source) }
        agenda.insert(
            TimeQueue.Entry(
                time: first, number: UInt64(activities.count + place), item: Int32(activities.count + place)))
    }

    /// Hands on what began, as far as silences and outages let it.
    private mutating func settle() {
        for index in begun.indices where failures.isEmpty || survives(index) { pending.insert(begun[index]) }
        begun.removeAll(keepingCapacity: true)
    }

    private mutating func survives(_ index: Int) -> Bool {
        let time = begun[index].start
        let luck = Double(begun[index].identity >> 32) * 0x1p-32
        for (planned, address) in failures where planned.span.contains(time) && luck < planned.size {
            if planned.kind == .silence, begun[index].source == address { return false }
            if planned.kind == .outage, begun[index].destination == address { begun[index].fail(.unanswered) }
        }
        return true
    }

    private mutating func release(before time: Int64) throws(SimulationOutputError) {
        while let flow = pending.next(before: time) {
            encoder.put(flow, into: &block)
            summary.flows += 1
            if block.count >= Self.blockBytes { try flush() }
            if request.rate != nil { try keepPace() }
        }
    }

    private mutating func keepPace() throws(SimulationOutputError) {
        guard let rate = request.rate else { return }
        // Nothing sleeps for longer than a century.
        let due = beginning + Int64(min(Double(summary.flows) / rate * 1e9, 3e18))
        guard due - SimulationPace.now(CLOCK_MONOTONIC) > 1_000_000 else { return }
        try flush()
        SimulationPace.sleep(until: due, CLOCK_MONOTONIC)
    }

    private mutating func flush() throws(SimulationOutputError) {
        guard block.count > 0 else { return }
        try output.write(block.bytes, count: block.count)
        block.clear()
    }
}
