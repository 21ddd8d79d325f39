import MonitorRuntime
import TimeSeries

/// When and where anomalies are planted in the traffic: planned a day of the stream at a time, from hashes of the seed.
struct FlowAnomalySchedule {
    private let requests: [AnomalyRequest<FlowAnomalyKind>]
    private let roles: [HostRole]
    /// By name, as `--anomaly` gives them.
    private let names: [String: Int]
    private let seed: UInt64
    /// The stream, in microseconds since 1970.
    private let stream: Range<Int64>
    private static let day: Int64 = 86_400_000_000
    private var nextDay = 0
    /// Not yet begun, by their start.
    private var waiting: [PlannedFlowAnomaly] = []

    init(
        _ requests: [AnomalyRequest<FlowAnomalyKind>], roles: [HostRole], names: [String: Int], seed: UInt64,
        stream: Range<Int64>
    ) {
        (self.requests, self.roles, self.names, self.seed, self.stream) = (requests, roles, names, seed, stream)
        for (index, request) in requests.enumerated() {
            guard case .once(let after) = request.moment else { continue }
            var generator = SeededGenerator(seed: splitMix(seed ^ UInt64(index)))
            let first = stream.lowerBound + after / 1_000
            if let planned = plan(request, &generator, at: { _, _, _ in first }) { waiting.append(planned) }
        }
        sort()
    }

    /// The anomalies that begin up to a time; asked with times that do not go back.
    mutating func beginning(at time: Int64) -> [PlannedFlowAnomaly] {
        guard !requests.isEmpty else { return [] }
        while stream.lowerBound + Int64(nextDay) * Self.day <= time {
            planDay(nextDay)
            nextDay += 1
        }
        guard let next = waiting.first, next.span.lowerBound <= time else { return [] }
        let begun = waiting.prefix { $0.span.lowerBound <= time }
        waiting.removeFirst(begun.count)
        return Array(begun)
    }

    private mutating func planDay(_ day: Int) {
        let begin = stream.lowerBound + Int64(day) * Self.day
        for (index, request) in requests.enumerated() {
            guard case .perDay(let rate) = request.moment else { continue }
            var generator = SeededGenerator(seed: splitMix(splitMix(seed ^ UInt64(index)) ^ UInt64(day &+ 1)))
            let whole = Int(rate)
            let count = whole + (generator.uniform() < rate - Double(whole) ? 1 : 0)
            for _ in 0..<count {
                let planned = plan(request, &generator) { generator, host, length in
                    // A few tries for a place of its own on that host; a full day takes no more.
                    for _ in 0..<40 {
                        let first = begin + Int64(generator.uniform() * Double(Self.day - length))
                        let span = first..<(first + length)
                        if !waiting.contains(where: { $0.host == host && $0.span.overlaps(span) }) { return first }
                    }
                    return nil
                }
                if let planned { waiting.append(planned) }
            }
        }
        sort()
    }

    /// Draws what the request leaves open.
    private func plan(
        _ request: AnomalyRequest<FlowAnomalyKind>, _ generator: inout SeededGenerator,
        at place: (inout SeededGenerator, Int, Int64) -> Int64?
    ) -> PlannedFlowAnomaly? {
        let kinds = FlowAnomalyKind.allCases
        let kind = request.kind ?? kinds[Int(generator.next() % UInt64(kinds.count))]
        let able = roles.indices.filter { kind.suits(roles[$0]) }
        let word = generator.next()
        let named = request.channel.flatMap { names[$0] }
        guard let host = named ?? (able.isEmpty ? nil : able[Int(word % UInt64(able.count))]) else { return nil }
        let length = (request.duration.map { $0 / 1_000 }) ?? kind.usualDuration
        let anomalySeed = generator.next()
        guard let first = place(&generator, host, length), first < stream.upperBound else { return nil }
        // What is drawn is whole or not at all; what was asked for at a time ends with the stream.
        if case .perDay = request.moment, first + length > stream.upperBound { return nil }
        return PlannedFlowAnomaly(
            kind: kind, host: host, size: request.size ?? kind.usualSize,
            span: first..<min(first + length, stream.upperBound), seed: anomalySeed)
    }

    private mutating func sort() {
        waiting.sort { ($0.span.lowerBound, $0.host) < ($1.span.lowerBound, $1.host) }
    }
}
