import AnomalyDetection
import Ingest
public import Logging
import Synchronization
import TimeSeries

/// What `monitord sensitivity` is asked to do.
public struct SensitivityRequest: Sendable {
    /// Where the samples come from.
    public enum Input: Sendable {
        /// Recordings, read one after the other as one stream.
        case recordings([String])
        /// What a state directory has kept.
        case state(String)
    }

    /// The samples.
    public var input: Input
    /// The only series to try in; `nil` for the first ones of each stream.
    public var series: String?
    /// The configuration; its first source says how recordings are read.
    public var configuration: MonitorConfiguration
    /// How long is tried for.
    public var effort = TrialEffort.usual
    /// Chooses the places and directions.
    public var seed: UInt64 = 1

    /// Creates a request.
    public init(_ input: Input, configuration: MonitorConfiguration) {
        self.input = input
        self.configuration = configuration
    }
}

/// Finds out how small a fault monitord would find in a stream: it plants faults in copies of what was recorded, and runs
/// the daemon's own path over them, from the state that it had before.
public struct SensitivityRun: Sendable {
    /// Series of one stream that are tried in when none is named.
    private static let mostSeries = 3
    /// Searches that go on side by side; each holds a pipeline.
    private static let searchesAtOnce = 4
    private static let mostAround = 1_000
    private static let sensorKinds: [AnomalyKind] = [.spike, .step, .drift, .stuck, .noise]

    private let request: SensitivityRequest
    private let logger: Logger?
    private let progress: (@Sendable (Double) -> Void)?

    /// Creates a run.
    ///
    /// - Parameters:
    ///   - logger: told what is odd about the input; `nil` for nobody.
    ///   - progress: told the share done, 0 to 1, now and then.
    public init(
        _ request: SensitivityRequest, logger: Logger?, progress: (@Sendable (Double) -> Void)? = nil
    ) {
        self.request = request
        self.logger = logger
        self.progress = progress
    }

    /// Reads, warms up and tries.
    ///
    /// - Throws: ``TryingError``, `IngestError`, `PersistenceError`.
    public func run() async throws -> SensitivityReport {
        let reader = RecordingReader(mostSamples: request.effort.mostSamples, logger: logger)
        let source = request.configuration.sources.first ?? SourceConfiguration(input: .standardInput)
        var report = SensitivityReport()
        switch request.input {
        case .recordings(let paths):
            let recording = try await reader.read(
                paths, as: source, for: request.series, allowance: request.configuration.seriesAllowance())
            let bench = TrialBench(
                stream: "input", recording: recording, source: source, configuration: request.configuration)
            try await add(bench, stream: nil, share: 0...1, to: &report)
        case .state(let directory):
            let found = try await reader.read(state: directory, zone: source.zone.rules, for: request.series)
            var source = source
            // What is kept are rates already, and no sentinels.
            source.conditions.counters = []
            source.conditions.sentinels = []
            for (index, (stream, recording)) in found.enumerated() {
                let bench = TrialBench(
                    stream: stream, recording: recording, source: source, configuration: request.configuration)
                let part = 1 / Double(found.count)
                try await add(
                    bench, stream: found.count > 1 ? stream : nil,
                    share: Double(index) * part...Double(index + 1) * part, to: &report)
            }
        }
        return report
    }

    /// Tries in the series of one stream.
    private func add(
        _ bench: TrialBench, stream: String?, share: ClosedRange<Double>, to report: inout SensitivityReport
    ) async throws {
        let recording = bench.recording
        var numbers: [Int: [Int]] = [:]
        for (index, row) in recording.rows.enumerated() { numbers[Int(row.series), default: []].append(index) }
        let all = numbers.keys.sorted()
        let chosen = all.filter { request.series == nil || recording.seriesNames[$0] == request.series }
        let tried = chosen.prefix(Self.mostSeries)
        if chosen.count > tried.count || all.count < recording.seriesNames.count {
            report.remarks.append(
                "\(recording.seriesNames.count) series\(stream.map { " in \($0)" } ?? ""): tried in the first, name another; "
                    + "learned from \(all.count) of them")
        }
        if recording.forgotten > 0 {
            report.remarks.append(
                "the last \(recording.rows.count) samples were read, \(recording.forgotten) before not")
        }
        let fewest = tried.map { numbers[$0]?.count ?? 0 }.min() ?? 0
        let span = max(30, min(request.effort.longest, fewest / 6))
        let wanted = request.effort.places
        let cuts = TrialPlaces.candidates(in: recording, wanted: wanted, span: span, seed: request.seed)
        let (begin, length) = (share.lowerBound, share.upperBound - share.lowerBound)
        // The first pass takes about a fifth of the time.
        let (verdicts, states) = try await bench.runUntouched(cuttingBefore: cuts) { done in
            progress?(begin + length * 0.2 * done)
        }
        let part = length * 0.8 / Double(max(1, tried.count))
        for (index, series) in tried.enumerated() {
            let rows = numbers[series] ?? []
            let places = TrialPlaces.choose(wanted, of: states, numbers: rows, span: span, verdicts: verdicts)
            let from = begin + length * 0.2 + Double(index) * part
            let search = SensitivitySearch(
                bench: bench, series: series, numbers: rows, places: places,
                interval: bench.source.interval ?? recording.interval(of: rows) ?? 1, seed: request.seed)
            report.series.append(
                try await tryIn(search, stream: stream, span: span, trials: &report.trials) { done in
                    progress?(from + part * done)
                })
        }
    }

