public import TimeSeries

/// What a checkpoint holds of a series. The weights are the group's and stored with it.
///
///     version · channels · seed · mode · count of parts · parts, each with its version and length
///
/// A part whose coding is new begins anew alone: a detector learns as one that has joined, with a calibration of its own that
/// begins too, and the others go on voting with what they know. Without its scaling a series means nothing: then all of it does.
extension SeriesMonitor {
    static let version: UInt8 = 9
    /// The last version whose parts had no frames.
    static let unframedVersion: UInt8 = 8

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
        writer.write(UInt8(9 + (networks == nil ? 0 : 1) + (moments == nil ? 0 : 1) + (drifts == nil ? 0 : 1)))
        writer.writePart(version: 1) { encodeScaling(to: &$0) }
        writer.writePart(version: 1) { bank.encode(to: &$0) }
        if let networks { writer.writePart(version: 1) { networks.encode(to: &$0) } }
        writer.writePart(version: 1) { calibration.encode(to: &$0) }
        writer.writePart(version: 1) { onset.encode(to: &$0) }
        writer.writePart(version: 1) {
            eventThreshold.encode(to: &$0)
            stateThreshold.encode(to: &$0)
        }
        writer.writePart(version: 1) { encodeCondition(to: &$0) }
        writer.writePart(version: 1) { learningReport.encode(to: &$0) }
        writer.writePart(version: 1) { bands.encode(to: &$0) }
        writer.writePart(version: 1) {
            forecastVote.encode(to: &$0)
            reconstructionVote.encode(to: &$0)
        }
        if let moments { writer.writePart(version: 1) { moments.encode(to: &$0) } }
        if let drifts { writer.writePart(version: 1) { drifts.encode(to: &$0) } }
    }

    private func encodeScaling(to writer: inout StateWriter) {
        for scaler in scalers { scaler.encode(to: &writer) }
        writer.write(frame.values)
        writer.write(frame.scaled)
        writer.write(frame.previousScaled)
        for present in frame.isPresent { writer.write(present) }
        writer.write(sampleCount)
    }

    /// Where the series stands between normal and abnormal, and since when it is known.
    private func encodeCondition(to writer: inout StateWriter) {
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
    }

    /// Reads what ``encode(to:)`` wrote, of this version or the one before it.
    ///
    /// - Parameter configuration: the one in force; its budget may differ from the one that the state was written
    ///   with and its forecaster or autoencoder, which then begins anew, its use of the networks may not.
    /// - Throws: ``StateCodingError`` when the bytes are cut short or contradict themselves, and
    ///   ``StateCodingError/unknownVersion(of:)`` when the whole or its scaling is stored in another form.
    public init(from reader: inout StateReader, configuration: DetectionConfiguration) throws(StateCodingError) {
        var anew: [String] = []
        try self.init(from: &reader, configuration: configuration, anew: &anew)
    }

    /// Reads what ``encode(to:)`` wrote, as ``init(from:configuration:)``.
    ///
    /// - Parameters:
    ///   - fresh: one of the same channels and configuration that has seen nothing, see ``begin(seriesSeed:)``.
    ///   - anew: what was stored in another form and begins anew, in words, is added to it.
    public init(
        from reader: inout StateReader, configuration: DetectionConfiguration, like fresh: SeriesMonitor? = nil,
        anew: inout [String]
    ) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard version == Self.version || version == Self.unframedVersion else {
            throw .unknownVersion(of: "what is usual of a series")
        }
        let isFramed = version == Self.version
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
        if let fresh, fresh.channelCount == channels, fresh.configuration == configuration, fresh.sampleCount == 0 {
            self = fresh
        } else {
            self.init(channelCount: channels, configuration: configuration, seriesSeed: 0)
        }
        seed = storedSeed
        var parts = isFramed ? try StateParts(from: &reader) : StateParts(unframed: reader)
        let scaling: Void? = try parts.read("the scaling") { (part) throws(StateCodingError) in
            try readScaling(from: &part)
        }
        guard scaling != nil else { throw .unknownVersion(of: "how a series is scaled") }
        var newcomers: [DetectorKind] = []
        let known = try parts.read("the detectors") { (part) throws(StateCodingError) in
            try DetectorBank(
                from: &part, set: configuration.detectors, channelCount: channels, seed: storedSeed,
                sampleCount: sampleCount, isFramed: isFramed, anew: &newcomers)
        }
        parts.note(newcomers.map { "the detector \($0.name)" })
        bank =
            known
            ?? DetectorBank(
                configuration.detectors, channelCount: channels, seed: storedSeed, beganAt: sampleCount)
        if known == nil { newcomers = bank.kinds }
        if configuration.usesNetworks {
            let stored = try parts.read("the state of the networks") { (part) throws(StateCodingError) in
                try SeriesNetworks(from: &part, channelCount: channels, configuration: configuration)
            }
            networks = stored ?? SeriesNetworks(anewOf: channels, configuration: configuration)
        }
        try restoreJudgement(from: &parts, newcomers: newcomers)
        // Another network errs by other amounts; the calibration, which knows only what is usual, goes on.
        beginAnew(
            forecaster: networks?.forecastBeginsAnew ?? false, autoencoder: networks?.reconstructionBeginsAnew ?? false)
        anew += parts.anew
        reader = try parts.finish()
    }

    /// Another forecaster or autoencoder than the one that the series knows takes its place: what the series has learned of
    /// its errors, and the vote that it had earned, are forgotten.
    public mutating func beginAnew(forecaster: Bool, autoencoder: Bool) {
        if forecaster {
            bank.beginAnew(.forecast, channelCount: channelCount, seed: seed)
            bands.beginForecastsAnew()
            forecastVote = EarnedVote()
            networks?.forgetForecasts()
        }
        if autoencoder {
            for kind in [DetectorKind.reconstruction, .reconstructionWindow, .latent] {
                bank.beginAnew(kind, channelCount: channelCount, seed: seed)
            }
            reconstructionVote = EarnedVote()
        }
    }

    private mutating func readScaling(from reader: inout StateReader) throws(StateCodingError) {
        for index in 0..<channelCount { scalers[index] = try ChannelScaler(from: &reader) }
        frame.values = try reader.readDoubles(count: channelCount)
        frame.scaled = try reader.readFloats(count: channelCount)
        frame.previousScaled = try reader.readFloats(count: channelCount)
        for index in 0..<channelCount { frame.isPresent[index] = try reader.readBool() }
        sampleCount = try reader.read()
    }

    private mutating func restoreJudgement(
        from parts: inout StateParts, newcomers: [DetectorKind]
    ) throws(StateCodingError) {
        let memory = configuration.profile.memory
        let set = configuration.detectors
        let channels = channelCount
        var fresh = calibration
        let stored = try parts.read("the calibration") { (part) throws(StateCodingError) in
            try fresh.restore(from: &part, without: newcomers)
            return fresh
        }
        calibration = stored ?? calibration
        onset =
            try parts.read("the filter of onsets") { (part) throws(StateCodingError) in
                try OnsetFilter(from: &part, memory: memory)
            } ?? onset
        let thresholds = try parts.read("the thresholds") { (part) throws(StateCodingError) in
            (
                event: try BlockMaximaThreshold(
                    from: &part, prior: DetectionRecipe.eventPrior(of: set), length: memory.rememberedBlocks),
                state: try BlockMaximaThreshold(
                    from: &part, prior: DetectionRecipe.statePrior, length: memory.rememberedBlocks)
            )
        }
        if let thresholds { (eventThreshold, stateThreshold) = (thresholds.event, thresholds.state) }
        _ = try parts.read("the condition") { (part) throws(StateCodingError) in
            try readCondition(from: &part)
        }
        learningReport =
            try parts.read("the report on learning") { (part) throws(StateCodingError) in
                try LearningReport(from: &part)
            } ?? learningReport
        bands =
            try parts.read("the expected bands") { (part) throws(StateCodingError) in
                try ExpectedBands(from: &part, channelCount: channels)
            } ?? bands
        let votes = try parts.read("the networks' votes") { (part) throws(StateCodingError) in
            (forecast: try EarnedVote(from: &part), reconstruction: try EarnedVote(from: &part))
        }
        if let votes { (forecastVote, reconstructionVote) = (votes.forecast, votes.reconstruction) }
        if moments != nil {
            moments =
                try parts.read("past incidents") { (part) throws(StateCodingError) in
                    try NotableMoments(from: &part, channelCount: channels)
                } ?? moments
        }
        if drifts != nil {
            drifts =
                try parts.read("the watch over drifts") { (part) throws(StateCodingError) in
                    try DriftWatch(from: &part, channelCount: channels)
                } ?? drifts
        }
    }

    private mutating func readCondition(from reader: inout StateReader) throws(StateCodingError) {
        gate = try LearningGate(from: &reader)
        stateLevel = try reader.readDouble()
        condition = try StateCondition(from: &reader)
        severityLevel = try reader.readDouble()
        isAbnormal = try reader.readBool()
        rebaselines = try reader.read()
        closedStretch = try ClosedStretch(
            from: &reader, channelCount: channelCount, memory: configuration.profile.memory)
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
    }
}
