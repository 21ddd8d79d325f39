public import TimeSeries

/// What a checkpoint holds of a series. The weights are the group's and stored with it.
extension SeriesMonitor {
    static let version: UInt8 = 8

    /// What the bytes depend on besides: whether the networks take part, and how much is remembered.
    private static func mode(_ configuration: DetectionConfiguration) -> UInt8 {
        (configuration.usesNetworks ? 1 : 0) | configuration.profile.memory.rawValue << 1
    }

    /// Writes everything that later verdicts depend on; may be called after any sample.
    ///
    /// The bytes are bounded: about 160 KB for a series of few channels whose rings are full, a fifth of it after its
    /// first thousand samples.
    public func encode(to writer: inout StateWriter) {
        writer.write(Self.version)
        writer.write(UInt32(channelCount))
        writer.write(seed)
        writer.write(Self.mode(configuration))
        for scaler in scalers { scaler.encode(to: &writer) }
        writer.write(frame.values)
        writer.write(frame.scaled)
        writer.write(frame.previousScaled)
        for present in frame.isPresent { writer.write(present) }
        writer.write(sampleCount)
        bank.encode(to: &writer)
        networks?.encode(to: &writer)
        calibration.encode(to: &writer)
        onset.encode(to: &writer)
        eventThreshold.encode(to: &writer)
        stateThreshold.encode(to: &writer)
        gate.encode(to: &writer)
        writer.write(stateLevel)
        condition.encode(to: &writer)
        writer.write(severityLevel)
        writer.write(isAbnormal)
        writer.write(rebaselines)
        closedStretch.encode(to: &writer)
        writer.write(isAccepted)
        writer.write(isHeld)
        writer.write(lastEvent ?? .max)
        writer.write(hasDroppedFirstScores)
        writer.write(began != nil)
        writer.write(began?.nanoseconds ?? 0)
        writer.write(interval)
        learningReport.encode(to: &writer)
        bands.encode(to: &writer)
        forecastVote.encode(to: &writer)
        reconstructionVote.encode(to: &writer)
        moments?.encode(to: &writer)
        drifts?.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Parameter configuration: the one in force; its budget may differ from the one that the state was written
    ///   with and its forecaster or autoencoder, which then begins anew, its use of the networks may not.
    /// - Throws: ``StateCodingError`` when the bytes are cut short, of another version, or contradict themselves.
    public init(from reader: inout StateReader, configuration: DetectionConfiguration) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == Self.version else { throw .invalid("unknown version of a series") }
        let channels = Int(try reader.read(UInt32.self))
        // Each channel takes well over 8 bytes: a damaged count is found out before memory is asked for.
        guard channels > 0, channels * 8 <= reader.remaining else { throw .invalid("a series of \(channels) channels") }
        let storedSeed = try reader.read(UInt64.self)
        let mode = try reader.read(UInt8.self)
        guard mode >> 1 == Self.mode(configuration) >> 1 else {
            throw .invalid("the series was written under another profile")
        }
        guard mode == Self.mode(configuration) else {
            throw .invalid("the series was written with the networks \(configuration.usesNetworks ? "off" : "on")")
        }
        channelCount = channels
        self.configuration = configuration
        seed = storedSeed
        scalers = []
        for _ in 0..<channels { scalers.append(try ChannelScaler(from: &reader)) }
        frame = Frame(channelCount: channels)
        frame.values = try reader.readDoubles(count: channels)
        frame.scaled = try reader.readFloats(count: channels)
        frame.previousScaled = try reader.readFloats(count: channels)
        for index in 0..<channels { frame.isPresent[index] = try reader.readBool() }
        moves = Array(repeating: 0, count: channels)
        location = Array(repeating: 0, count: channels)
        scale = Array(repeating: 1, count: channels)
        sampleCount = try reader.read()
        let set = configuration.detectors
        bank = try DetectorBank(
            from: &reader, set: set, channelCount: channels, seed: storedSeed, sampleCount: sampleCount)
        fusion = EvidenceFusion(set)
        stateMembers = Self.stateMembers(of: set)
        departureMembers = DetectionRecipe.departureMembers.filter(set.contains)
        severityMembers = Self.severityMembers(of: set)
        networks =
            configuration.usesNetworks
            ? try SeriesNetworks(from: &reader, channelCount: channels, configuration: configuration) : nil
        // Another network errs by other amounts; the calibration, which knows only what is usual, goes on.
        if networks?.forecastBeginsAnew == true { bank.beginAnew(.forecast, channelCount: channels, seed: storedSeed) }
        if networks?.reconstructionBeginsAnew == true {
            for kind in [DetectorKind.reconstruction, .reconstructionWindow, .latent] {
                bank.beginAnew(kind, channelCount: channels, seed: storedSeed)
            }
        }
        raw = Array(repeating: 0, count: DetectorKind.count)
        votes = Array(repeating: false, count: raw.count)
        feeds = votes
        speaks = votes
        let memory = configuration.profile.memory
        calibration = Self.calibration(of: set, memory: memory)
        try calibration.restore(from: &reader)
        onset = try OnsetFilter(from: &reader, memory: memory)
        eventThreshold = try BlockMaximaThreshold(
            from: &reader, prior: DetectionRecipe.eventPrior(of: set), length: memory.rememberedBlocks)
        stateThreshold = try BlockMaximaThreshold(
            from: &reader, prior: DetectionRecipe.statePrior, length: memory.rememberedBlocks)
        gate = try LearningGate(from: &reader)
        stateLevel = try reader.readDouble()
        condition = try StateCondition(from: &reader)
        severityLevel = try reader.readDouble()
        isAbnormal = try reader.readBool()
        rebaselines = try reader.read()
        closedStretch = try ClosedStretch(
            from: &reader, channelCount: channels, memory: configuration.profile.memory)
        isAccepted = try reader.readBool()
        isHeld = try reader.readBool()
        let event = try reader.read(UInt64.self)
        guard event == .max || event < sampleCount else {
            throw .invalid("an event at sample \(event) of \(sampleCount)")
        }
        lastEvent = event == .max ? nil : event
        hasDroppedFirstScores = try reader.readBool()
        let hasBegun = try reader.readBool()
        let start = Timestamp(nanoseconds: try reader.read())
        began = hasBegun ? start : nil
        interval = try reader.readDouble()
        learningReport = try LearningReport(from: &reader)
        bands = try ExpectedBands(from: &reader, channelCount: channels)
        if networks?.forecastBeginsAnew == true { bands.beginForecastsAnew() }
        forecastVote = try EarnedVote(from: &reader)
        reconstructionVote = try EarnedVote(from: &reader)
        moments = Self.moments(configuration, channelCount: channels)
        if moments != nil { moments = try NotableMoments(from: &reader, channelCount: channels) }
        drifts = configuration.profile == .full ? try DriftWatch(from: &reader, channelCount: channels) : nil
        // Another network has earned nothing yet.
        if networks?.forecastBeginsAnew == true { forecastVote = EarnedVote() }
        if networks?.reconstructionBeginsAnew == true { reconstructionVote = EarnedVote() }
    }
}
