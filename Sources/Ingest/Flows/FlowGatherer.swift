public import TimeSeries

/// Puts flow records together to samples: one for each series and bin of time, zeros included.
///
///     flow ─→ FlowTable            is it another flow, or more of one?
///          ─→ FlowSeriesTable      whose is it? newcomers are counted first
///          ─→ open bins            counted where it ends, its bytes spread over the time it took
///     the first bin is complete ─→ a sample of every series
///
/// **Time.** A record is counted in the bin of its end, because exporters write at the end of a flow. The first bin closes
/// when a record ends in a bin behind it by more than `lateness`; with no lateness there is one open bin. What comes too late
/// counts in the oldest open bin, so that nothing is lost, unless it is more than an hour late: such records are counted and
/// dropped, and so are records more than a day ahead; sixteen of either kind in a row mean that the clock was set, and the bins begin anew.
/// What a flow carried is spread evenly over the time between its start and its end. Of a part that lies before the oldest
/// open bin, that bin takes what a bin's time carries and the rest is nobody's: a connection of five hours that is
/// reported when it ends is no burst. A flow no longer than a bin counts in full.
///
/// **Endings.** A series that is dropped, because it had no flow for long or gave way to another, has a row of its own that
/// says so (``RecordBatch/Ending``), before the samples of the bin in which it was.
///
/// **Empty bins.** A series has a sample for every bin, with zeros where it had no flow: a host that falls silent is seen. After
/// a pause of the whole stream of more than an hour's bins (at least 60) the bins in between are left out. Samples are given in
/// portions, so that a pause before many series takes no more memory than a bin of them.
public struct FlowGatherer: Sendable {
    /// How flows are put together.
    public struct Settings: Equatable, Sendable {
        /// What a series is.
        public var dimension: FlowDimension
        /// Seconds of a bin.
        public var interval: Double
        /// Seconds that a bin stays open behind its end.
        public var lateness: Double
        /// Seconds without a flow after which a series is dropped.
        public var idleAfter: Double

        /// Creates settings.
        public init(
            dimension: FlowDimension = .source, interval: Double = 20, lateness: Double = 0, idleAfter: Double = 86_400
        ) {
            self.dimension = dimension
            self.interval = interval
            self.lateness = lateness
            self.idleAfter = idleAfter
        }
    }

    /// What became of flow records so far.
    public struct Counts: Equatable, Sendable {
        /// Records.
        public var records: UInt64 = 0
        /// Records that were more of a flow.
        public var continued: UInt64 = 0
        /// Records of keys that are no series (yet).
        public var counted: UInt64 = 0
        /// Records that came after their bin had closed, and count in a later one.
        public var late: UInt64 = 0
        /// Records dropped because they are far behind or ahead of the others.
        public var misdated: UInt64 = 0
        /// Times the clock was set.
        public var steps: UInt64 = 0
        /// Bins that are complete.
        public var bins: UInt64 = 0
    }

    struct Bin: Sendable, Equatable {
        var tick: Int64
        /// By series: position in `accumulators` + 1.
        var places: [Int32] = []
        var accumulators: [FlowAccumulator] = []
        var used = 0
    }

    /// Seconds behind the latest record from which one is dropped.
    static let farBehind = 3_600.0
    /// Seconds ahead of it from which one is dropped.
    static let farAhead = 86_400.0
    /// Misdated records in a row that mean a step of the clock.
    static let recordsUntilStep = 16
    private static let fewestEmptyBins: Int64 = 60
    /// Samples with which a portion is full; those of the bins that one record closes may be more.
    static let samplesOfPortion = 4_096
    static let mostOpenBins = 64
    /// Pairs of series and peer that are remembered, and for how long at least.
    private static let memory = (pairs: 200_000, seconds: 7 * 86_400.0)
    /// Seconds for which a series has no new contacts: at first everybody is.
    private static let secondsOfAcquaintance = 86_400.0

