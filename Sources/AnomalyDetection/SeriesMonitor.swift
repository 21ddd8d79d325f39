public import TimeSeries

/// Watches one series: scales, scores, calibrates and judges each sample, then learns from it.
///
///     values ─ ChannelScaler ─ z ─┬─ statistical detectors ─┐
///                                 └─ forecaster, autoencoder ┴─ raw scores
///        fast calibration (fed by every sample) ─ aspects ─ evidence f ─ onset ─ score against the budget's threshold
///        slow calibration (not fed while hot)   ─┬ state level and departure ─ normal or abnormal
///                                                ├ state level ─ the learning gate
///                                                └ severity level + f ─ severity
///
/// The order within a sample is fixed: score with what was learned before it, judge, decide whether to learn, learn.
/// Everything here belongs to the series alone; the networks' weights come with each call, as the snapshot of the
/// round. The same samples, weights and seed give the same verdicts, bit for bit; a monitor restored from its bytes
/// goes on as if nothing had happened.
///
/// Missing values: a missing channel adds nothing to any score and is not learned; the networks see it as unchanged. A
/// missed tick lets the networks see a held sample and feeds no calibration. After more missed ticks than a window
/// holds, the hidden state and the windows restart and calibration stays. A sample without any value is a missed tick
/// with a verdict: its score is 0 and everything else stays.
///
/// Observing allocates nothing once the rings are full; until then they grow now and then.
public struct SeriesMonitor: Sendable {
    /// Number of channels.
    public let channelCount: Int
    var configuration: DetectionConfiguration
    var seed: UInt64

    var scalers: [ChannelScaler]
    var frame: Frame
    /// Location of each channel when the last sample was scored, in its unit; its scale then is the frame's.
    var location: [Double]
    var bank: DetectorBank
    var bands: ExpectedBands
    let fusion: EvidenceFusion
    let stateMembers: [DetectorKind]
    let departureMembers: [DetectorKind]
    let severityMembers: [DetectorKind]
    var networks: SeriesNetworks?
    var votes = DetectorMask()
    /// Members that have something to say, whether or not they have earned a vote: state and severity hear them all, because
    /// the gate's levels were found with them.
    var speaks = DetectorMask()
    var feeds = DetectorMask()
    var calibration: ScoreCalibration
    var onset: OnsetFilter
    var eventThreshold: BlockMaximaThreshold
    var stateThreshold: BlockMaximaThreshold
    var gate = LearningGate()
    var stateLevel = DetectionRecipe.restingLevel
    var condition = StateCondition()
    var severityLevel = DetectionRecipe.restingLevel
    var isAbnormal = false
    var rebaselines: UInt64 = 0
    /// What the channels did behind the closed gate.
    var closedStretch: ClosedStretch
    /// Slow changes of the channels; `nil` under the profile `lean`, which has no room for it.
    var drifts: DriftWatch?
    /// Whether ``accept()`` was called since the last sample.
    var isAccepted = false
    /// Whether what was learned is held as it is, see ``hold()``.
    var isHeld = false
    /// Whether the next sample is not to be learned from, because somebody has said so. Set before it is observed; not part of the state.
    public var isExcluded = false
    /// Number of the last sample that was an event.
    var lastEvent: UInt64?
    var hasDroppedFirstScores = false
    /// Samples observed.
    public internal(set) var sampleCount: UInt64 = 0
    var began: Timestamp?
    /// Seconds between samples, as far as it is known.
    public internal(set) var interval = 1.0
    /// The last verdict; `nil` before the first sample.
    public internal(set) var last: Verdict?
    /// How the scores of the last sample that was told about divide among the channels; not part of the state.
    var attribution: Attribution?
    /// The incidents that it had; `nil` under the profile `lean`.
    var moments: NotableMoments?
    /// Running sums of the networks' errors beside those of doing without them.
    public internal(set) var learningReport = LearningReport()

    /// The score's threshold, and the rate that it was worked out for.
    private var told = (rate: Double.nan, threshold: 0.0)

    /// Whether the forecaster and the autoencoder are better than doing without them on this series.
    var forecastVote = EarnedVote()
    var reconstructionVote = EarnedVote()

