/// Notices that a series of a stream, or the whole stream, has been silent for longer than it is used to.
///
///     sample of a series ─▶ time moves on ─▶ did the source pause too long?  ─▶ whose deadline has passed? ─▶ it speaks: next deadline
///     clock (`run`)      ─▶                  did the source pause too long?
///
/// Each series learns the silence it is used to (``SpanHabit``), bursts and reports by exception included; the onset of
/// a silence is its last sample plus that habit, in its own event time. That another series is silent shows at a line of
/// the stream, whoever speaks: so a recording and a live stream tell the same. That the *source* is silent shows when its
/// own deadline passes, at its next line or by a clock that is handed in; either way the change bears the deadline as its
/// time. What is told does not depend on when it was noticed.
///
/// A few ticks that are lost are a dropout that nobody can act on: no learned limit is below thirty intervals or five
/// minutes, whichever is less.
///
/// One cause is one silence. The source counts as silent when nothing came for as long as it is used to *and* a series
/// should have spoken by itself. While it is silent no series is; when it speaks again, or after a pause that is
/// long for the stream, series that are overdue have as long as they are used to before they are silent themselves.
///
/// Clocks of series may differ: a deadline counts from the latest time that the stream had shown when the series spoke. A
/// time that jumps ahead by more than a year is a clock that was set, not silence; when lines keep coming from before the
/// latest time, the latest time was wrong and goes back to theirs.
///
/// A sample costs constant time on average, whatever the number of series: deadlines are worked out when they may be reached.
/// Nothing is allocated once all series have spoken. State about 300 bytes a series.
public struct SilenceWatch: Equatable, Sendable {
    /// How long a silence may last.
    public enum Expectation: Equatable, Sendable {
        /// As learned; a longer one is to be rarer than this rate, in 1/s, for a series that keeps to its habits.
        case learned(falseAlarmsPerSecond: Double)
        /// `stalled_after`: so many seconds, above 0.
        case within(seconds: Double)
        /// `missing = "alarm"`: half an interval beyond the next tick.
        case everyTick
    }

    /// What a line or the clock has shown.
    public enum Change: Equatable, Sendable {
        /// A silence is noticed; the time is that of the line that shows it, or the onset of a source's.
        case begins(Silence, at: Timestamp)
        /// It speaks again.
        case ends(Silence.Subject, at: Timestamp)
    }

    /// Where a series stands.
    enum Place: UInt8, Sendable {
        /// It has no deadline yet.
        case learning
        /// Its deadline lies ahead, as far as is known.
        case waiting
        /// Overdue when the source came back; it has a little longer.
        case onProbation
        /// Silent.
        case silent
    }

    struct Member: Equatable, Sendable {
        var habit = SpanHabit()
        var last = Timestamp(nanoseconds: 0)
        var samples: UInt64 = 0
        var interval: Double?
        /// The time that its deadline counts from.
        var from = Timestamp(nanoseconds: 0)
        var place = Place.learning
        /// The deadline under which it stands in each heap, at most its own while it counts; the largest when it does not.
        var dueInWaiting = Int64.max
        var dueInProbation = Int64.max
    }

    private static let generation = 30.0 * 86_400
    private static let patienceIntervals = 30.0
    private static let longestPatience = 300.0
    private static let longestJump = 366.0 * 86_400
    /// A pause of so many usual intervals of the stream is a pause of the source.
    private static let pauseIntervals = 4.0

    private var expectation: Expectation
    var members: [Member] = []
    private var waiting = DeadlineHeap()
    private var probation = DeadlineHeap()
    /// The latest time shown; `nil` before the first line.
    public private(set) var latest: Timestamp?
    private var source = Member()
    private var sourceClock = SeriesClock()
    /// The last time at which the source spoke again.
    private var returned: Timestamp?
    /// Lines in a row from before the latest time, and the latest among them.
    private var linesBehind = 0
    private var hasBeenAway = false
    private var latestBehind = Timestamp(nanoseconds: 0)