    let settings: Settings
    private let writesTimes: Bool
    /// Nanoseconds of a bin.
    let length: Int64
    let openBins: Int
    var bins: [Bin] = []
    private var spare: [Bin] = []
    /// The end of the latest record; `nil` before one.
    public internal(set) var latest: Timestamp?
    var misdatedRun = 0
    /// Bins without a flow that are to be closed before the record in hand is taken.
    private var emptyBins: Range<Int64> = 0..<0
    var series: FlowSeriesTable
    var table = FlowTable()
    private let nothing = FlowAccumulator()
    var contacts: AgedMembership
    var services = ServiceAnswers()
    /// What became of flow records so far.
    public internal(set) var counts = Counts()

    /// Creates a gatherer.
    ///
    /// - Parameter writesTimes: whether samples carry their time as text, for score rows.
    public init(_ settings: Settings, admission: SeriesAdmission, writesTimes: Bool) {
        self.settings = settings
        self.writesTimes = writesTimes
        length = max(1_000_000, Int64((settings.interval * 1e9).rounded()))
        openBins = min(Self.mostOpenBins, 1 + Int((max(0, settings.lateness) * 1e9 / Double(length)).rounded(.up)))
        series = FlowSeriesTable(settings.dimension, admission: admission)
        contacts = AgedMembership(capacity: Self.memory.pairs, lifetime: Self.memory.seconds)
    }

    /// What became of keys so far.
    public var seriesCounts: FlowSeriesTable.Counts { series.counts }

    /// Bins so far, those that are open included.
    public var binCount: UInt64 { counts.bins + UInt64(bins.count) }

    /// Keys that were seen lately and are no series (yet); exact while they are fewer than ``RecentKeys/fewest``.
    public var candidateCount: Int { series.candidates.recent.keyCount }

    /// The names of the series, by number.
    public var seriesNames: [String] { series.names }

    /// Whether a series of this number has had a sample and goes on.
    public func goesOn(_ number: Int) -> Bool {
        series.members.indices.contains(number) && series.isLive(Int32(number)) && !series.isBeginning(Int32(number))
    }

    // MARK: A batch

    /// The samples that rows of a batch of flow records complete, with the unusable ones in their places.
    ///
    /// It stops before a row with which a newcomer may take over the place of a series that has a sample among those
    /// gathered: samples are named by their number, and a number has one name in a batch. It stops too when there are
    /// ``samplesOfPortion``; where it stops makes no difference to the samples.
    /// - Parameters:
    ///   - first: the first row to be taken.
    ///   - end: the row behind the last one.
    /// - Returns: the samples, and the row to go on with.
    public mutating func gather(_ batch: RecordBatch, from first: Int, to end: Int) -> (RecordBatch, next: Int) {
        var gathered = batch
        gathered.rows = []
        gathered.values = []
        gathered.text = []
        gathered.flows = []
        gathered.evidence = []
        gathered.endings = []
        gathered.isGathered = true
        var next = first
        while next < end, gathered.evidence.count < Self.samplesOfPortion {
            let row = batch.rows[next]
            if row.malformed != nil || batch.flows.isEmpty {
                pass(row, of: batch, into: &gathered)
            } else if !take(batch.flows[Int(row.firstValue)], into: &gathered) {
                break
            }
            next += 1
        }
        name(&gathered)
        return (gathered, next)
    }

    private func name(_ gathered: inout RecordBatch) {
        gathered.seriesNames = series.names
        gathered.seriesGroups = series.groups
        gathered.candidates = series.candidates
    }

    private func pass(_ row: RecordBatch.Row, of batch: RecordBatch, into gathered: inout RecordBatch) {
        guard row.malformed != nil else { return }
        var row = row
        let start = Int32(gathered.text.count)
        gathered.text.append(contentsOf: batch.text[Int(row.timeText.lowerBound)..<Int(row.timeText.upperBound)])
        row.timeText = start..<Int32(gathered.text.count)
        gathered.rows.append(row)
    }

    // MARK: A record

