import Alerting
import AnomalyDetection
import Ingest
import TimeSeries

/// Who is silent for longer than usual.
extension Pipeline {
    /// Lets time pass without a line: an idle source may be silent.
    ///
    /// - Parameter seconds: the monotonic clock.
    func pass(at seconds: Double) async throws {
        // Lines that wait in hand were not silent.
        guard !isBusy, let latest = silence.latest else { return }
        let isDeclared = conditions.stalledAfter != nil || conditions.missing == .alarm
        let rate = isDeclared ? nil : configuration.detection.falseAlarmsPerSecond
        guard let passed = arrivals.passed(at: seconds, rate: rate) else { return }
        silence.pass(to: latest.advanced(bySeconds: passed), into: &shown)
        guard !shown.isEmpty else { return }
        let changes = shown
        shown.removeAll(keepingCapacity: true)
        try await closeTick()
        for change in changes { try await tell(change, names: []) }
    }

    /// Shows a line to the watch over silence, in the order of the input.
    func watchSilence(_ step: StreamSequencer.Step) {
        // A host without flows has samples of zeros, and is gone when it has none; so has a counter without lines.
        guard flows == nil, metrics == nil else { return }
        switch step.kind {
        case .sample:
            silence.observe(
                series: step.series, at: step.time, interval: step.interval, restarts: step.restarts, into: &shown)
        case .counted where step.time.nanoseconds != 0: silence.hear(at: step.time, into: &shown)
        case .stopped: silence.stop(series: step.series, at: step.time, into: &shown)
        case .counted, .repeated, .malformed, .ended: return
        }
        guard !shown.isEmpty else { return }
        for change in shown { silenceChanges.append((step.row, change)) }
        shown.removeAll(keepingCapacity: true)
    }

    /// Tells what a line has shown, before what the line itself says and after the ticks before it.
    func tellSilences(before outcome: LineOutcome, names: [String]) async throws {
        if let time = tick.time, time != outcome.step.time { try await closeTick() }
        while toldSilences < silenceChanges.count, silenceChanges[toldSilences].row <= outcome.step.row {
            toldSilences += 1
            try await tell(silenceChanges[toldSilences - 1].change, names: names)
        }
    }

    func tell(_ change: SilenceWatch.Change, names: [String]) async throws {
        let learning = LearningState(learnedSamples: 0, neededSamples: 0, learnedSeconds: 0)
        let subject: Silence.Subject
        let told: IncidentChange
        switch change {
        case .begins(let silence, let time):
            subject = silence.subject
            told = IncidentChange(
                event: .open, kind: .stalled, time: time, since: silence.since, onsetSample: silence.sampleNumber,
                severity: .warning, learning: learning, silence: silence)
        case .ends(let who, let time):
            subject = who
            told = IncidentChange(
                event: .close, kind: .stalled, time: time, since: time, onsetSample: 0, until: time,
                severity: .warning, learning: learning)
        }
        switch subject {
        case .source:
            _ = try await admit(
                [
                    SeriesChange(
                        stream: name, series: name, change: told,
                        mutedUntil: maintenanceEnd(of: name, at: told.time), isWholeSource: true)
                ], at: told.time)
        case .series(let number):
            let published = try await admit(
                [
                    SeriesChange(
                        stream: name, series: names[number], change: told, interval: told.silence?.interval,
                        mutedUntil: quietEnd(of: names[number], at: told.time))
                ], at: told.time)
            setLevel(published == [true] ? 1 : 0, of: number)
        }
    }
}