    /// Creates the monitor of a new series.
    ///
    /// - Parameters:
    ///   - channelCount: number of channels, above 0.
    ///   - configuration: budget, seed, and whether the networks take part.
    ///   - seriesSeed: makes the random choices of this series its own.
    public init(channelCount: Int, configuration: DetectionConfiguration, seriesSeed: UInt64) {
        precondition(channelCount > 0, "a series of \(channelCount) channels")
        self.channelCount = channelCount
        self.configuration = configuration
        seed = splitMix(configuration.seed ^ seriesSeed)
        scalers = Array(repeating: ChannelScaler(), count: channelCount)
        frame = Frame(channelCount: channelCount)
        closedStretch = ClosedStretch(channelCount: channelCount, memory: configuration.profile.memory)
        drifts = configuration.profile == .full ? DriftWatch(channelCount: channelCount) : nil
        location = Array(repeating: 0, count: channelCount)
        let set = configuration.detectors
        bank = DetectorBank(set, channelCount: channelCount, seed: seed)
        bands = ExpectedBands(channelCount: channelCount)
        moments = Self.moments(configuration, channelCount: channelCount)
        fusion = EvidenceFusion(set)
        stateMembers = Self.stateMembers(of: set)
        departureMembers = DetectionRecipe.departureMembers.filter(set.contains)
        severityMembers = Self.severityMembers(of: set)
        networks =
            configuration.usesNetworks
            ? SeriesNetworks(channelCount: channelCount, configuration: configuration) : nil
        let memory = configuration.profile.memory
        calibration = Self.calibration(of: set, memory: memory)
        onset = OnsetFilter(memory: memory)
        eventThreshold = BlockMaximaThreshold(
            prior: DetectionRecipe.eventPrior(of: set), length: memory.rememberedBlocks)
        stateThreshold = BlockMaximaThreshold(prior: DetectionRecipe.statePrior, length: memory.rememberedBlocks)
    }

    /// Makes a copy of a monitor that has seen nothing the one of another series.
    ///
    /// What neither has changed yet is in memory once for both: of one channel under the profile `lean` a sixth for good.
    ///
    /// - Parameter seriesSeed: makes the random choices of the series its own.
    /// - Precondition: no sample was observed.
    public mutating func begin(seriesSeed: UInt64) {
        precondition(sampleCount == 0, "a monitor of \(sampleCount) samples begins")
        seed = splitMix(configuration.seed ^ seriesSeed)
        bank.sow(seed, channelCount: channelCount)
    }

    /// Applies another alarm budget, another way with a new level and another way to explain, from the next sample on.
    public mutating func reconfigure(
        falseAlarmsPerSecond: Double, adaptation: Adaptation, explanation: ExplanationMethod = .occlusion
    ) {
        configuration.falseAlarmsPerSecond = falseAlarmsPerSecond
        configuration.adaptation = adaptation
        configuration.explanation = explanation
    }

    /// Whether there is something to accept: the series is abnormal or not learned from.
    public var hasSomethingToAccept: Bool { isAbnormal || gate.closed > 0 }

    /// Takes what the series does now for usual, whatever `adapt` says: from the next sample on, or as soon as enough of it
    /// was seen to know its level (at most 64 samples after the gate closed, 208 under the profile `lean`).
    ///
    /// - Returns: ``hasSomethingToAccept``; without it nothing happens.
    public mutating func accept() -> Bool {
        isAccepted = hasSomethingToAccept
        return isAccepted
    }

    /// An incident that opened with this score was a false alarm: the threshold counts it as what is usual, from the next sample
    /// on. Of one that opened by its state there is nothing to move.
    public mutating func learnFalseAlarm(score: Double) {
        eventThreshold.learnFalseAlarm(score: score - DetectionRecipe.eventScoreOffset)
    }

    /// What the last sample showed of a slow change of a channel, which is learned and no anomaly: it begins or is over.
    public var driftChange: DriftChange? { drifts?.change }

    /// The drift that the last sample began is not told of: it begins once more when it goes on.
    public mutating func dismissDrift() { drifts?.dismiss() }