    /// - Returns: `false` when what is gathered must go first; then nothing was taken.
    private mutating func take(_ record: FlowRecord, into gathered: inout RecordBatch) -> Bool {
        guard isDated(record, into: &gathered) else {
            counts.records += 1
            return true
        }
        let end = tick(of: record.end)
        advance(to: max(record.end, latest ?? record.end), into: &gathered)
        guard emptyBins.isEmpty else { return false }
        if !gathered.evidence.isEmpty, mayTakeOver(record) { return false }
        counts.records += 1
        guard let oldest = bins.first?.tick else { return true }
        if end < oldest { counts.late += 1 }
        var flow = record
        let part = table.take(&flow)
        let key = FlowKey(flow, by: settings.dimension)
        let known = series.number(of: key, tick: max(end, oldest))
        noteEnded(at: oldest, into: &gathered)
        let answer = noteOutcome(of: flow, part)
        guard let number = known else {
            counts.counted += 1
            return true
        }
        tell(answer, of: number, at: flow.end)
        let isSeenFromDestination = settings.dimension == .destination || settings.dimension == .service
        let peer = isSeenFromDestination ? flow.source : flow.destination
        let carried = settings.dimension == .destination ? turned(flow) : flow
        let goesOutside = !peer.isLocal && (isSeenFromDestination ? flow.destination : flow.source).isLocal
        let bin = place(max(end, oldest))
        let slot = accumulator(of: number, in: bin)
        switch part {
        case .first:
            let pair = splitMix(key.stableHash ^ FlowAccumulator.hash(peer))
            let isNew = contacts.insert(hash: pair, at: flow.end)
            bins[bin].accumulators[slot].count(carried, peer: peer, isNew: isNew)
            let contact = splitMix(pair ^ UInt64(flow.destinationPort))
            let isOfAge = series.isOfAge(number, bins: binsOfAcquaintance, at: max(end, oldest))
            series.noteContact(contact, of: number, at: flow.start, isNewOutside: isNew && isOfAge && !peer.isLocal)
        case .more(let answers):
            counts.continued += 1
            bins[bin].accumulators[slot].continueFlow(carried, peer: peer)
            if answers { bins[bin].accumulators[slot].correctUnanswered(flow) }
        }
        spread(carried, over: number, goesOutside: goesOutside)
        return true
    }

    /// What a flow says of the service that was asked.
    private enum Answer {
        case none
        case answered(service: UInt64)
        case failed(service: UInt64, decades: Double)
    }

    /// Takes how a flow went for how its service answers. Of a record of one direction it is not known: the answer may be the next.
    /// Services outside limit their clients, and come and go; that is nobody's outage here.
    private mutating func noteOutcome(of flow: FlowRecord, _ part: FlowTable.Part) -> Answer {
        guard !flow.isOneWay, flow.destination.isLocal else { return .none }
        let port = UInt64(flow.transport) << 16 | UInt64(flow.destinationPort)
        let service = splitMix(FlowAccumulator.hash(flow.destination) ^ splitMix(port))
        switch (part, flow.outcome) {
        case (.first, .established), (.more(answers: true), _):
            services.noteAnswer(of: service)
            return .answered(service: service)
        case (.first, .unanswered), (.first, .refused):
            return services.noteFailure(of: service).map { .failed(service: service, decades: $0) } ?? .none
        default: return .none
        }
    }

    private mutating func tell(_ answer: Answer, of number: Int32, at time: Timestamp) {
        switch answer {
        case .none: break
        case .answered(let service): series.noteAnswer(of: service, of: number)
        case .failed(let service, let decades):
            series.noteFailure(of: service, weighing: decades, of: number, at: time)
        }
    }

    private var binsOfAcquaintance: Int64 { Int64((Self.secondsOfAcquaintance * 1e9 / Double(length)).rounded()) }

    /// Whether the record may bring a newcomer in the place of another series; which side is its key is not known yet.
    private func mayTakeOver(_ record: FlowRecord) -> Bool {
        guard series.hasOnlyUsedPlaces else { return false }
        return !series.isKnown(FlowKey(record, by: settings.dimension))
            || record.isOneWay && !series.isKnown(FlowKey(record.reversed, by: settings.dimension))
    }

