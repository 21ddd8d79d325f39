import Alerting
import AnomalyDetection
import Ingest
import Persistence
import TimeSeries

/// One series as its shard holds it: what it has learned, its incidents, and what is stored of it.
struct SeriesMember {
    var monitor: SeriesMonitor
    var tracker: IncidentTracker
    var conditioner: SampleConditioner
    var sensors: SensorIncidents
    var drifts = DriftIncidents()
    /// Of a fleet whose series are compared with each other.
    var peaks: OwnPeaks?
    var falseAlarmsPerSecond: Double
    /// Its last incidents, about which somebody may have an answer; `nil` under the profile `lean`.
    var openings: RecentOpenings?
    /// Scores of incidents that were called false alarms and are learned from at the next round's border.
    var falseAlarmScores: [Double] = []
    /// Spans of event time that it is not to learn from.
    var exclusions: [Exclusion] = []
    /// Whether what the series does is accepted at the next round's border.
    var isAccepted = false
    /// Its last samples, on their way to the history; `nil` where none is kept.
    var history: SeriesHistory?
    /// What is stored of it.
    var image: PieceImage
    /// What is stored of it once the commit in progress counts.
    var nextImage: PieceImage?
    /// Whether it has changed since it was last saved.
    var isChanged = true
    /// Whether it is to be saved as it is, before it changes.
    var isPending = false

    static let version: UInt8 = 6

    /// Writes all but what is configuration.
    func encode(to writer: inout StateWriter) {
        writer.write(Self.version)
        writer.write(isAccepted)
        monitor.encode(to: &writer)
        tracker.encode(to: &writer)
        conditioner.encode(to: &writer)
        sensors.encode(to: &writer)
        drifts.encode(to: &writer)
        peaks?.encode(to: &writer)
        writer.write(falseAlarmScores)
        writer.write(UInt8(exclusions.count))
        for exclusion in exclusions { exclusion.encode(to: &writer) }
        openings?.encode(to: &writer)
    }
}

extension SeriesMember {
    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - number: of the series in its stream.
    ///   - extentCount: 0 where series are not compared with each other.
    /// - Throws: `StateCodingError` when the bytes are not those of a series of these channels.
    init(
        from bytes: [UInt8], number: Int, channels: [Channel], extentCount: Int, conditions: SampleConditions,
        detection: DetectionConfiguration, rule: IncidentRule
    ) throws(StateCodingError) {
        var reader = StateReader(bytes)
        let version = try reader.read(UInt8.self)
        guard version == 5 || version == Self.version else { throw .invalid("unknown version of a series") }
        isAccepted = try reader.readBool()
        monitor = try SeriesMonitor(from: &reader, configuration: detection)
        guard monitor.channelCount == channels.count else {
            throw .invalid("\(monitor.channelCount) channels, not \(channels.count)")
        }
        tracker = try IncidentTracker(rule: rule, from: &reader)
        conditioner = try SampleConditioner(channels: channels, conditions: conditions, from: &reader)
        sensors = try SensorIncidents(
            channelCount: channels.count, falseAlarmsPerSecond: detection.falseAlarmsPerSecond,
            missing: conditions.missing, from: &reader)
        drifts = try DriftIncidents(from: &reader)
        peaks = extentCount == 0 ? nil : try OwnPeaks(from: &reader, extentCount: extentCount)
        openings = detection.profile == .full ? RecentOpenings() : nil
        if version > 5 {
            falseAlarmScores = try reader.readDoubles()
            guard falseAlarmScores.allSatisfy(\.isFinite) else { throw .invalid("a false alarm without a score") }
            for _ in 0..<(try reader.read(UInt8.self)) { exclusions.append(try Exclusion(from: &reader)) }
            if openings != nil { openings = try RecentOpenings(from: &reader, channelCount: channels.count) }
        }
        falseAlarmsPerSecond = detection.falseAlarmsPerSecond
        history = nil
        image = PieceImage(of: bytes, number: number)
        isChanged = false
    }
}
