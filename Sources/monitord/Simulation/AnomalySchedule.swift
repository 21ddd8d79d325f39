import MonitorRuntime
import TimeSeries

/// When and where anomalies are planted in one series: planned a day of the stream at a time, from hashes of the seed,
/// so that a stream without end needs no more memory than a day's plan.
struct AnomalySchedule {
    private let requests: [AnomalyRequest<AnomalyKind>]
    private let channels: [SimulatedChannel]
    private let seed: UInt64
    private let interval: Int64
    private let rowsPerDay: Int
    /// Of all rows of the stream; `nil` for no end.
    private let rowCount: Int?
    /// Not yet begun, by first row.
    private var waiting: [PlannedAnomaly] = []

    init(
        requests: [AnomalyRequest<AnomalyKind>], channels: [SimulatedChannel], seed: UInt64, interval: Int64,
        rowCount: Int?
    ) {
        self.requests = requests
        self.channels = channels
        self.seed = seed
        self.interval = interval
        self.rowCount = rowCount
        rowsPerDay = StreamDay.rows(interval: interval)
        for (index, request) in requests.enumerated() {
            guard case .once(let after) = request.moment else { continue }
            var generator = SeededGenerator(seed: splitMix(seed ^ UInt64(index)))
            let first = Int((after + interval - 1) / interval)
            if let planned = plan(request, &generator, at: { _, _ in first }) { waiting.append(planned) }
        }
        sort()
    }

    /// The anomalies that begin at a row; asked row by row from 0 on.
    ///
    /// - Parameter isBusy: whether something else touches a span of rows, so that nothing is planted there at random.
    mutating func beginning(at row: Int, isBusy: (Range<Int>) -> Bool) -> [PlannedAnomaly] {
        if row % rowsPerDay == 0 { planDay(row / rowsPerDay, isBusy) }
        guard let next = waiting.first, next.rows.lowerBound <= row else { return [] }
        let begun = waiting.prefix { $0.rows.lowerBound <= row }
        waiting.removeFirst(begun.count)
        return Array(begun)
    }

    private mutating func planDay(_ day: Int, _ isBusy: (Range<Int>) -> Bool) {
        for (index, request) in requests.enumerated() {
            guard case .perDay(let rate) = request.moment else { continue }
            var generator = SeededGenerator(seed: splitMix(splitMix(seed ^ UInt64(index)) ^ UInt64(day &+ 1)))
            let whole = Int(rate)
            let count = whole + (generator.uniform() < rate - Double(whole) ? 1 : 0)
            for _ in 0..<count {
                let planned = plan(request, &generator) { generator, length in
                    guard length <= rowsPerDay else { return day * rowsPerDay }
                    // A few tries for a place of its own; a full day takes no more.
                    for _ in 0..<40 {
                        let place = Int(generator.uniform() * Double(rowsPerDay - length + 1))
                        let first = day * rowsPerDay + place
                        let rows = first..<(first + length)
                        if !waiting.contains(where: { $0.rows.overlaps(rows) }), !isBusy(rows) { return first }
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
        _ request: AnomalyRequest<AnomalyKind>, _ generator: inout SeededGenerator,
        at place: (inout SeededGenerator, Int) -> Int?
    ) -> PlannedAnomaly? {
        let kinds = AnomalyKind.allCases.filter { request.channel == nil || $0 != .phase }
        let kind = request.kind ?? kinds[Int(generator.next() % UInt64(kinds.count))]
        let able = channels.indices.filter { channels[$0].noise > 0 }
        let named = channels.firstIndex { $0.name == request.channel }
        let channel = named ?? able[Int(generator.next() % UInt64(able.count))]
        var size = request.size ?? kind.usualSize
        // Without a size of its own it is between 0.7 and 1.5 times the usual one; a share or a whole stays as it is.
        let word = generator.next()
        if request.size == nil, request.kind == nil, kind.hasDirection || kind == .noise {
            size = (size * (0.7 + 0.8 * generator.uniform()) * 10).rounded() / 10
            if kind.hasDirection, word & 1 == 1 { size = -size }
        }
        let duration = request.duration ?? kind.usualDuration(interval: interval)
        let length = max(1, Int((duration + interval - 1) / interval))
        guard let first = place(&generator, length), rowCount.map({ first < $0 }) ?? true else { return nil }
        var end = first + length
        if let rowCount {
            // What is drawn is whole or not at all; what was asked for at a time ends with the stream.
            if case .perDay = request.moment, end > rowCount { return nil }
            end = min(end, rowCount)
        }
        return PlannedAnomaly(kind: kind, channel: kind == .phase ? nil : channel, size: size, rows: first..<end)
    }

    private mutating func sort() {
        waiting.sort { ($0.rows.lowerBound, $0.rows.upperBound) < ($1.rows.lowerBound, $1.rows.upperBound) }
    }
}

/// The days of a stream, counted from its start, by which random things are planned.
enum StreamDay {
    /// Rows of a day; at least one.
    static func rows(interval: Int64) -> Int { max(1, Int(86_400_000_000_000 / interval)) }
}
