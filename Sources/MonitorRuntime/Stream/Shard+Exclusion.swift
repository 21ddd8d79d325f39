import AnomalyDetection
import Persistence
import TimeSeries

/// Learning that somebody takes back, or forbids beforehand.
extension Shard {
    /// Does not learn from a span of time. What was learned from it already is taken back: the series' scaling, detectors,
    /// calibration and hidden state begin where an older state had them, or anew, and learn once more from the samples that the
    /// history has, without the span. Weights, which are the group's, stay; so does an incident that is open.
    ///
    /// - Parameters:
    ///   - number: of the series in its stream.
    ///   - older: the series' piece of a state from before the span, with the event time of its last sample; `nil` to begin anew.
    ///   - samples: of the history, in order of time.
    ///   - models: the weights in force.
    ///   - latest: event time of the stream's last sample.
    /// - Returns: how many samples were learned from again, 0 where too few are kept to begin with, and what was learned stays;
    ///   `nil` when there is no such series.
    func exclude(
        _ exclusion: Exclusion, series number: Int, named name: String, since older: (piece: [UInt8], time: Timestamp)?,
        samples: [HistorySample], models: GroupModels, zone: TimeZoneRules, latest: Timestamp
    ) -> Int? {
        guard let index = members[number] else { return nil }
        touch(index)
        if series[index].exclusions.count == SeriesMember.mostExclusions { series[index].exclusions.removeFirst() }
        series[index].exclusions.append(exclusion)
        guard exclusion.from <= latest else { return 0 }
        let told = settings(name)
        // Of an older build's snapshot what is stored in another form begins anew, as it does at a start.
        var anew: [String] = []
        let restored = older.flatMap { older in
            try? SeriesMember(
                from: older.piece, number: number, like: fresh(told), channels: channels, extentCount: extents.count,
                conditions: conditions, detection: told.detection, rule: told.rule, anew: &anew)
        }
        var monitor = (restored ?? newcomer(number, named: name)).monitor
        // A clock that is set between two samples would have begun the window anew: so does a gap of that length.
        let interval = series[index].monitor.interval
        var previous = restored == nil ? nil : older?.time
        var learned = 0
        // What the group's networks are trained from was taken when the samples came.
        var discarded = TrainingLog()
        for sample in samples where previous.map({ sample.time > $0 }) ?? true {
            guard sample.channels.count == channelCount else { continue }
            let missed = previous.map { max(0, (sample.time.seconds(since: $0) / interval).rounded() - 1) } ?? 0
            let input = SampleInput(
                time: sample.time, missedTicks: Int(min(missed, 1e6)), interval: interval,
                phaseOfDay: PhaseOfDay.turns(at: sample.time, interval: interval, in: zone),
                phaseOfWeek: PhaseOfDay.turnsOfWeek(at: sample.time, in: zone))
            for channel in values.indices { values[channel] = sample.channels[channel].value ?? .nan }
            scale(at: sample.time, number: number)
            monitor.isExcluded = series[index].isExcluded(at: sample.time)
            _ = monitor.observe(
                input, values: values.span, models: models, scratch: &scratch, log: &discarded, series: number
            ) { _ in false }
            discarded.removeAll()
            previous = sample.time
            learned += 1
        }
        // Better what was learned with the span than next to nothing: the history is off, or too short.
        let isForgetful = monitor.last?.learning.isLearning ?? true
        guard !isForgetful || series[index].monitor.last?.learning.isLearning ?? true else { return 0 }
        guard learned > 0 else { return 0 }
        monitor.isExcluded = false
        series[index].monitor = monitor
        return learned
    }
}
