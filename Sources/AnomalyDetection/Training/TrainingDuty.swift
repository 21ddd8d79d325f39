import TimeSeries

/// Whether a network goes on training in every round, or has learned what there is to learn: early stopping, but never for good.
///
/// The error is prequential: each sample is scored with weights that have not seen it, and learned afterwards, so that every
/// sample validates and none has to be kept back (Dawid 1984, Statistical Theory: The Prequential Approach, doi
/// 10.2307/2981683). Training ends by strips of so many steps, as in Prechelt 1998 (Early Stopping – But When?, doi
/// 10.1007/3-540-49430-8_3): when two strips in a row have not brought the error down by ``leastGain``. We differ from it
/// in that a stream goes on. One round in ``every`` still trains, the weights stay as they are and not as they were at
/// their best, and all rounds train again as soon as the error rises by ``rise``: the faded error above the highest that
/// it had in the strips at the plateau, or the mean of a whole strip above the lowest such mean.
///
/// Two errors are watched, in scales, and that over the error of doing without the network. The second says whether
/// there is progress, whatever the hour of the day makes harder for both; a rise of either ends the rest. Only what is
/// learned from counts, so an anomaly behind the closed gate wakes nobody.
///
/// Counted in steps, of which a round has one for each series with rows, at most 16: no clock takes part. 160 bytes.
struct TrainingDuty: Equatable, Sendable {
    /// Steps that the faded error is averaged over: 256 samples of a series alone.
    static let fadeSteps = 32.0
    /// Steps of a strip: 1,024 samples of a series alone.
    static let stripSteps = 128.0
    /// Share of a strip's error that the next one must save to count as progress.
    static let leastGain = 0.02
    /// Strips in a row without progress after which a network has learned.
    static let patience: UInt8 = 2
    /// Share by which an error must rise above its plateau to end the rest.
    static let rise = 0.35
    /// A round in so many trains a network that has learned.
    static let every: UInt8 = 8
    /// Added to errors, in scales: below it, as on a constant channel, nothing is worth learning.
    static let grain = 0.01

    /// Sums of errors over the samples of a round.
    struct Errors: Sendable {
        private(set) var error = 0.0
        private(set) var naive = 0.0
        private(set) var samples = 0.0

        /// Adds those of a sample; errors that are not finite are not known.
        mutating func add(_ error: Float, naive: Float) {
            guard error.isFinite, naive.isFinite else { return }
            self.error += Double(error)
            self.naive += Double(naive)
            samples += 1
        }
    }

    /// An error in scales, and over that of doing without the network.
    private struct Level: Equatable, Sendable {
        var error = 0.0
        var ratio = 0.0

        init() {}

        init(error: Double, naive: Double) {
            self.error = error + TrainingDuty.grain
            ratio = self.error / (naive + TrainingDuty.grain)
        }

        func rises(above other: Level) -> Bool {
            error > other.error * (1 + TrainingDuty.rise) || ratio > other.ratio * (1 + TrainingDuty.rise)
        }

        /// Each of the two by itself.
        func combined(with other: Level, _ pick: (Double, Double) -> Double) -> Level {
            var result = Level()
            result.error = pick(error, other.error)
            result.ratio = pick(ratio, other.ratio)
            return result
        }
    }

    /// Whether the network has learned, and trains in one round of ``every``.
    private(set) var isLearned = false
    private var recentError = 0.0
    private var recentNaive = 0.0
    private var recentSteps = 0.0
    // The strip in progress.
    private var errorSum = 0.0
    private var naiveSum = 0.0
    private var steps = 0.0
    private var peak = Level()
    // The strip before it, while training; ratio 0 before there is one.
    private var previous = Level()
    private var previousPeak = Level()
    private var idleStrips: UInt8 = 0
    // At rest.
    private var plateau = Level()
    private var ceiling = Level()
    private var roundsOff: UInt8 = 0

    init() {}

    /// Takes the errors of a round's samples, which were scored before they are learned.
    ///
    /// - Parameter steps: steps that the round has.
    mutating func note(_ errors: Errors, steps: Int) {
        guard errors.samples > 0, steps > 0 else { return }
        let error = errors.error / errors.samples
        let naive = errors.naive / errors.samples
        let count = Double(steps)
        let share = count / (recentSteps + count)
        recentSteps = min(Self.fadeSteps, recentSteps + count)
        recentError += share * (error - recentError)
        recentNaive += share * (naive - recentNaive)
        errorSum += count * error
        naiveSum += count * naive
        self.steps += count
        if isSettled { peak = peak.combined(with: recent, max) }
    }

    /// Whether the network trains in this round; asked once in each that has steps to make.
    mutating func takesTurn() -> Bool {
        if isLearned, isSettled, recent.rises(above: ceiling) { resume() }
        if steps >= Self.stripSteps { endStrip() }
        guard isLearned else { return true }
        roundsOff += 1
        guard roundsOff >= Self.every else { return false }
        roundsOff = 0
        return true
    }

    /// Trains in every round from now on, for three strips at least: something new is to be learned.
    mutating func resume() {
        isLearned = false
        idleStrips = 0
        previous = Level()
        beginStrip()
    }

    private var isSettled: Bool { recentSteps >= Self.fadeSteps }
    private var recent: Level { Level(error: recentError, naive: recentNaive) }

    private mutating func beginStrip() {
        errorSum = 0
        naiveSum = 0
        steps = 0
        peak = Level()
    }

    private mutating func endStrip() {
        let level = Level(error: errorSum / steps, naive: naiveSum / steps)
        if isLearned {
            guard !level.rises(above: plateau) else { return resume() }
            plateau = plateau.combined(with: level, min)
            // What the day brings stays in it for some strips; a ceiling from long ago does not.
            ceiling = peak.combined(with: ceiling) { max($0, 0.1 * $0 + 0.9 * $1) }
        } else {
            let isIdle = previous.ratio > 0 && level.ratio > (1 - Self.leastGain) * previous.ratio
            idleStrips = isIdle ? idleStrips + 1 : 0
            if idleStrips >= Self.patience {
                isLearned = true
                roundsOff = 0
                plateau = level
                ceiling = peak.combined(with: previousPeak, max)
            }
            previous = level
            previousPeak = peak
        }
        beginStrip()
    }

    // MARK: State

    /// Writes everything that later turns depend on.
    func encode(to writer: inout StateWriter) {
        writer.write(isLearned)
        for number in numbers { writer.write(number) }
        writer.write(idleStrips)
        writer.write(roundsOff)
    }

    private var numbers: [Double] {
        [recentError, recentNaive, recentSteps, errorSum, naiveSum, steps]
            + [peak, previous, previousPeak, plateau, ceiling].flatMap { [$0.error, $0.ratio] }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        isLearned = try reader.readBool()
        recentError = try reader.readDouble()
        recentNaive = try reader.readDouble()
        recentSteps = try reader.readDouble()
        errorSum = try reader.readDouble()
        naiveSum = try reader.readDouble()
        steps = try reader.readDouble()
        for path in [\Self.peak, \.previous, \.previousPeak, \.plateau, \.ceiling] {
            self[keyPath: path].error = try reader.readDouble()
            self[keyPath: path].ratio = try reader.readDouble()
        }
        idleStrips = try reader.read()
        roundsOff = try reader.read()
        guard numbers.allSatisfy({ $0 >= 0 && $0 < .infinity }), recentSteps <= Self.fadeSteps,
            roundsOff < Self.every
        else { throw .invalid("a network's errors of \(recentError) after \(recentSteps) steps") }
    }
}
