import TimeSeries

/// The sentences of an alert: what is seen, what was expected, since when, how rare, and what is not known.
///
///     pump3.temp is 84.2 °C, expected 61.0 (55.8 to 66.3), since 02:14:10 UTC; rarer than once in 40 days.
///     Mostly pump3.current (71 %) and pump3.flow (22 %, low). explain: monitord explain 7f3c91
///
/// The channel in front is the one furthest out of its band in band widths; the contributors behind `Mostly` are those
/// that carry most of the anomaly, at least a tenth each, and together with the one in front they are at most three.
/// `high` goes without saying, `low` is said. Times are UTC and say so: a journal beside them may be in another zone.
enum AlertMessage {
    /// What a message needs beyond the record.
    struct Context: Equatable {
        /// The series whose channels the record lists.
        var speaker: String
        var learning: LearningState
        var detail: String?
        var silence: Silence?
        var isWholeSource = false
        /// The channel that the opening had in front, as it was then; absent where several series went at once.
        var opened: AlertRecord.ChannelPart?
    }

    private static let mostNames = 3
    private static let smallestShareTold = 0.1

    /// The message of any incident but `budget`, see ``budget(_:of:at:rate:)``.
    static func text(for record: AlertRecord, context: Context) -> String {
        let explain = " explain: monitord explain \(record.id.prefix(IncidentIdentifier.shortDigits))"
        if record.event == .close { return closing(record, context) + explain }
        let rise = record.event == .update ? "Now \(record.severity.rawValue): " : ""
        return rise + together(record) + opening(record, context) + lasting(record, context) + explain
    }

    /// What to do about incidents of a kind, in one sentence.
    static func hint(for kind: AlertKind) -> String {
        switch kind {
        case .anomaly:
            "Look at the channels named: the record has the value, the expected band and the share of each."
        case .stalled: "Check that the sender runs and that its data still arrives where monitord reads it."
        case .stuck: "Check the sensor and its wiring; a value that never changes is often a broken sensor."
        case .drift:
            "Nothing needs doing if this is meant, for it is learned; otherwise look for wear, fouling or an ageing sensor."
        case .input: "Run `monitord check` with a sample of the input; its format may have changed."
        case .budget:
            "Look for one cause behind many incidents; raise `false_alarms` if you want to be told more of them."
        }
    }

    // MARK: Sentences

    private static func opening(_ record: AlertRecord, _ context: Context) -> String {
        let since = "since \(clock(record.since, seenFrom: record.time))"
        switch record.kind {
        case .anomaly: return anomaly(record, context, since)
        case .drift:
            return drift(record, context) + ", \(since); what is learned follows it" + learning(context) + "."
                + likeness(record)
        case .stuck:
            let value = record.channels.first.map { part in
                "\(context.speaker).\(part.name) has not changed \(since)"
                    + (part.value.map { ", still \(ReadableNumbers([$0]).text($0))\(unit(part))" } ?? "")
            }
            return (value ?? "\(context.speaker) has not changed \(since)") + detail(context) + "."
        case .stalled:
            if !record.channels.isEmpty {
                let names = joined(record.channels.map { "\(context.speaker).\($0.name)" })
                return "\(names) \(record.channels.count > 1 ? "have" : "has") no value \(since)" + detail(context)
                    + "."
            }
            if let silence = context.silence {
                let last = clock(silence.lastSample, seenFrom: record.time)
                return "\(subject(context)) has not spoken since \(last); \(habit(silence))."
            }
            return "\(subject(context)) has been silent \(since)" + detail(context) + "."
        case .input:
            return "\(subject(context)): \(context.detail ?? "much of the input cannot be read"), \(since)."
        case .budget: return ""
        }
    }

    private static func anomaly(_ record: AlertRecord, _ context: Context, _ since: String) -> String {
        "\(observation(record, context)), \(since); \(rarity(record, context))" + learning(context) + "."
            + together(withinBands: record) + contributors(record, context) + activity(record) + likeness(record)
    }

    /// Which shape of traffic it looks like, and with whom.
    private static func activity(_ record: AlertRecord) -> String {
        let shape = record.pattern.flatMap { patterns[$0] }.map { " It looks like \($0)." } ?? ""
        return shape + (record.evidence?.sentence ?? "")
    }

    private static let patterns = [
        "scan": "a scan", "flood": "a flood", "exfiltration": "data going out", "silence": "a host that fell silent",
        "service": "a service that does not answer", "beacon": "a beacon",
    ]