    /// The flow as its destination sees it, still from its source: what came in to it went out of the source.
    private func turned(_ flow: FlowRecord) -> FlowRecord {
        var turned = flow
        (turned.bytesOut, turned.bytesIn) = (flow.bytesIn, flow.bytesOut)
        (turned.packetsOut, turned.packetsIn) = (flow.packetsIn, flow.packetsOut)
        return turned
    }

    /// Whether a record's time can be; a run of others means that the clock was set.
    private mutating func isDated(_ record: FlowRecord, into gathered: inout RecordBatch) -> Bool {
        guard let latest else { return true }
        let ahead = record.end.seconds(since: latest)
        guard ahead < -Self.farBehind - settings.lateness || ahead > Self.farAhead else {
            misdatedRun = 0
            return true
        }
        misdatedRun += 1
        guard misdatedRun >= Self.recordsUntilStep else {
            counts.misdated += 1
            return false
        }
        misdatedRun = 0
        counts.steps += 1
        series.shift(by: tick(of: record.end) - tick(of: latest))
        while !bins.isEmpty { closeFirst(into: &gathered) }
        self.latest = nil
        return true
    }

    /// Closes the bins that end before the latest record by more than the lateness, and opens those up to it.
    private mutating func advance(to time: Timestamp, into gathered: inout RecordBatch) {
        latest = time
        let newest = tick(of: time)
        let patience = Int64((max(0, settings.lateness) * 1e9).rounded())
        let oldest = max(
            tick(of: Timestamp(nanoseconds: time.nanoseconds.subtractingReportingOverflow(patience).partialValue)),
            newest - Int64(openBins) + 1)
        while let first = bins.first, first.tick < oldest {
            let last = bins.count == 1 ? first.tick : nil
            closeFirst(into: &gathered)
            if let last { noteEmpty(from: last + 1, to: oldest) }
        }
        guard closeEmpty(into: &gathered) else { return }
        var next = bins.last.map { $0.tick + 1 } ?? oldest
        while next <= newest {
            bins.append(opened(next))
            next += 1
        }
    }

    private mutating func opened(_ tick: Int64) -> Bin {
        guard var bin = spare.popLast() else { return Bin(tick: tick) }
        bin.tick = tick
        return bin
    }

    private func place(_ tick: Int64) -> Int {
        guard let first = bins.first?.tick else { return 0 }
        return Int(min(max(0, tick - first), Int64(bins.count - 1)))
    }

    private mutating func accumulator(of number: Int32, in bin: Int) -> Int {
        while bins[bin].places.count <= Int(number) { bins[bin].places.append(0) }
        let known = bins[bin].places[Int(number)]
        if known > 0 { return Int(known) - 1 }
        if bins[bin].used == bins[bin].accumulators.count { bins[bin].accumulators.append(FlowAccumulator()) }
        bins[bin].used += 1
        bins[bin].places[Int(number)] = Int32(bins[bin].used)
        return bins[bin].used - 1
    }

    /// Spreads what a flow carried over the open bins that it covers.
    private mutating func spread(_ flow: FlowRecord, over number: Int32, goesOutside: Bool) {
        guard let oldest = bins.first?.tick else { return }
        let first = max(tick(of: flow.start), oldest)
        let last = max(tick(of: flow.end), oldest)
        let whole = flow.end.seconds(since: flow.start)
        // What one bin's time carries, of a flow that is longer than a bin.
        let most = whole > settings.interval ? settings.interval / whole : 1
        var left = 1.0
        for tick in (first...last).reversed() {
            let part = min(left, min(flow.end, start(of: tick + 1)).seconds(since: start(of: tick)) / max(whole, 1e-9))
            let bin = place(tick)
            let slot = accumulator(of: number, in: bin)
            // What lies before the oldest bin falls into it, as far as it would have fitted there.
            bins[bin].accumulators[slot].add(
                flow, share: tick == first ? min(left, most) : part, goesOutside: goesOutside)
            left -= part
        }
    }

    // MARK: Bins

