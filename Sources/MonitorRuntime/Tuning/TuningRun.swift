import AnomalyDetection
import Ingest
import TimeSeries

/// What `monitord tune` is asked to do.
public struct TuningRequest: Sendable {
    /// The recordings, read one after the other as one stream.
    public var paths: [String]
    /// The configuration as it is; its first source says how lines are read.
    public var configuration: MonitorConfiguration
    /// Places at which faults are planted, and how long they may last.
    public var effort = TrialEffort.usual
    /// Rounds of faults, each of other kinds, channels and sizes.
    public var rounds = 10
    /// How often each candidate is trained, each time from other weights.
    public var trainings = 3
    /// Chooses places and faults.
    public var seed: UInt64 = 1

    /// Creates a request.
    public init(paths: [String], configuration: MonitorConfiguration) {
        self.paths = paths
        self.configuration = configuration
    }

    /// Sets the budget of every series, as `false_alarms` takes it.
    ///
    /// - Returns: whether the text is a rate.
    public mutating func setBudget(_ text: String) -> Bool {
        guard let rate = ConfigurationUnits.rate(text), rate > 0 else { return false }
        configuration.detection.falseAlarmsPerSecond = rate
        return true
    }
}

/// Tries a few configurations on recordings with planted faults, all on the same faults, and says which is best.
public struct TuningRun: Sendable {
    private static let trialsAtOnce = 4
    private static let level = 0.05

    /// One fault.
    private struct Fault: Sendable {
        var place: Int
        var series: Int
        var kind: AnomalyKind
        var channel: Int
        var size: Double
        var length: Int
        var display: ChannelDisplay
    }

    private let request: TuningRequest
    private let progress: (@Sendable (Double) -> Void)?

    /// Creates a run.
    ///
    /// - Parameter progress: told the share done, 0 to 1, now and then.
    public init(_ request: TuningRequest, progress: (@Sendable (Double) -> Void)? = nil) {
        self.request = request
        self.progress = progress
    }

    /// Reads and tries.
    ///
    /// - Throws: ``TryingError``, `IngestError`.
    public func run() async throws -> TuningReport {
        let source = request.configuration.sources.first ?? SourceConfiguration(input: .standardInput)
        let recording = try await RecordingReader(mostSamples: request.effort.mostSamples).read(
            request.paths, as: source, for: nil, allowance: request.configuration.seriesAllowance())
        var numbers: [Int: [Int]] = [:]
        for (index, row) in recording.rows.enumerated() { numbers[Int(row.series), default: []].append(index) }
        let series = numbers.keys.sorted()
        let fewest = series.map { numbers[$0]?.count ?? 0 }.min() ?? 0
        let span = max(30, min(request.effort.longest, fewest / 12))
        let wanted = request.effort.places
        let cuts = TrialPlaces.candidates(in: recording, wanted: wanted, span: span, seed: request.seed)
        let interval = recording.interval(of: numbers[series[0]] ?? [])
        let candidates = TuningCandidate.all(of: request.configuration, interval: interval)

        // Other weights to begin with are other networks: each candidate is trained several times.
        let benches = candidates.map { candidate in
            (0..<UInt64(request.trainings)).map { training in
                var configuration = candidate.configuration
                configuration.detection.seed &+= training
                return TrialBench(
                    stream: "input", recording: recording, source: configuration.sources.first ?? source,
                    configuration: configuration)
            }
        }
        // Each over the recording as it is; then again, with the states of one at a time kept.
        var verdicts: [[RowVerdicts]] = []
        for trainings in benches {
            verdicts.append([])
            for bench in trainings {
                verdicts[verdicts.count - 1].append(try await bench.runUntouched(cuttingBefore: []).verdicts)
            }
            progress?(0.3 * Double(verdicts.count) / Double(benches.count))
        }
        let places = try Self.places(cuts, verdicts.flatMap(\.self), numbers, span, wanted)
        let faults = self.faults(places, recording, numbers, span, interval ?? 1)
        var delays: [[[Double?]]] = []
        for (trainings, verdicts) in zip(benches, verdicts) {
            var own: [[Double?]] = []
            for (bench, verdicts) in zip(trainings, verdicts) {
                let quiet = places.filter { Self.isQuiet($0, verdicts, numbers, span) }
                let states = try await bench.runUntouched(cuttingBefore: quiet).states
                own.append(try await tryAll(faults, places, bench, states, numbers, interval ?? 1))
            }
            delays.append(own)
            progress?(0.3 + 0.7 * Double(delays.count) / Double(benches.count))
        }
        return report(candidates, delays, faults, verdicts, recording, cuts, series.count, places.count)
    }