    /// What has moved, from where to where and in how long: the part's `expected` is where it was, its `value` where it is.
    private static func drift(_ record: AlertRecord, _ context: Context) -> String {
        guard let part = record.channels.first, let value = part.value, let before = part.expected else {
            return "\(context.speaker) moves slowly"
        }
        let numbers = ReadableNumbers([value, before], distances: [(value - before).magnitude])
        let name = "\(context.speaker).\(part.name)"
        let length = HumanDuration.text(seconds: record.time.seconds(since: record.since))
        guard let detail = context.detail else {
            return
                "\(name) has moved from \(numbers.text(before)) to \(numbers.text(value))\(unit(part)) over \(length)"
        }
        return
            "\(name) \(detail): by \(numbers.text(value))\(unit(part)), and by \(numbers.text(before)) before that, over "
            + length
    }

    /// Says so when no value left its band: the alert would otherwise seem to argue against itself.
    private static func together(withinBands record: AlertRecord) -> String {
        let isWithin = record.channels.allSatisfy { part in
            guard let value = part.value, let low = part.low, let high = part.high else { return false }
            return (low...max(low, high)).contains(value)
        }
        guard isWithin, !record.channels.isEmpty else { return "" }
        return record.channels.count > 1
            ? " Each value is within its band: it is how they go together or change that is unusual."
            : " The value is within its band: it is how it changes that is unusual."
    }

    private static func closing(_ record: AlertRecord, _ context: Context) -> String {
        let end = record.until ?? record.time
        let names = record.seriesNames
        let isOfChannels =
            (record.kind == .stalled || record.kind == .stuck) && !record.channels.isEmpty && !context.isWholeSource
        let subject =
            isOfChannels
            ? joined(record.channels.map { "\(context.speaker).\($0.name)" })
            : names.count > 1 ? list(names) : context.isWholeSource ? "source \(names[0])" : names[0]
        let lasted = HumanDuration.text(seconds: end.seconds(since: record.since))
        let time = clock(end, seenFrom: record.time)
        let areChannels = record.channels.count > 1
        switch record.kind {
        case .stalled where isOfChannels:
            return "\(subject) \(areChannels ? "have" : "has") values again since \(time), after \(lasted) without."
        // The onset of a stall is when the silence had become unusual, not when it began.
        case .stalled:
            return "\(subject) \(names.count > 1 ? "speak" : "speaks") again since \(time); overdue for \(lasted)."
        case .stuck:
            return "\(subject) \(areChannels ? "change" : "changes") again since \(time), after \(lasted) of one value."
        case .input:
            return "\(subject) can be read again since \(time), after \(lasted) of unreadable lines."
        case .drift where record.channels.first?.value != nil: return settled(record, context, lasted)
        case .anomaly, .drift, .budget:
            // What stays is not back to normal: whoever reads this must know that the level moved.
            if let detail = context.detail { return "\(subject), unusual for \(lasted): \(detail)." }
            // The detectors take a level that stays for the usual one: whoever reads this must not stand down unseen.
            if let outcome = outcome(record, context) {
                return "\(subject) was unusual for \(lasted), until \(time): \(outcome)."
            }
            let (verb, pronoun) = names.count > 1 ? ("were", "they are") : ("was", "it is")
            return
                "\(subject) \(verb) unusual for \(lasted), until \(time): \(pronoun) back to normal, or at a level that "
                + "now counts as usual."
        }
    }

    /// Where the channel is that the opening had in front, beside where it was expected then.
    private static func outcome(_ record: AlertRecord, _ context: Context) -> String? {
        guard record.kind == .anomaly, record.seriesNames.count == 1, let opened = context.opened,
            let expected = opened.expected, let low = opened.low, let high = opened.high,
            let now = record.channels.first(where: { $0.name == opened.name })?.value
        else { return nil }
        let numbers = ReadableNumbers([now, expected, low, high], distances: [high - low])
        let value = "\(context.speaker).\(opened.name) is \(numbers.text(now))\(unit(opened))"
        if let then = opened.value, then > high ? now <= high : then < low && now >= low {
            return value + ", back from \(numbers.text(then))"
        }
        return (low...max(low, high)).contains(now)
            ? value + ", and nothing is unusual any more"
            : value + ", where \(numbers.text(expected)) was expected when it began; what it does counts as usual now"
    }

    /// Where a channel stays that has moved slowly.
    private static func settled(_ record: AlertRecord, _ context: Context, _ lasted: String) -> String {
        guard let part = record.channels.first, let value = part.value else { return "" }
        let numbers = ReadableNumbers([value], distances: part.expected.map { [(value - $0).magnitude] } ?? [])
        let place = context.detail == nil ? "it stays at" : "it changes from sample to sample by"
        return "\(context.speaker).\(part.name), moving for \(lasted): \(place) "
            + "\(numbers.text(value))\(unit(part)), which is learned."
    }