    /// Scores a sample, judges it, and learns from it.
    ///
    /// - Parameters:
    ///   - sample: its place in time.
    ///   - values: `[channelCount]` in the channels' units; NaN is missing, ±inf must not come.
    ///   - models: the weights that this round is scored with.
    ///   - scratch: working memory of the caller, any of the group's.
    ///   - log: takes the row for training, when the networks take part.
    ///   - series: number of the series within its group, for the log.
    ///   - isTold: whether somebody will be told of a sample, by its verdict; asked only where something begins. What such
    ///     a sample's channels had to do with it is found out before it is learned.
    /// - Returns: the verdict; its score is `nil` for the first 200 samples, its severity for the first 150.
    public mutating func observe(
        _ sample: SampleInput, values: Span<Double>, models: GroupModels, scratch: inout ScoringScratch,
        log: inout TrainingLog, series: Int = 0, isTold: (Verdict) -> Bool = { _ in true }
    ) -> Verdict {
        precondition(values.count == channelCount, "\(values.count) values for \(channelCount) channels")
        if let known = sample.interval, known > 0 { interval = known }
        drifts?.clear()
        if isExcluded { isHeld = true }
        if began == nil {
            began = sample.time
        } else if sample.windowRestarts {
            // The clock was set: what was learned before is as old as it took, not as old as the clock says.
            began = sample.time.advanced(bySeconds: -interval * Double(sampleCount))
        }
        let hasGap = bridge(sample, models: models, scratch: &scratch, log: &log, series: series)
        load(values, hasGap: hasGap)
        frame.phaseOfDay = sample.phaseOfDay
        frame.phaseOfWeek = sample.phaseOfWeek
        var verdict: Verdict
        if frame.presentCount == 0 {
            networks?.hold(frame, models: models, scratch: &scratch, log: &log, series: series)
            verdict = makeVerdict(at: sample.time, aspects: 0, score: 0)
        } else {
            let wasAbnormal = isAbnormal
            verdict = judge(sample, models: models, scratch: &scratch)
            if verdict.isEvent || isAbnormal && !wasAbnormal, isTold(verdict) {
                attribution = attribution(of: verdict, models: models, scratch: &scratch)
            }
            let (known, wasAccepted) = (rebaselines, isAccepted)
            learn(sample, models: models, scratch: &scratch, log: &log, series: series)
            if rebaselines != known {
                verdict.isAbnormal = false
                verdict.isNewNormal = true
                verdict.isAccepted = wasAccepted
                verdict.learning.isHeld = false
                verdict.learning.awaitsAcceptance = false
            }
        }
        sampleCount += 1
        last = verdict
        return verdict
    }

    // MARK: Before the score

    /// Takes the networks over what was missed before the sample.
    ///
    /// - Returns: whether more was missed than can be bridged.
    private mutating func bridge(
        _ sample: SampleInput, models: GroupModels, scratch: inout ScoringScratch, log: inout TrainingLog, series: Int
    ) -> Bool {
        if sample.windowRestarts || sample.missedTicks > DetectionRecipe.longestHold {
            networks?.restart()
            bank.restart()
            drifts?.restart()
            return true
        }
        for _ in 0..<max(0, sample.missedTicks) {
            networks?.hold(frame, models: models, scratch: &scratch, log: &log, series: series)
        }
        return false
    }

    /// Puts the values and their scaled form into the frame.
    private mutating func load(_ values: Span<Double>, hasGap: Bool) {
        frame.number = sampleCount
        bands.learnStates(frame)
        frame.load(values, hasGap: hasGap, scalers: scalers, location: &location)
    }

    // MARK: The judgement

    private mutating func judge(
        _ sample: SampleInput, models: GroupModels, scratch: inout ScoringScratch
    ) -> Verdict {
        networks?.expect(into: &frame, models: models, scratch: &scratch)
        bank.score(frame, into: &scratch.evidence.raw)
        noteVotes(seasonal: scratch.evidence.raw[DetectorKind.seasonal.rawValue])
        calibration.judge(&scratch.evidence)
        let aspects = fusion.strongestAspects(scratch.evidence.fast, votes: votes)
        let evidence = max(aspects, EvidenceFusion.stuck(scratch.evidence.fast, votes: votes))
        moveLevels(scratch.evidence.slow)
        judgeState()
        // A statement of its own: as an argument it would change `self` under a call on `self`, which copies the rings.
        let score = eventScore(evidence)
        let verdict = makeVerdict(at: sample.time, aspects: aspects, score: score)
        if verdict.isEvent { lastEvent = sampleCount }
        return verdict
    }