    /// Creates a watch over nothing.
    public init(_ expectation: Expectation) { self.expectation = expectation }

    /// Whether the source is silent.
    public var isSourceSilent: Bool { source.place == .silent }
    /// Whether a series is silent.
    public func isSilent(series: Int) -> Bool { members.indices.contains(series) && members[series].place == .silent }

    // MARK: Lines

    /// Takes a sample of a series, in input order.
    ///
    /// - Parameters:
    ///   - series: its number, from 0, given in order of appearance.
    ///   - time: event time; above that of the series' sample before, unless its clock stepped.
    ///   - interval: seconds between two of its samples, as far as is known.
    ///   - restarts: whether its clock stepped back.
    ///   - changes: takes what the sample shows, in order; not emptied.
    public mutating func observe(
        series: Int, at time: Timestamp, interval: Double?, restarts: Bool = false, into changes: inout [Change]
    ) {
        precondition(series >= 0, "series \(series)")
        while members.count <= series { members.append(Member()) }
        show(time, speaker: series, into: &changes)
        speak(series, at: time, interval: interval, restarts: restarts, into: &changes)
    }

    /// Takes the time of a line that belongs to no series: the source speaks.
    public mutating func hear(at time: Timestamp, into changes: inout [Change]) {
        show(time, speaker: -1, into: &changes)
    }

    /// Takes note that a series is said to have stopped: it is silent from now on, whatever it is used to.
    ///
    /// - Parameters:
    ///   - series: its number; nothing is told of one without a sample, or that is silent already.
    ///   - time: event time at which it stopped.
    public mutating func stop(series: Int, at time: Timestamp, into changes: inout [Change]) {
        show(time, speaker: series, into: &changes)
        guard members.indices.contains(series), members[series].samples > 0, members[series].place != .silent else {
            return
        }
        members[series].place = .silent
        let last = members[series].last
        var silence = silence(of: members[series], .series(series), since: max(time, last))
        silence.measure = .reported
        changes.append(.begins(silence, at: max(time, last)))
    }

    /// Lets time pass without a line, as a clock says; it shows only whether the source is silent.
    ///
    /// - Parameter time: event time by which lines would have come.
    public mutating func pass(to time: Timestamp, into changes: inout [Change]) {
        if source.place != .silent { _ = beginSourceSilence(before: time, into: &changes) }
    }

    /// Until the next line nobody listened: what was not heard meanwhile is nobody's silence, and no habit.
    ///
    /// For input that cannot be read again after a restart (standard input, datagrams). It is not part of the state.
    public mutating func wasAway() { hasBeenAway = latest != nil }

    private mutating func show(_ time: Timestamp, speaker: Int, into changes: inout [Change]) {
        guard let before = latest else {
            latest = time
            _ = sourceClock.admit(time)
            source.last = time
            source.samples = 1
            return
        }
        if hasBeenAway {
            hasBeenAway = false
            if time > before {
                endSourceSilence(at: time, into: &changes)
                setClock(to: time)
                returned = time
                source.samples += 1
                return
            }
        }
        // Counted last: what begins now began after the lines before this one, whether a clock or this line shows it.
        defer { source.samples += 1 }
        guard time > before else {
            noteBehind(time, latest: before)
            return
        }
        linesBehind = 0
        let gap = time.seconds(since: before)
        if gap > Self.longestJump {
            endSourceSilence(at: time, into: &changes)
            setClock(to: time)
            return
        }
        let wasSilent = source.place == .silent || beginSourceSilence(before: time, into: &changes)
        if wasSilent { endSourceSilence(at: time, into: &changes) }
        if wasSilent || gap > Self.pauseIntervals * (sourceClock.interval ?? .infinity) {
            postpone(overdueAt: time)
        } else {
            declare(overdueAt: time, into: &changes)
        }
        declareProbation(overdueAt: time, speaker: speaker, into: &changes)
        latest = time
        _ = sourceClock.admit(time)
        source.habit.learn(gap, generation: Self.generation)
        source.last = time
        source.interval = sourceClock.interval
    }