    /// The sentences of the `budget` incident.
    static func budget(_ event: AlertEvent, of held: AlertPolicy.HeldBack, at time: Timestamp, rate: Double) -> String {
        let explain = " explain: monitord explain \(held.id.prefix(IncidentIdentifier.shortDigits))"
        let every = rate > 0 ? "one in \(HumanDuration.text(seconds: 1 / rate))" : "none at all"
        if event == .close {
            let count = held.count == 1 ? "1 incident was" : "\(held.count) incidents were"
            let released = held.released == 0 ? "" : "; \(held.released) of them became stronger and were told later"
            let strongest = held.strongest.map {
                "; the strongest was of \($0.series), at a score of \(hundredths($0.score)) against its threshold of "
                    + hundredths($0.score - $0.excess)
            }
            let (first, last) = (clock(held.since, seenFrom: time), clock(held.last, seenFrom: time))
            let when = first == last ? "at \(first)" : "between \(first) and \(last)"
            return "\(count) held back \(when), none since\(released)\(strongest ?? "")." + explain
        }
        if held.isBelowBar {
            return
                "So many series are watched that one which is just above its threshold would be told more often than "
                + "the daemon's budget of \(every): weak incidents are held back since "
                + "\(clock(held.since, seenFrom: time)), first of \(held.firstSeries)." + explain
        }
        return "The daemon's budget of \(every) is spent: incidents are held back since "
            + "\(clock(held.since, seenFrom: time)), first of \(held.firstSeries)." + explain
    }

    /// A score for a sentence.
    private static func hundredths(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }

    /// What becomes of it when it stays, where that is not the usual way.
    private static func lasting(_ record: AlertRecord, _ context: Context) -> String {
        guard record.kind == .anomaly, record.event == .open else { return "" }
        switch context.learning.adaptation {
        case .auto: return ""
        case .ask: return " Should it stay, it is unusual until it is accepted."
        case .off: return " Should it stay, it is unusual until the series returns."
        }
    }

    // MARK: Parts of sentences

    private static func together(_ record: AlertRecord) -> String {
        record.allSeries.isEmpty ? "" : "\(record.allSeries.count) series at once: \(list(record.allSeries)). "
    }

    private static func observation(_ record: AlertRecord, _ context: Context) -> String {
        guard let part = headline(record.channels) else { return "\(context.speaker) is not as usual" }
        // Of a channel of two states the one it should be in may be the very one it is in: when it was is what is unusual.
        if let value = part.value, value == part.expected {
            return "\(context.speaker).\(part.name) is off its usual pattern"
        }
        let shown = [part.value, part.expected, part.low, part.high].compactMap { $0 }
        // A forecast is never whole to the last bit: whole numbers all through are states or counts and stay so.
        let areWhole = part.expected != nil && shown.allSatisfy { $0 == $0.rounded() && $0.magnitude < 1e6 }
        let numbers =
            areWhole
            ? ReadableNumbers.whole
            : ReadableNumbers(
                shown,
                distances: [
                    part.low.flatMap { low in part.high.map { $0 - low } },
                    part.expected.flatMap { expected in part.value.map { $0 - expected } },
                ].compactMap { $0 })
        let name = "\(context.speaker).\(part.name)"
        let seen = part.value.map { "\(name) is \(numbers.text($0))\(unit(part))" } ?? "\(name) is missing"
        guard let expected = part.expected else { return "\(seen), expected value not known yet" }
        guard let low = part.low, let high = part.high else {
            return "\(seen), expected \(numbers.text(expected)) (band not known yet)"
        }
        guard low < high else { return "\(seen), expected \(numbers.text(expected))" }
        return "\(seen), expected \(numbers.text(expected)) (\(numbers.text(low)) to \(numbers.text(high)))"
    }

    /// Half band widths that another state than the expected one counts for: out of the band, and no further.
    private static let distanceOfState = 2.0

    /// The channel furthest out of its band, in half band widths; the one with the largest share when no band is known.
    static func headline(_ parts: [AlertRecord.ChannelPart]) -> AlertRecord.ChannelPart? {
        var best: (part: AlertRecord.ChannelPart, distance: Double)?
        for part in parts {
            guard let value = part.value, let expected = part.expected, let low = part.low, let high = part.high,
                high >= low
            else { continue }
            let way = (value - expected).magnitude
            // A channel of two states has a band without width when only one of them was expected.
            let distance = high > low ? way / ((high - low) / 2) : way > 0 ? distanceOfState : 0
            if distance > best?.distance ?? -1 { best = (part, distance) }
        }
        return best?.part ?? parts.first
    }