    /// The networks vote on events once they have trained a little and predict this series better than doing without them
    /// would, and not while a restart leaves them without a word.
    ///
    /// - Parameter seasonal: the raw score of that member: of a time of day that it does not know yet it says 0, which is no
    ///   opinion.
    private mutating func noteVotes(seasonal: Float) {
        let mayVote = networks != nil && sampleCount >= DetectionRecipe.firstNetworkVote
        for (index, kind) in bank.kinds.enumerated() {
            let isKnown =
                bank.began[index] == 0 || sampleCount - bank.began[index] >= DetectionRecipe.firstVoteOfNewcomer
            var (speaks, hasEarned) = (isKnown, true)
            switch kind {
            case .forecast:
                speaks = isKnown && mayVote && frame.hasForecast
                hasEarned = forecastVote.isEarned
            case .reconstruction, .reconstructionWindow, .latent:
                speaks = isKnown && mayVote && frame.hasReconstruction
                hasEarned = reconstructionVote.isEarned
            case .seasonal:
                speaks = isKnown && seasonal > 0
            default: break
            }
            self.speaks[kind.rawValue] = speaks
            votes[kind.rawValue] = speaks && hasEarned
        }
    }

    /// Whether a member's score is fed to its calibration. While the series is young also scores of 0 of networks that
    /// have nothing to say yet count, as the constants were found with them.
    private mutating func noteFeeds(seasonal: Float) {
        let isYoung = sampleCount < DetectionRecipe.firstNetworkVote
        for kind in bank.kinds {
            switch kind {
            case .forecast: feeds[kind.rawValue] = networks != nil && (isYoung || frame.hasForecast)
            case .reconstruction, .reconstructionWindow, .latent:
                feeds[kind.rawValue] = networks != nil && (isYoung || frame.hasReconstruction)
            case .seasonal: feeds[kind.rawValue] = seasonal > 0
            default: feeds[kind.rawValue] = true
            }
        }
    }

    private mutating func moveLevels(_ evidence: [Double]) {
        let state = EvidenceFusion.mean(
            of: stateMembers, evidence, votes: speaks, cap: DetectionRecipe.stateCap)
        let severity = EvidenceFusion.mean(
            of: severityMembers, evidence, votes: speaks, cap: .infinity)
        stateLevel += DetectionRecipe.stateRate * (state - stateLevel)
        if departureMembers.contains(where: { speaks[$0.rawValue] }) {
            condition.note(
                departure: EvidenceFusion.mean(
                    of: departureMembers, evidence, votes: speaks, cap: DetectionRecipe.stateCap))
        }
        severityLevel += DetectionRecipe.severityRate * (min(DetectionRecipe.severityCap, severity) - severityLevel)
    }

    /// Expected false alarms in one sample.
    private var rate: Double { interval * configuration.falseAlarmsPerSecond }

    private mutating func judgeState() {
        guard sampleCount >= DetectionRecipe.firstStateSample else { return }
        let range = DetectionRecipe.stateThresholdRange
        let threshold = max(range.lowerBound, min(range.upperBound, stateThreshold.threshold(rate: rate)))
        let isOut = condition.judge(
            level: stateLevel, threshold: threshold, knowsDeparture: !departureMembers.isEmpty)
        isAbnormal = isOut || isHeldElsewhere
        if !isHeld { stateThreshold.push(stateLevel) }
    }

    /// Score of the evidence: 0 unless something begins. The sample's own block is not in the fit that scores it.
    private mutating func eventScore(_ evidence: Double) -> Double {
        guard sampleCount >= DetectionRecipe.firstEventSample else { return 0 }
        let limit = eventThreshold.threshold(rate: rate * DetectionRecipe.eventRateShare)
        defer {
            if !isHeld { eventThreshold.push(evidence, censoredAbove: limit) }
        }
        guard onset.admit(evidence) else { return 0 }
        return max(0, eventThreshold.score(evidence) + DetectionRecipe.eventScoreOffset)
    }

    private mutating func makeVerdict(at time: Timestamp, aspects: Double, score: Double) -> Verdict {
        var learning = LearningState(
            learnedSamples: gate.learned, neededSamples: DetectionRecipe.firstEventSample,
            learnedSeconds: max(0, time.seconds(since: began ?? time)))
        if networks != nil {
            learning.forecasterVotes = votes[DetectorKind.forecast.rawValue]
            learning.autoencoderVotes = votes[DetectorKind.reconstruction.rawValue]
        }
        learning.secondsUntilVote =
            interval * Double(max(0, Int(DetectionRecipe.firstEventSample) - Int(clamping: gate.learned)))
        learning.thresholdProgress = eventThreshold.progress
        learning.secondsUntilOwnThreshold = interval * eventThreshold.samplesUntilOwn
        learning.adaptation = configuration.adaptation
        learning.isHeld = isHeld
        learning.awaitsAcceptance = configuration.adaptation == .ask && gate.isPatienceOver
        return Verdict(
            time: time, sampleNumber: sampleCount,
            score: sampleCount >= DetectionRecipe.firstEventSample ? score : nil,
            threshold: scoreThreshold(),
            severity: sampleCount >= DetectionRecipe.firstStateSample
                ? severityLevel + DetectionRecipe.severityEvidenceWeight * aspects : nil,
            isAbnormal: isAbnormal, learning: learning)
    }