    /// Rows before and behind the places, at most some thousands of each.
    private static func rows(around places: [TrialPlace], of numbers: [Int], span: Int) -> [Int] {
        places.flatMap { place in
            stride(
                from: max(0, place.first - span), to: min(numbers.count, place.first + span),
                by: max(1, span / mostAround)
            ).map { numbers[$0] }
        }
    }

    /// One search of a series, and where its finding belongs.
    private struct Task: Sendable {
        var number: Int
        var kind: AnomalyKind
        var channel: Int?
        var ladder: [Double]
        var length: Int
        var display: ChannelDisplay
    }

    private func tryIn(
        _ search: SensitivitySearch, stream: String?, span: Int, trials: inout Int,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws -> SensitivityReport.SeriesPart {
        let recording = search.bench.recording
        let channels = recording.channels(of: search.series)
        var part = SensitivityReport.SeriesPart(
            name: recording.seriesNames[search.series], stream: stream, samples: search.numbers.count,
            interval: recording.interval(of: search.numbers),
            places: [search.places.first, search.places.last].compactMap { place in
                place.map { recording.rows[search.numbers[$0.first]].time }
            }, isLearning: search.places.contains(where: \.isLearning), channels: [], whole: [])
        guard search.places.count >= TrialPlaces.fewest else {
            part.omission =
                "\(search.places.count) stretches of \(span + TrialPlaces.samplesAfter) samples without an incident in the later "
                + "part of \(search.numbers.count) samples; \(TrialPlaces.fewest) are needed"
            return part
        }
        let usual = Self.rows(around: search.places, of: search.numbers, span: span)
        var tasks: [Task] = []
        for channel in channels.indices {
            let display = ChannelDisplay(usual.map { recording.value($0, channel) })
            part.channels.append(
                SensitivityReport.ChannelPart(
                    channel: channels[channel], middle: display.middle, spread: display.spread, findings: []))
            let isCounter = search.bench.source.conditions.counters.contains(channels[channel].name)
            guard display.spread > 0, !isCounter else { continue }
            tasks += Self.sensorKinds.map { kind in
                Task(
                    number: 0, kind: kind, channel: channel, ladder: Self.ladder(of: kind),
                    length: length(of: kind, span, search.interval), display: display)
            }
        }
        if let phase = phase(search, span) { tasks.append(phase) }
        for index in tasks.indices { tasks[index].number = index }
        let outcomes = try await run(tasks, search, progress: progress)
        for (task, outcome) in zip(tasks, outcomes) {
            trials += outcome.trials
            let finding = SensitivityReport.Finding(
                kind: task.kind, size: task.kind == .stuck ? nil : outcome.rung.map { task.ladder[$0] },
                largest: task.ladder.last ?? 0,
                delay: outcome.rung == nil ? nil : outcome.delays.sorted()[outcome.delays.count / 2],
                found: outcome.delays.count, tried: outcome.tried, seconds: Double(task.length) * search.interval)
            if let channel = task.channel {
                part.channels[channel].findings.append(finding)
            } else {
                part.whole.append(finding)
            }
        }
        return part
    }

    /// Runs searches side by side, a few at once.
    private func run(
        _ tasks: [Task], _ search: SensitivitySearch, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> [SensitivitySearch.Outcome] {
        try await withThrowingTaskGroup(of: (Int, SensitivitySearch.Outcome).self) { group in
            var rest = tasks[...]
            func begin() {
                guard let task = rest.popFirst() else { return }
                group.addTask {
                    let outcome = try await search.search(
                        task.kind, channel: task.channel, ladder: task.ladder, length: task.length,
                        display: task.display)
                    return (task.number, outcome)
                }
            }
            for _ in 0..<Self.searchesAtOnce { begin() }
            var outcomes: [Int: SensitivitySearch.Outcome] = [:]
            while let (number, outcome) = try await group.next() {
                outcomes[number] = outcome
                progress(Double(outcomes.count) / Double(tasks.count))
                begin()
            }
            return tasks.indices.compactMap { outcomes[$0] }
        }
    }

    private static func ladder(of kind: AnomalyKind) -> [Double] {
        switch kind {
        case .noise: SensitivitySearch.noiseFactors
        case .stuck: [0]
        default: SensitivitySearch.sizes
        }
    }

    /// Samples that a fault lasts: a spike one, a stuck value as long as may be, others as the simulator has them.
    private func length(of kind: AnomalyKind, _ span: Int, _ interval: Double) -> Int {
        if kind == .spike { return 1 }
        if kind == .stuck { return span }
        let nanoseconds = Int64(max(1, min(interval, 86_400 * 365) * 1e9))
        return min(span, max(1, Int(kind.usualDuration(interval: nanoseconds) / nanoseconds)))
    }

    /// The search for a shift of the whole series: of as many hours as the recording reaches at every place; `nil` where that is
    /// none.
    private func phase(_ search: SensitivitySearch, _ span: Int) -> Task? {
        let length = length(of: .phase, span, search.interval)
        let ladder = SensitivitySearch.phaseHours.filter { hours in
            search.places.indices.allSatisfy {
                search.shift(by: hours, at: search.places[$0], length: length, number: $0) != nil
            }
        }
        guard !ladder.isEmpty else { return nil }
        return Task(
            number: 0, kind: .phase, channel: nil, ladder: ladder, length: length, display: ChannelDisplay([]))
    }
}