    private mutating func speak(
        _ series: Int, at time: Timestamp, interval: Double?, restarts: Bool, into changes: inout [Change]
    ) {
        if members[series].place == .silent { changes.append(.ends(.series(series), at: time)) }
        let last = members[series].last
        // A pause of the source says nothing of the habits of its series.
        let isOwn = returned.map { last >= $0 } ?? true
        if members[series].samples > 0, !restarts, time > last, isOwn {
            members[series].habit.learn(time.seconds(since: last), generation: Self.generation)
        }
        members[series].last = time
        members[series].samples += 1
        members[series].interval = interval
        members[series].from = max(latest ?? time, time)
        guard Self.isKnown(expectation, members[series].habit, interval: interval) else {
            members[series].place = .learning
            return
        }
        members[series].place = .waiting
        enqueue(series)
    }

    // Static, so that no sample copies the watch for a question about a part of it.

    /// The silence that a series was used to at its last sample, in seconds; `nil` while unknown.
    private static func limit(_ expectation: Expectation, _ member: borrowing Member) -> Double? {
        switch expectation {
        case .within(let seconds): return seconds
        case .everyTick:
            guard let interval = member.interval else { return nil }
            return 1.5 * interval
        case .learned(let rate):
            var unit = member.habit.longest
            if let interval = member.interval { unit = interval }
            guard let limit = member.habit.limit(tail: .exponential, rate: rate, unit: unit) else { return nil }
            // To the millisecond, as people write it.
            return (max(limit, patience(member.interval)) * 1_000).rounded(.up) / 1_000
        }
    }

    /// Whether there is a limit.
    private static func isKnown(_ expectation: Expectation, _ habit: borrowing SpanHabit, interval: Double?) -> Bool {
        switch expectation {
        case .within: true
        case .everyTick: interval != nil
        case .learned(let rate): habit.count >= SpanHabit.fewestSpans && rate > 0
        }
    }

    /// What no limit is below: before that nobody needs to know it.
    private static func leastLimit(_ expectation: Expectation, interval: Double?) -> Double {
        switch expectation {
        case .within(let seconds): seconds
        case .everyTick: 1.5 * (interval ?? 0)
        // Less a little, for the rounding to milliseconds.
        case .learned: 0.999 * patience(interval)
        }
    }

    /// Below this a silence is a dropout, whatever the habit: thirty intervals, but not more than five minutes.
    private static func patience(_ interval: Double?) -> Double {
        min(patienceIntervals * (interval ?? 0), longestPatience)
    }

    /// A series' deadline.
    private static func due(_ expectation: Expectation, _ member: borrowing Member) -> Int64 {
        member.from.advanced(bySeconds: limit(expectation, member) ?? 0).nanoseconds
    }

    private mutating func enqueue(_ series: Int) {
        // A deadline that moves on is found out at the top of the heap; one that moves back, because the habit has become
        // shorter, needs an entry of its own.
        let least = Self.leastLimit(expectation, interval: members[series].interval)
        guard members[series].from.advanced(bySeconds: least).nanoseconds < members[series].dueInWaiting else { return }
        let due = Self.due(expectation, members[series])
        guard due < members[series].dueInWaiting else { return }
        members[series].dueInWaiting = due
        waiting.insert(.init(due: due, number: Int32(series)))
    }

    // MARK: The source

    /// Begins the silence of the source when its deadline lies before a time.
    private mutating func beginSourceSilence(before time: Timestamp, into changes: inout [Change]) -> Bool {
        // A source that has spoken once has no habit yet, whatever is declared.
        guard let latest, source.habit.count > 0,
            time.seconds(since: latest) > Self.leastLimit(expectation, interval: source.interval),
            let limit = Self.limit(expectation, source), limit > 0
        else { return false }
        let own = latest.advanced(bySeconds: limit)
        guard own < time else { return false }
        settle()
        // Nobody is left who could speak, and of each it was told.
        if waiting.first == nil, !members.isEmpty, members.allSatisfy({ $0.place == .silent }) { return false }
        // A series that should have spoken by itself; without any that has a deadline, the source's own must do.
        let since = max(own, waiting.first.map { Timestamp(nanoseconds: $0.due) } ?? own)
        guard since < time else { return false }
        source.place = .silent
        changes.append(.begins(silence(of: source, .source, since: since), at: since))
        return true
    }