    /// The score from which an event is one: it changes with the rate alone.
    private mutating func scoreThreshold() -> Double {
        let rate = rate
        if rate != told.rate { told = (rate, max(DetectionRecipe.lowestThreshold, -Transcendental.log10(rate))) }
        return told.threshold
    }

    // MARK: Learning

    private mutating func learn(
        _ sample: SampleInput, models: GroupModels, scratch: inout ScoringScratch, log: inout TrainingLog, series: Int
    ) {
        let wasAccepted = isAccepted
        let decision = decideGate()
        let isOpen = decision == .open
        hold()
        noteFeeds(seasonal: scratch.evidence.raw[DetectorKind.seasonal.rawValue])
        calibration.learn(
            feedsFast: sampleCount >= DetectionRecipe.firstFastCalibrationSample && !frame.isHeld, feedsSlow: isOpen,
            feeds: feeds, scratch.evidence.transformed)
        if !hasDroppedFirstScores, sampleCount >= DetectionRecipe.slowDropSample {
            hasDroppedFirstScores = true
            calibration.dropFirstScores()
        }
        let errors = noteErrors(isOpen: isOpen, scratch: &scratch)
        learnBands(isOpen: isOpen)
        bank.learn(frame, weight: isOpen ? 1 : 0)
        if isOpen { drifts?.learn(frame, scalers: scalers, interval: interval) }
        networks?.advance(
            frame, phaseOfDay: sample.phaseOfDay, isOpen: isOpen, errors: errors, models: models, scratch: &scratch,
            log: &log, series: series)
        frame.rememberScaled()
        frame.learn(into: &scalers, isOpen: isOpen)
        if decision == .rebaseline { settle(wasAccepted: wasAccepted) }
    }

    /// Under `adapt = "ask"` and `"off"` what was learned is held as it is from an abnormal state or an event on, while the
    /// series is at another level or scatters more widely than is usual (``ClosedStretch/isElsewhere``; until that is known,
    /// while the gate is closed). Then nothing learns of what the series does, neither models nor running statistics,
    /// calibrations or thresholds. Under `"auto"`, or while the gate only flutters, they follow with a tenth. Not before the
    /// first ``DetectionRecipe/firstHeldSample`` samples learned: what is younger is not known well enough to hold to.
    private mutating func hold() {
        if isExcluded {
            isHeld = true
            frame.isHeld = true
            return
        }
        let mayHold =
            configuration.adaptation != .auto && gate.closed > 0 && gate.learned >= DetectionRecipe.firstHeldSample
        let isBehindEvent = lastEvent.map { sampleCount - $0 <= DetectionRecipe.eventHoldSamples } ?? false
        isHeld =
            mayHold && (isHeld || isAbnormal || isBehindEvent)
            && (!closedStretch.hasLevel || closedStretch.isElsewhere)
        frame.isHeld = isHeld
    }

    /// Whether the series is known to be elsewhere, so that neither its state nor the gate may call it usual.
    private var isHeldElsewhere: Bool { isHeld && closedStretch.hasLevel }

    private mutating func decideGate() -> LearningGate.Decision {
        if isExcluded { return .closed }
        guard sampleCount >= DetectionRecipe.firstStateSample else {
            gate.admitUnguarded()
            return .open
        }
        let adaptation: Adaptation = gate.learned < DetectionRecipe.firstHeldSample ? .auto : configuration.adaptation
        let decision = gate.admit(
            level: isHeldElsewhere ? .infinity : stateLevel, adaptation: adaptation,
            isAccepted: isAccepted && (gate.closed == 0 || closedStretch.hasLevel))
        if decision != .closed { isAccepted = false }
        switch decision {
        case .open: break
        case .closed:
            if gate.closed == 1 { closedStretch.begin(patience: Int(gate.patience)) }
            closedStretch.note(frame, scalers: scalers)
        case .rebaseline:
            rebaselines += 1
            stateLevel = DetectionRecipe.restingLevel
            condition = StateCondition()
            severityLevel = DetectionRecipe.restingLevel
            isAbnormal = false
            calibration.rebaseline(seed: splitMix(seed &+ rebaselines))
            bank.rebaseline()
        }
        return decision
    }

