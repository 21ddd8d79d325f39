import AnomalyDetection
import Ingest
import NeuralNet

/// What the flow records of a file come to, put together as they would be when they are watched.
struct FoundFlows: Sendable {
    /// Puts them together.
    private(set) var gatherer: FlowGatherer
    /// Samples of all series.
    private(set) var samples = 0

    init(_ settings: FlowGatherer.Settings, mostSeries: Int) {
        let admission = SeriesAdmission(allowance: SeriesAllowance(mostSeries: mostSeries))
        gatherer = FlowGatherer(settings, admission: admission, writesTimes: false)
    }

    mutating func take(_ batch: RecordBatch) {
        var next = 0
        while next < batch.rows.count {
            let (gathered, stop) = gatherer.gather(batch, from: next, to: batch.rows.count)
            samples += gathered.evidence.count
            next = stop
        }
    }
}

/// Of a file of flow records.
extension SampleCheck {
    var flowIntervalText: String {
        let settings = source.flowSettings
        let interval = ConfigurationUnits.text(duration: settings.interval)
        let lateness =
            source.lateness.map { "\(ConfigurationUnits.text(duration: $0)) (configured)" }
            ?? "none, records that come late count in the sample that is open"
        return
            "interval: \(interval) (\(source.interval == nil ? "usual for flows" : "configured")), each sample with the "
            + "flows that end in it; lateness: \(lateness)"
    }

    func flowCosts(_ found: FoundFlows) -> [String] {
        let channels = FlowChannels.all.count
        let cost = configuration.seriesCost(channelCount: channels)
        let admitted = Int(clamping: found.gatherer.seriesCounts.admitted)
        let reckoned = max(1, found.gatherer.seriesNames.count)
        let resident = configuration.residentBytes(cost, channelCount: channels) + gatheringBytes(found)
        let shared = sharedBytes(found, reckoned, samples: SeriesCost.samples)
        let room = max(
            0, min(configuration.mostSeries, (configuration.mostMemory - shared) / ResidentMemory.atMost(resident)))
        let fits = admitted <= room ? "" : "; that is more than there is room for"
        let interval = source.flowSettings.interval
        return [
            Self.counts(found.gatherer),
            hosts(found, admitted),
            memory(found, cost),
            configuration.detection.takingPart
                + "; and each \(source.flowSettings.dimension.words)'s peaks are compared with the others'",
            "room for \(room) such series (max_series = \(configuration.mostSeries), max_memory = "
                + "\(ConfigurationUnits.text(size: configuration.mostMemory)))\(fits)",
            "processor: about \(cost.microseconds) µs a sample on this machine, training included, and "
                + "\(Self.tenths(Double(reckoned) / interval)) samples a second of so many series",
            "arithmetic: \(Kernels.best.arithmeticClass.rawValue) (\(Kernels.best.name))",
        ]
    }

    /// What the series take after the samples that these lines give them, and once their rings are full.
    private func memory(_ found: FoundFlows, _ cost: SeriesCost) -> String {
        let series = max(1, found.gatherer.seriesNames.count)
        let channels = FlowChannels.all.count
        let gathering = gatheringBytes(found)
        let full = configuration.residentBytes(cost, channelCount: channels) + gathering
        let shared = sharedBytes(found, series, samples: SeriesCost.samples)
        let seconds = Double(SeriesCost.samples) * source.flowSettings.interval
        let whole =
            "about \(Self.megabytes(shared + series * full)) when their rings are full, after "
            + "\(ConfigurationUnits.text(duration: (seconds / 3_600).rounded(.up) * 3_600)) (\(Self.kilobytes(full)) a series, "
            + "\(Self.kilobytes(gathering)) of them to put flows together, and \(Self.megabytes(shared)) shared)"
        let samples = found.samples / series
        guard (1..<SeriesCost.samples).contains(samples) else { return "memory: \(whole)" }
        let now = configuration.seriesCost(channelCount: channels, samples: samples)
        let part =
            series * (configuration.residentBytes(now, channelCount: channels) + gathering)
            + sharedBytes(found, series, samples: samples)
        return "memory: about \(Self.megabytes(part)) after these lines; \(whole)"
    }

    /// What a series takes to be put together.
    private func gatheringBytes(_ found: FoundFlows) -> Int { found.gatherer.bytesPerSeries + SeriesCost.bytesInHand }

    private func sharedBytes(_ found: FoundFlows, _ series: Int, samples: Int) -> Int {
        configuration.programBytes + found.gatherer.sharedBytes
            + configuration.replayBytes(
                channelCount: FlowChannels.all.count, seriesCount: series, samples: samples)
    }

    /// What became of the records.
    private static func counts(_ gatherer: FlowGatherer) -> String {
        let counts = gatherer.counts
        return "flows: \(counts.records) records, \(counts.continued) of them more of a flow, \(counts.late) late, "
            + "\(counts.misdated) far behind or ahead and not used, in \(gatherer.binCount) samples of time"
    }

    /// Who would be watched, and what it takes to be.
    private func hosts(_ found: FoundFlows, _ admitted: Int) -> String {
        let words = source.flowSettings.dimension.words
        let candidates = found.gatherer.candidateCount
        let wanted =
            "it takes 3 samples of \(ConfigurationUnits.text(duration: source.flowSettings.interval)) with a flow of it"
        guard admitted > 0 else {
            return "series: none yet, of \(candidates) seen (each a \(words)): \(wanted), and these lines cover "
                + "\(found.gatherer.binCount)"
        }
        let names = Self.list(found.gatherer.seriesNames, most: 10)
        let rest = candidates == 0 ? "" : "; \(candidates) more were seen and are none yet: \(wanted)"
        let again = admitted - found.gatherer.seriesNames.count
        let places = again > 0 ? ", \(again) of them in the place of one that was dropped" : ""
        return "series: \(admitted)\(places), each a \(words), with \(found.samples) samples: \(names)\(rest)"
    }

    private static func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}