    private mutating func endSourceSilence(at time: Timestamp, into changes: inout [Change]) {
        guard source.place == .silent else { return }
        source.place = .waiting
        returned = time
        changes.append(.ends(.source, at: time))
    }

    // MARK: Deadlines

    /// Brings the earliest true deadline to the top.
    private mutating func settle() {
        while let first = waiting.first {
            let number = Int(first.number)
            if members[number].dueInWaiting != first.due {
                waiting.removeFirst()
            } else if members[number].place != .waiting {
                waiting.removeFirst()
                members[number].dueInWaiting = .max
            } else {
                let due = Self.due(expectation, members[number])
                guard due > first.due else { return }
                members[number].dueInWaiting = due
                waiting.replaceFirst(with: .init(due: due, number: first.number))
            }
        }
    }

    /// Takes the earliest series whose deadline lies before a time out of those that wait.
    private mutating func nextOverdue(at time: Timestamp) -> Int? {
        guard let first = waiting.first, first.due < time.nanoseconds else { return nil }
        settle()
        guard let first = waiting.first, first.due < time.nanoseconds else { return nil }
        waiting.removeFirst()
        members[Int(first.number)].dueInWaiting = .max
        return Int(first.number)
    }

    private mutating func declare(overdueAt time: Timestamp, into changes: inout [Change]) {
        while let series = nextOverdue(at: time) { begin(series, at: time, into: &changes) }
    }

    private mutating func postpone(overdueAt time: Timestamp) {
        while let series = nextOverdue(at: time) {
            members[series].place = .onProbation
            members[series].from = time
            let due = Self.due(expectation, members[series])
            guard due < members[series].dueInProbation else { continue }
            members[series].dueInProbation = due
            probation.insert(.init(due: due, number: Int32(series)))
        }
    }

    private mutating func declareProbation(overdueAt time: Timestamp, speaker: Int, into changes: inout [Change]) {
        while let first = probation.first, first.due < time.nanoseconds {
            let series = Int(first.number)
            let isCurrent = members[series].dueInProbation == first.due
            let due = Self.due(expectation, members[series])
            if isCurrent, members[series].place == .onProbation, due > first.due {
                members[series].dueInProbation = due
                probation.replaceFirst(with: .init(due: due, number: first.number))
                continue
            }
            probation.removeFirst()
            guard isCurrent else { continue }
            members[series].dueInProbation = .max
            if members[series].place == .onProbation, series != speaker { begin(series, at: time, into: &changes) }
        }
    }

    private mutating func begin(_ series: Int, at time: Timestamp, into changes: inout [Change]) {
        members[series].place = .silent
        let since = members[series].last.advanced(bySeconds: Self.limit(expectation, members[series]) ?? 0)
        changes.append(.begins(silence(of: members[series], .series(series), since: since), at: time))
    }

    private func silence(of member: Member, _ subject: Silence.Subject, since: Timestamp) -> Silence {
        let measure: Silence.Measure = if case .learned = expectation { .learned } else { .declared }
        return Silence(
            subject: subject, lastSample: member.last, since: since, sampleNumber: member.samples - 1,
            interval: member.interval, longest: member.habit.longest, limit: since.seconds(since: member.last),
            longer: member.habit.countBeyond(Self.limit(expectation, member) ?? 0), measure: measure)
    }

    // MARK: Clocks that are wrong

    private mutating func noteBehind(_ time: Timestamp, latest before: Timestamp) {
        guard time < before else { return }
        latestBehind = linesBehind == 0 ? time : max(latestBehind, time)
        linesBehind += 1
        if linesBehind > 16 + 2 * members.count { setClock(to: latestBehind) }
    }

