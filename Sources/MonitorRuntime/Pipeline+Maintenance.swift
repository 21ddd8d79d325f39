import Alerting
import AnomalyDetection
import Ingest
import TimeSeries

/// What came of asking for a silence.
enum SilenceOutcome: Equatable, Sendable {
    /// By stream: until when, in its event time.
    case silenced([Mute])
    /// No series has such a name.
    case unknown
    /// There are as many silences as there may be.
    case tooMany
}

/// What is not told for a time: because somebody said so, or because maintenance is planned.
extension Pipeline {
    /// Takes changes to the desk, and notes when it wants to hear of the time again.
    func admit(_ changes: [SeriesChange], at time: Timestamp) async throws -> [Bool] {
        let published = try await desk.admit(changes, at: time)
        nextEndOfSilence = await desk.nextEndOfSilence(of: name)
        return published
    }

    /// When the maintenance ends that is planned for a series at a time.
    func maintenanceEnd(of series: String, at time: Timestamp) -> Timestamp? {
        configuration.silence(forSeries: series).compactMap { $0.end(at: time, in: zone) }.max()
    }

    /// Until when nothing of a series is told: for good where its budget is none, whatever lasts, else for its maintenance.
    func quietEnd(of series: String, at time: Timestamp) -> Timestamp? {
        configuration.detection(forSeries: series).falseAlarmsPerSecond == 0
            ? Timestamp(nanoseconds: .max) : maintenanceEnd(of: series, at: time)
    }

    /// Whether the stream has a series that a pattern names, or is named by it.
    func has(_ pattern: NamePattern) -> Bool {
        pattern.matches(name) || seriesNames.contains(where: pattern.matches)
    }

    /// A silence was begun or ended beside the path of the samples.
    func hearOfSilence() async { nextEndOfSilence = await desk.nextEndOfSilence(of: name) }
}

extension StreamTable {
    /// Tells nothing of some series for a time: of each stream that has any, from the event time of its last sample on.
    ///
    /// It holds from the next tick on, not from the next round: it changes no score and nothing that is learned.
    func silence(_ pattern: NamePattern, stream wanted: String?, seconds: Double) async -> SilenceOutcome {
        var mutes: [Mute] = []
        for (name, pipeline) in pipelines.sorted(by: { $0.key < $1.key })
        where wanted.map({ $0 == name }) ?? true {
            guard await pipeline.has(pattern) else { continue }
            let now = await pipeline.lastTime
            mutes.append(
                Mute(stream: name, pattern: pattern, from: now, until: now.advanced(bySeconds: seconds)))
        }
        guard !mutes.isEmpty else { return .unknown }
        return await desk.silence(mutes) ? .silenced(mutes) : .tooMany
    }

    /// Ends silences that were asked for with such a pattern.
    func endSilence(_ pattern: NamePattern) async -> [Mute] {
        let ended = await desk.endSilence(pattern, at: await lastTimes())
        for pipeline in pipelines.values { await pipeline.hearOfSilence() }
        return ended
    }

    /// Silences that hold, in order of the asking.
    func silences() async -> [Mute] {
        let times = await lastTimes()
        return await desk.mutes.filter { mute in times[mute.stream].map { $0 < mute.until } ?? true }
    }

    private func lastTimes() async -> [String: Timestamp] {
        var times: [String: Timestamp] = [:]
        for (name, pipeline) in pipelines { times[name] = await pipeline.lastTime }
        return times
    }
}