    private static func contributors(_ record: AlertRecord, _ context: Context) -> String {
        guard let front = headline(record.channels)?.name else { return "" }
        var told = record.channels.filter { $0.share >= smallestShareTold }.prefix(mostNames)
        if !told.contains(where: { $0.name == front }) { told = told.prefix(mostNames - 1) }
        // One contributor that is the channel in front: the sentence has said it.
        if told.isEmpty || (told.count == 1 && told.first?.name == front) { return "" }
        let names = told.map { part in
            let low = part.direction == Explanation.Direction.low.rawValue ? ", low" : ""
            return "\(context.speaker).\(part.name) (\(percent(part.share)) %\(low))"
        }
        return " Mostly \(joined(names))."
    }

    /// Seconds below which a rarity is not worth saying: an alarm budget is counted in days.
    private static let shortestRarity = 600.0

    private static func rarity(_ record: AlertRecord, _ context: Context) -> String {
        if let score = record.score, let threshold = record.threshold, score < threshold {
            return "it stays away from normal, though no single sample is rare"
        }
        if context.learning.borrowedSamples > 0 {
            return "it is new here, or was away for long, and hardly any other ever came to that"
        }
        // A series that suddenly ticks faster than it was learned gives a rarity that means nothing.
        guard let rarity = record.rarity, rarity >= shortestRarity else { return "how rare this is is not known" }
        let learned = context.learning.learnedSeconds
        if rarity > 10 * learned {
            return "rarer than anything in the \(HumanDuration.text(seconds: learned)) learned"
        }
        return "rarer than once in \(HumanDuration.text(seconds: rarity))"
    }

    private static func learning(_ context: Context) -> String {
        context.learning.isLearning ? "; still learning (\(percent(context.learning.progress)) %)" : ""
    }

    /// What the silence is held against: `it usually does every 1 s and never stayed silent longer than 7 s`.
    private static func habit(_ silence: Silence) -> String {
        if silence.measure == .reported { return "its own system says that it has stopped" }
        guard silence.measure == .learned else { return "it should at least every \(span(silence.limit))" }
        let usual = silence.interval.map { "it usually does every \(span($0)) and" } ?? "it"
        switch silence.longer {
        case 0: return "\(usual) never stayed silent longer than \(span(silence.longest))"
        case 1: return "\(usual) stayed silent longer than \(span(silence.limit)) only once before"
        default: return "\(usual) stayed silent longer than \(span(silence.limit)) only \(silence.longer) times before"
        }
    }

    /// A short length of time with its unit; a longer one as ``HumanDuration`` has it.
    private static func span(_ seconds: Double) -> String {
        if seconds < 1 { return "\(Int64((max(0, seconds) * 1_000).rounded())) ms" }
        if seconds >= 120 { return HumanDuration.text(seconds: seconds) }
        let tenths = Int64((seconds * 10).rounded())
        return tenths % 10 == 0 || tenths >= 100 ? "\((tenths + 5) / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }

    private static func subject(_ context: Context) -> String {
        context.isWholeSource ? "source \(context.speaker)" : context.speaker
    }

    private static func detail(_ context: Context) -> String { context.detail.map { ", \($0)" } ?? "" }

    private static func unit(_ part: AlertRecord.ChannelPart) -> String { part.unit.map { " \($0)" } ?? "" }

    /// At most three names, and how many more.
    private static func list(_ names: [String]) -> String {
        guard names.count > mostNames else { return joined(names) }
        return names.prefix(mostNames).joined(separator: ", ") + " and \(names.count - mostNames) more"
    }

    private static func joined(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }

    private static func percent(_ share: Double) -> Int { Int((max(0, min(1, share)) * 100).rounded()) }

    /// The time of day and its zone, with the date when it is not the day it is seen from.
    static func clock(_ instant: Timestamp, seenFrom now: Timestamp) -> String {
        let whole = CivilTime(utc: instant)
        let text = "\(two(whole.hour)):\(two(whole.minute)):\(two(whole.second)) UTC"
        let today = CivilTime(utc: now)
        guard (whole.year, whole.month, whole.day) != (today.year, today.month, today.day) else { return text }
        return "\(whole.year)-\(two(whole.month))-\(two(whole.day)) \(text)"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