    /// Goes on from another time, as if everybody who is expected had spoken just now.
    private mutating func setClock(to time: Timestamp) {
        latest = time
        linesBehind = 0
        source.last = time
        sourceClock = SeriesClock()
        _ = sourceClock.admit(time)
        returned = nil
        waiting.removeAll()
        probation.removeAll()
        for series in members.indices {
            members[series].dueInWaiting = .max
            members[series].dueInProbation = .max
            guard members[series].place == .waiting || members[series].place == .onProbation else { continue }
            members[series].place = .waiting
            members[series].from = time
            enqueue(series)
        }
    }

    // MARK: State

    /// Goes on where another watch stood, with the expectation of this one.
    public mutating func goOn(from other: SilenceWatch) {
        let own = expectation
        self = other
        expectation = own
    }

    /// Writes the watch; what it expects is configuration and not written.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(latest != nil)
        writer.write(latest?.nanoseconds ?? 0)
        writer.write(returned != nil)
        writer.write(returned?.nanoseconds ?? 0)
        writer.write(UInt32(clamping: linesBehind))
        writer.write(latestBehind.nanoseconds)
        sourceClock.encode(to: &writer)
        source.encode(limit: Self.limit(expectation, source) ?? 0, to: &writer)
        writer.write(UInt32(members.count))
        for member in members { member.encode(limit: Self.limit(expectation, member) ?? 0, to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote; silences go on.
    public init(_ expectation: Expectation, from reader: inout StateReader) throws(StateCodingError) {
        self.init(expectation)
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "a watch over silence") }
        let hasLatest = try reader.readBool()
        let latestTime = Timestamp(nanoseconds: try reader.read())
        latest = hasLatest ? latestTime : nil
        let hasReturned = try reader.readBool()
        let returnedTime = Timestamp(nanoseconds: try reader.read())
        returned = hasReturned ? returnedTime : nil
        linesBehind = Int(try reader.read(UInt32.self))
        latestBehind = Timestamp(nanoseconds: try reader.read())
        sourceClock = try SeriesClock(from: &reader)
        source = try Member(from: &reader)
        for number in 0..<(try reader.read(UInt32.self)) {
            var member = try Member(from: &reader)
            let entry = DeadlineHeap.Entry(due: Self.due(expectation, member), number: Int32(clamping: number))
            // Entries of the heaps that no longer count are not written: they do not show in what is told.
            if member.place == .waiting {
                member.dueInWaiting = entry.due
                waiting.insert(entry)
            } else if member.place == .onProbation {
                member.dueInProbation = entry.due
                probation.insert(entry)
            }
            members.append(member)
        }
    }

    /// Bytes that a series takes.
    public static var bytesPerSeries: Int {
        MemoryLayout<Member>.stride + 2 * MemoryLayout<DeadlineHeap.Entry>.stride
    }
}

extension SilenceWatch.Member {
    /// - Parameter limit: follows from the habit; written for the deadline's sake.
    func encode(limit: Double, to writer: inout StateWriter) {
        habit.encode(to: &writer)
        writer.write(last.nanoseconds)
        writer.write(samples)
        writer.write(interval ?? -1)
        writer.write(limit)
        writer.write(from.advanced(bySeconds: limit).nanoseconds)
        writer.write(place.rawValue)
    }

    init(from reader: inout StateReader) throws(StateCodingError) {
        habit = try SpanHabit(from: &reader)
        last = Timestamp(nanoseconds: try reader.read())
        samples = try reader.read()
        let known = try reader.readDouble()
        interval = known > 0 ? known : nil
        let limit = try reader.readDouble()
        from = Timestamp(nanoseconds: try reader.read()).advanced(bySeconds: -limit)
        guard let place = SilenceWatch.Place(rawValue: try reader.read()), limit >= 0, limit < .infinity,
            samples < 1 << 62, samples > 0 || place == .learning
        else { throw .invalid("a silence that cannot be") }
        self.place = place
    }
}