    /// Rows at which most candidates told nothing for the length of a fault, and were not abnormal before.
    private static func places(
        _ cuts: [Int], _ verdicts: [RowVerdicts], _ numbers: [Int: [Int]], _ span: Int, _ wanted: Int
    ) throws(TryingError) -> [Int] {
        let quiet = cuts.filter { cut in
            2 * verdicts.count { isQuiet(cut, $0, numbers, span) } > verdicts.count
        }
        guard quiet.count >= TrialPlaces.fewest else {
            throw .tooShort(
                series: "the recording", samples: numbers.values.reduce(0) { $0 + $1.count },
                reason:
                    "\(quiet.count) stretches without an incident in its later part, \(TrialPlaces.fewest) are needed")
        }
        guard quiet.count > wanted else { return quiet }
        return (0..<wanted).map { quiet[$0 * (quiet.count - 1) / max(1, wanted - 1)] }
    }

    private static func isQuiet(_ row: Int, _ verdicts: RowVerdicts, _ numbers: [Int: [Int]], _ span: Int) -> Bool {
        numbers.values.allSatisfy { rows in
            let first = TrialPlaces.firstIndex(from: row, in: rows)
            let end = first + span + TrialPlaces.samplesAfter
            guard first > 0, end <= rows.count else { return false }
            return rows[first - 1..<end].allSatisfy { verdicts.rows[$0].level == 0 }
        }
    }

    /// The faults, one at each place in each round.
    private func faults(
        _ places: [Int], _ recording: Recording, _ numbers: [Int: [Int]], _ span: Int, _ interval: Double
    ) -> [Fault] {
        var generator = SeededGenerator(seed: splitMix(request.seed ^ 0x7475_6E65))
        var displays: [Int: [ChannelDisplay]] = [:]
        for (series, rows) in numbers {
            displays[series] = recording.channels(of: series).indices.map { channel in
                ChannelDisplay(rows.suffix(rows.count * 6 / 10).map { recording.value($0, channel) })
            }
        }
        let series = numbers.keys.sorted()
        var faults: [Fault] = []
        for _ in 0..<request.rounds {
            for place in places.indices {
                let one = series[Int(generator.next() % UInt64(series.count))]
                let able = (displays[one] ?? []).indices.filter { displays[one]?[$0].spread ?? 0 > 0 }
                let word = generator.next()
                let kind = Self.kinds[Int(generator.next() % UInt64(Self.kinds.count))]
                let share = generator.uniform()
                guard !able.isEmpty, let display = displays[one]?[able[Int(word % UInt64(able.count))]] else {
                    continue
                }
                let nanoseconds = Int64(max(1, min(interval, 31_536_000) * 1e9))
                let usual = max(1, Int(kind.kind.usualDuration(interval: nanoseconds) / nanoseconds))
                faults.append(
                    Fault(
                        place: place, series: one, kind: kind.kind, channel: able[Int(word % UInt64(able.count))],
                        size: kind.smallest + (kind.largest - kind.smallest) * share * share,
                        length: kind.kind == .spike ? 1 : kind.kind == .stuck ? span : min(span, usual),
                        display: display))
            }
        }
        return faults
    }

    /// What is planted, and between which sizes: from what hardly anything finds to what nearly everything does.
    private static let kinds: [(kind: AnomalyKind, smallest: Double, largest: Double)] = [
        (.spike, 0.25, 5), (.step, 0.2, 4), (.drift, 0.3, 5), (.noise, 1.5, 8), (.stuck, 1, 1),
    ]