    /// Moves the channels' usual places to where they are now, and with them all that is held in scales: otherwise the
    /// level just accepted would look strange until it is learned again.
    ///
    /// - Parameter wasAccepted: whether somebody accepted what the series does now, and not what it did for most of the time.
    private mutating func settle(wasAccepted: Bool) {
        var moves = Array(repeating: Float(0), count: channelCount)
        for index in scalers.indices {
            let before = scalers[index].location
            scalers[index].rebaseline(to: closedStretch.level(channel: index, isLatest: wasAccepted))
            moves[index] = Float((scalers[index].location - before) / frame.scale[index])
            frame.scaled[index] -= moves[index]
            frame.previousScaled[index] -= moves[index]
        }
        bank.recentre(by: moves)
        networks?.restart()
        drifts?.restart()
        closedStretch.begin(patience: 0)
    }

    /// Before the detectors learn: the errors count in the unit that the sample was told in.
    private mutating func learnBands(isOpen: Bool) {
        let usesForecast = networks != nil && sampleCount >= DetectionRecipe.firstEventSample
        bands.observe(frame, usesForecast: usesForecast, isOpen: isOpen, bank: bank)
    }

    /// Adds the sample's errors to the learning report, and to what the votes are earned by if it is learned from.
    ///
    /// - Returns: those of the forecaster, where the sample is learned from.
    private mutating func noteErrors(isOpen: Bool, scratch: inout ScoringScratch) -> SampleErrors {
        guard frame.hasForecast else { return SampleErrors() }
        let before = learningReport
        var report = before
        report.noteForecast(frame)
        if frame.hasReconstruction {
            networks?.scatter(into: &scratch)
            report.noteReconstruction(frame, usual: scratch.usual.span)
        }
        learningReport = report
        guard isOpen else { return SampleErrors() }
        let part = report.since(before)
        noteSkill(part)
        return SampleErrors(part)
    }

    private mutating func noteSkill(_ part: LearningReport) {
        if part.forecastCount > 0 {
            forecastVote.note(
                error: part.forecastError / part.forecastCount, naive: part.persistenceError / part.forecastCount)
        }
        if part.reconstructionCount > 0 {
            reconstructionVote.note(
                error: part.reconstructionError / part.reconstructionCount,
                naive: part.meanError / part.reconstructionCount)
        }
    }

    // MARK: Memory

    /// Bytes that the series takes: bounded; of one channel about 240 KB when its rings are full and a third of it when
    /// young, under the profile `lean` under 7 KB.
    public var memoryBytes: Int {
        let detectors = bank.memoryBytes
        let scaling = scalers.reduce(channelCount * (112 + 16 + 40)) { $0 + $1.memoryBytes }
        let judging = onset.memoryBytes + eventThreshold.memoryBytes + stateThreshold.memoryBytes
        return MemoryLayout<Self>.size + detectors + scaling + judging + calibration.memoryBytes
            + bands.memoryBytes + (moments?.memoryBytes ?? 0) + (networks?.memoryBytes ?? 0) + closedStretch.memoryBytes
            + (drifts?.memoryBytes ?? 0)
    }

    static func stateMembers(of set: DetectorSet) -> [DetectorKind] {
        let wanted = set.usesNetworks ? DetectionRecipe.stateMembers : DetectionRecipe.stateMembersWithoutNetworks
        return wanted.filter(set.contains)
    }

    /// Members of the severity: those of the recipe, and detectors that were chosen beside the usual ones.
    static func severityMembers(of set: DetectorSet) -> [DetectorKind] {
        DetectionRecipe.severityMembers.filter(set.contains) + set.kinds.filter { !DetectorSet.full.contains($0) }
    }

    static func calibration(of set: DetectorSet, memory: ScoreMemory) -> ScoreCalibration {
        let slow = Set(severityMembers(of: set) + stateMembers(of: set))
        return ScoreCalibration(
            fastMembers: set.kinds.filter { $0.aspect != nil || $0 == .stuck },
            slowMembers: set.kinds.filter(slow.contains), memory: memory)
    }
}
