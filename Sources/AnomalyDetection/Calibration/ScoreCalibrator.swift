import TimeSeries

/// Turns a member's scores into −log10 of the probability that a normal sample scores so high, from what it remembers.
///
/// Scores come as x = ln(1 + raw), see ``TailCalibrator/transformed(_:)``.
protocol ScoreCalibrator: Sendable {
    /// −log10 of the probability that a normal sample scores this high, 0 to 14; rises with the score.
    func evidence(_ transformed: Double) -> Double
    /// Remembers a score.
    mutating func push(_ transformed: Double)
    /// Forgets half of what is remembered and takes in what the series does now.
    ///
    /// - Parameters:
    ///   - recent: bins of the last scores, oldest first, gate open or not.
    ///   - seed: what is forgotten depends on it, where that is a matter of chance.
    mutating func rebaseline(recent: [UInt16], seed: UInt64)
    /// Forgets the first scores, which come from detectors that had not settled; called once, at
    /// ``DetectionRecipe/slowDropSample``.
    mutating func dropFirstScores()
    /// Bytes that it takes.
    var memoryBytes: Int { get }
    /// Writes the calibrator.
    func encode(to writer: inout StateWriter)
}

/// How much a series remembers of its scores.
///
/// - `long`: the last 2,048 and 8,192 scores of each member, 400 block maxima. Up to 21 KB a calibrator.
/// - `short`: counts that fade in 128 bins, 48 block maxima and an onset in steps of eight samples. 0.4 KB a calibrator.
enum ScoreMemory: UInt8, Sendable {
    case long
    case short

    /// Bins of its calibrators.
    var binCount: Int { self == .long ? TailCalibrator.binCount : FadingCalibrator.binCount }
    /// Last scores of each slow member that a re-baseline takes in.
    var recentScores: Int { self == .long ? DetectionRecipe.rebaselineScores : FadingCalibrator.recentScores }
    /// Block maxima that a threshold remembers.
    var rememberedBlocks: Int { self == .long ? BlockMaximaThreshold.rememberedBlocks : 48 }

    /// The bin of a transformed score.
    func bin(of transformed: Double) -> UInt16 {
        self == .long ? TailCalibrator.bin(of: transformed) : UInt16(FadingCalibrator.bin(of: transformed))
    }
}

extension TailCalibrator: ScoreCalibrator {
    mutating func dropFirstScores() { dropOldest(DetectionRecipe.droppedSlowScores) }
}
