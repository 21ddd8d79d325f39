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
    /// The last version whose parts had no frames.
    static let unframedVersion: UInt8 = 5

    /// Writes all but what is configuration: parts, of which one whose coding is new begins anew alone.
    func encode(to writer: inout StateWriter) {
        writer.write(Self.version)
        writer.write(isAccepted)
        writer.write(UInt8(6 + (peaks == nil ? 0 : 1)))
        writer.writePart(version: 1) { monitor.encode(to: &$0) }
        writer.writePart(version: 1) { tracker.encode(to: &$0) }
        writer.writePart(version: 1) { conditioner.encode(to: &$0) }
        writer.writePart(version: 1) { sensors.encode(to: &$0) }
        writer.writePart(version: 1) { drifts.encode(to: &$0) }
        if let peaks { writer.writePart(version: 1) { peaks.encode(to: &$0) } }
        writer.writePart(version: 1) { part in
            part.write(falseAlarmScores)
            part.write(UInt8(exclusions.count))
            for exclusion in exclusions { exclusion.encode(to: &part) }
            openings?.encode(to: &part)
        }
    }
}

extension SeriesMember {
    /// Reads what ``encode(to:)`` wrote, of this version or the one before it.
    ///
    /// - Parameters:
    ///   - number: of the series in its stream.
    ///   - fresh: a series of the same channels and settings that nothing is known of.
    ///   - extentCount: 0 where series are not compared with each other.
    ///   - anew: what was stored in another form and begins anew, in words, is added to it.
    /// - Throws: `StateCodingError` when the bytes are not those of a series of these channels.
    init(
        from bytes: [UInt8], number: Int, like fresh: SeriesMember, channels: [Channel], extentCount: Int,
        conditions: SampleConditions,
        detection: DetectionConfiguration, rule: IncidentRule, anew: inout [String]
    ) throws(StateCodingError) {
        var (reader, isFramed) = try Self.begin(bytes)
        isAccepted = try reader.readBool()
        var parts = isFramed ? try StateParts(from: &reader) : StateParts(unframed: reader)
        var within: [String] = []
        let stored = try parts.read("what is usual") { (part) throws(StateCodingError) in
            try SeriesMonitor(from: &part, configuration: detection, like: fresh.monitor, anew: &within)
        }
        parts.note(within)
        monitor = stored ?? fresh.monitor
        if stored == nil { monitor.begin(seriesSeed: splitMix(UInt64(number))) }
        guard monitor.channelCount == channels.count else {
            throw .invalid("\(monitor.channelCount) channels, not \(channels.count)")
        }
        tracker =
            try parts.read("its incident") { (part) throws(StateCodingError) in
                try IncidentTracker(rule: rule, from: &part)
            } ?? fresh.tracker
        conditioner =
            try parts.read("the conditioning of values") { (part) throws(StateCodingError) in
                try SampleConditioner(channels: channels, conditions: conditions, from: &part)
            } ?? fresh.conditioner
        sensors =
            try parts.read("the incidents of channels") { (part) throws(StateCodingError) in
                try SensorIncidents(
                    channelCount: channels.count, falseAlarmsPerSecond: detection.falseAlarmsPerSecond,
                    missing: conditions.missing, from: &part)
            } ?? fresh.sensors
        drifts =
            try parts.read("the incidents of drifts") { (part) throws(StateCodingError) in
                try DriftIncidents(from: &part)
            } ?? DriftIncidents()
        if extentCount > 0 {
            peaks =
                try parts.read("its own peaks") { (part) throws(StateCodingError) in
                    try OwnPeaks(from: &part, extentCount: extentCount)
                } ?? OwnPeaks(extentCount: extentCount)
        }
        openings = detection.profile == .full ? RecentOpenings() : nil
        if isFramed {
            let channelCount = channels.count
            let remembers = openings != nil
            let answers = try parts.read("what was answered") { (part) throws(StateCodingError) in
                let scores = try part.readDoubles()
                guard scores.allSatisfy(\.isFinite) else { throw .invalid("a false alarm without a score") }
                var exclusions: [Exclusion] = []
                for _ in 0..<(try part.read(UInt8.self)) { exclusions.append(try Exclusion(from: &part)) }
                let openings = remembers ? try RecentOpenings(from: &part, channelCount: channelCount) : nil
                return (scores, exclusions, openings)
            }
            if let answers { (falseAlarmScores, exclusions, openings) = answers }
        }
        anew += parts.anew
        falseAlarmsPerSecond = detection.falseAlarmsPerSecond
        history = nil
        image = PieceImage(of: bytes, number: number)
        isChanged = false
    }

    /// How a stored series is scaled.
    static func scaling(in bytes: [UInt8]) throws(StateCodingError) -> StoredScaling {
        var (reader, isFramed) = try begin(bytes)
        _ = try reader.readBool()
        var parts = isFramed ? try StateParts(from: &reader) : StateParts(unframed: reader)
        let stored = try parts.read("what is usual") { (part) throws(StateCodingError) in
            try StoredScaling(from: &part)
        }
        guard let stored else { throw .unknownVersion(of: "what is usual of a series") }
        return stored
    }

    /// A reader behind the version of a stored series, and whether its parts have frames.
    private static func begin(_ bytes: [UInt8]) throws(StateCodingError) -> (reader: StateReader, isFramed: Bool) {
        var reader = StateReader(bytes)
        let version = try reader.read(UInt8.self)
        guard version == Self.version || version == unframedVersion else { throw .unknownVersion(of: "a series") }
        return (reader, version == Self.version)
    }
}