    /// Seconds to the incident of each fault with one candidate; at a place where it told something of its own accord none is found.
    private func tryAll(
        _ faults: [Fault], _ places: [Int], _ bench: TrialBench, _ states: [WarmState], _ numbers: [Int: [Int]],
        _ interval: Double
    ) async throws -> [Double?] {
        let seed = request.seed
        return try await withThrowingTaskGroup(of: (Int, Double?).self) { group in
            var rest = faults.enumerated().map { ($0.offset, $0.element) }[...]
            var delays = [Double?](repeating: nil, count: faults.count)
            func begin() {
                while let (index, fault) = rest.popFirst() {
                    guard let state = states.first(where: { $0.row == places[fault.place] }),
                        let rows = numbers[fault.series]
                    else { continue }
                    let place = TrialPlace(
                        state: state, first: TrialPlaces.firstIndex(from: state.row, in: rows), isLearning: false)
                    let search = SensitivitySearch(
                        bench: bench, series: fault.series, numbers: rows, places: [place],
                        interval: interval, seed: seed)
                    group.addTask {
                        let delay = try await search.delay(
                            fault.kind, fault.channel, size: fault.size, length: fault.length, display: fault.display,
                            at: place, number: index)
                        return (index, delay)
                    }
                    return
                }
            }
            for _ in 0..<Self.trialsAtOnce { begin() }
            while let (index, delay) = try await group.next() {
                delays[index] = delay
                begin()
            }
            return delays
        }
    }

    private func report(
        _ candidates: [TuningCandidate], _ delays: [[[Double?]]], _ faults: [Fault], _ verdicts: [[RowVerdicts]],
        _ recording: Recording, _ cuts: [Int], _ seriesCount: Int, _ placeCount: Int
    ) -> TuningReport {
        let first = cuts.first ?? 0
        let counted = recording.rows[first...].compactMap(\.time)
        let seconds = counted.last.flatMap { last in counted.first.map { max(0, last.seconds(since: $0)) } } ?? 0
        let budget = request.configuration.detection.falseAlarmsPerSecond
        let allowed = budget * seconds * Double(seriesCount)
        let openings = verdicts.map { trainings in
            trainings.map { $0.openings.count { $0 >= first } }.sorted()[trainings.count / 2]
        }
        let most = max(Double(openings[0]), allowed + 2 * allowed.squareRoot())
        let shares = delays.map { trainings in
            faults.indices.map { fault in
                Double(trainings.count { $0[fault] != nil }) / Double(trainings.count)
            }
        }
        let comparisons = shares.map {
            PairedComparison(present: shares[0], other: $0, places: faults.map(\.place), seed: request.seed)
        }
        // One that finds more in some of the trainings only was lucky in these.
        let isSteady = delays.map { trainings in
            zip(trainings, delays[0]).allSatisfy { own, present in
                own.count { $0 != nil } > present.count { $0 != nil }
            }
        }
        let chances = PairedComparison.adjusted(comparisons.dropFirst().map(\.chance))
        var told: [TuningReport.Candidate] = []
        for (index, candidate) in candidates.enumerated() {
            let found = delays[index].flatMap { $0.compactMap(\.self) }.sorted()
            let comparison = comparisons[index]
            let chance = index == 0 ? 1 : chances[index - 1]
            told.append(
                TuningReport.Candidate(
                    name: candidate.name, reason: candidate.reason,
                    share: Double(found.count) / Double(max(1, faults.count * delays[index].count)),
                    delay: found.isEmpty ? nil : found[found.count / 2], openings: openings[index],
                    gained: comparison.gained, lost: comparison.lost,
                    difference: (comparison.difference, comparison.low, comparison.high), chance: chance,
                    isBetter: isSteady[index] && chance < Self.level && comparison.low > 0
                        && Double(openings[index]) <= most,
                    lines: candidate.lines))
        }
        let others = told.dropFirst().sorted { left, right in
            (left.share, -(left.delay ?? .infinity)) > (right.share, -(right.delay ?? .infinity))
        }
        return TuningReport(
            candidates: [told[0]] + others, faults: faults.count, places: placeCount, falseAlarmsPerSecond: budget,
            allowedOpenings: allowed)
    }
}