    private func tick(of time: Timestamp) -> Int64 {
        let tick = time.nanoseconds / length
        return time.nanoseconds % length < 0 ? tick - 1 : tick
    }

    /// The start of the bin that a time is in.
    public func binStart(of time: Timestamp) -> Timestamp { start(of: tick(of: time)) }

    private func start(of tick: Int64) -> Timestamp {
        Timestamp(nanoseconds: tick.multipliedReportingOverflow(by: length).partialValue)
    }

    /// Notes the bins in which nobody had a flow, unless they are a pause.
    private mutating func noteEmpty(from first: Int64, to end: Int64) {
        let most = max(Self.fewestEmptyBins, 3_600_000_000_000 / length)
        guard first < end, end - first <= most else { return }
        emptyBins = first..<end
    }

    /// Gives samples of zeros for the bins in which nobody had a flow.
    ///
    /// - Returns: `false` when the portion is full before the last of them.
    private mutating func closeEmpty(into gathered: inout RecordBatch) -> Bool {
        while let tick = emptyBins.first {
            guard gathered.evidence.count < Self.samplesOfPortion else { return false }
            emptyBins = (tick + 1)..<emptyBins.upperBound
            emit(opened(tick), into: &gathered)
        }
        return true
    }

    private mutating func closeFirst(into gathered: inout RecordBatch) {
        emit(bins.removeFirst(), into: &gathered)
    }

    /// Puts the series that have ended among the samples, where they did: before those of a bin.
    private mutating func noteEnded(at tick: Int64, into gathered: inout RecordBatch) {
        for ended in series.takeEnded() {
            let text = Int32(gathered.text.count)
            gathered.rows.append(
                RecordBatch.Row(
                    malformed: nil, series: ended.number, time: start(of: tick), timeText: text..<text,
                    firstValue: Int32(gathered.endings.count), endOffset: 0, endsSeries: true))
            gathered.endings.append(
                RecordBatch.Ending(
                    name: ended.name, lastSeen: start(of: min(ended.lastTick &+ 1, tick)), isEvicted: ended.isEvicted))
            // What waits of it in open bins is not the next one's.
            for bin in bins.indices where bins[bin].places.indices.contains(Int(ended.number)) {
                bins[bin].places[Int(ended.number)] = 0
            }
        }
    }

    private mutating func emit(_ closed: Bin, into gathered: inout RecordBatch) {
        var bin = closed
        counts.bins += 1
        let time = start(of: bin.tick)
        let end = start(of: bin.tick + 1)
        series.dropIdle(before: bin.tick - Int64((settings.idleAfter * 1e9 / Double(length)).rounded()))
        noteEnded(at: bin.tick, into: &gathered)
        let textStart = Int32(gathered.text.count)
        if writesTimes { gathered.text.append(contentsOf: time.description.utf8) }
        let text = textStart..<Int32(gathered.text.count)
        for number in 0..<Int32(series.names.count) where series.isLive(number) {
            let place = bin.places.indices.contains(Int(number)) ? Int(bin.places[Int(number)]) : 0
            // Before its first flow it was not there.
            if place == 0, series.isBeginning(number) { continue }
            let first = Int32(gathered.values.count)
            if place > 0 {
                series.append(
                    bin.accumulators[place - 1], of: number, at: end, seconds: settings.interval, to: &gathered.values)
                gathered.evidence.append(bin.accumulators[place - 1].evidence)
            } else {
                series.append(nothing, of: number, at: end, seconds: settings.interval, to: &gathered.values)
                gathered.evidence.append(FlowEvidence())
            }
            gathered.rows.append(
                RecordBatch.Row(
                    malformed: nil, series: number, time: time, timeText: text, firstValue: first, endOffset: 0,
                    beginsSeries: series.takeBeginning(of: number)))
        }
        // The memory of a bin serves the next.
        for index in 0..<bin.used { bin.accumulators[index].removeAll() }
        bin.used = 0
        for index in bin.places.indices { bin.places[index] = 0 }
        if spare.count < 2 { spare.append(bin) }
    }
}
