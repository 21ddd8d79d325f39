import TimeSeries

/// Where a channel usually is and how wide it scatters, learned on the stream and robust to what it should notice.
///
/// The first 32 values give a median and a scale (the larger of MAD and mean absolute deviation). Then both move by
/// 1/(n+1), at least 1/20,000, of the residual, which is clipped at four scales. While the series is abnormal nothing
/// is learned, and the channel's **age** grows: a channel that always wanders may have wandered meanwhile, so its scale
/// is widened by √(s² + q·age), where q is its random-walk variance per sample, estimated from the squared differences
/// of successive means over 50 learned samples (the idea of a local-level Kalman filter, Harvey 1989, without its gain:
/// a gain on the level would learn the very faults that it should show).
///
/// **Readings come in steps** (``ReadingStep``). A channel that scatters by less than the rounding of its readings, step/√12,
/// rests: its scale is that rounding, a change by up to one step counts for nothing, and the usual place follows it quickly.
/// From half the rounding on less and less of a step is forgiven, and at the whole of it nothing is, so that a channel that
/// comes to life grows into its own scale. Channels with noise beyond their last digit never notice.
///
/// State: 16 numbers, and up to 32 first values until these are used up.
struct ChannelScaler: Sendable, Equatable {
    /// Values that the first median takes.
    static let initialSamples = 32
    /// Longest memory, in samples.
    static let horizon = 20_000.0
    private static let blockLength = 50.0
    /// 1/√12: the standard deviation of rounding, in steps.
    private static let roundingShare = 0.28867513459481287
    /// Rate at which the usual place follows a channel that rests.
    private static let restingRate = 0.05
    /// Share of a value below which no scale goes: what a Float keeps, 2⁻²⁴.
    private static let precision = 0x1p-24
    private static let leastScale = 1e-30
    private static let leastAge = 1e-200

    /// The usual value.
    private(set) var location = 0.0
    /// Standard deviation around it, without age.
    private(set) var spread = 0.0
    /// Values learned from; what a re-baseline lowers.
    private(set) var count = 0.0
    private var first: [Double] = []
    private var isInitial = true
    private var blockSum = 0.0
    private var blockCount = 0.0
    private var previousBlock = 0.0
    private var blockVariance = 0.0
    private var blocks = 0.0
    private(set) var age = 0.0
    private var reading = ReadingStep()

    init() { first.reserveCapacity(Self.initialSamples) }

    /// Variance that a random walk adds in each sample.
    var wander: Double {
        blocks < 3 ? 0 : max(0, blockVariance - 2 * spread * spread / Self.blockLength) / Self.blockLength
    }

    /// The scale in force, in the channel's unit, above 0: at least the rounding of the readings.
    var scale: Double { scale(step: reading.step) }

    /// The scale without its age.
    var ownScale: Double { scale(known: spread, step: reading.step) }

    @inline(__always)
    private func scale(step: Double) -> Double {
        // Where the walk adds less than a rounding of s², which is so when the age is 0, the root of the sum is s to the bit (or
        // both are far below the least scale).
        let isStill = blockVariance * age <= 0x1p-56 * spread * spread
        return scale(known: isStill ? spread : (spread * spread + wander * age).squareRoot(), step: step)
    }

    private func scale(known: Double, step: Double) -> Double {
        max(known, Self.roundingShare * step, Self.precision * location.magnitude, Self.leastScale)
    }

    /// How much of a deviation is forgiven: a step while the channel rests, 0 beyond its rounding.
    @inline(__always)
    private func forgiven(step: Double) -> Double {
        let rounding = Self.roundingShare * step
        return spread < rounding ? step * min(1, 2 * (1 - spread / rounding)) : 0
    }

    /// The value in scales from its usual place, within ±50; 0 for the first five values.
    ///
    /// Inlined: a call would copy the scaler, with its list of first values, for each channel of each sample.
    ///
    /// - Parameter scale: ``scale``, which the caller has at hand.
    @inline(__always)
    func scaled(_ value: Double, scale: Double) -> Double {
        guard count >= Double(DetectionRecipe.firstScaledSample) else { return 0 }
        let residual = value - location
        guard spread < Self.roundingShare * reading.step else { return max(-50, min(50, residual / scale)) }
        let step = reading.step(at: value)
        // A little more than a step: differences of decimals are not exact.
        let excess = max(0, residual.magnitude - 1.001 * forgiven(step: step)) / self.scale(step: step)
        return residual < 0 ? -min(50, excess) : min(50, excess)
    }

    /// Learns a value.
    ///
    /// - Parameters:
    ///   - value: finite.
    ///   - isOpen: whether the gate is open; a closed one lets the channel age. The first 32 values count in any case.
    ///   - isHeld: whether what was learned is held as it is: then it does not age either.
    mutating func learn(_ value: Double, isOpen: Bool, isHeld: Bool = false) {
        reading.learn(value)
        if isInitial { return learnInitial(value) }
        guard isOpen else {
            if !isHeld { age += 1 }
            blockSum = 0
            blockCount = 0
            return
        }
        count += 1
        let rate = count < Self.horizon - 1 ? 1 / (count + 1) : 1 / Self.horizon
        // What no scale can show any more is none: products of ever smaller numbers would end among the slow subnormal ones.
        age = age < Self.leastAge ? 0 : age * 0.9
        let step = reading.step
        let limit = 4 * scale(step: step)
        let residual = max(-limit, min(limit, value - location))
        learnBlock(location + residual)
        let rests = residual.magnitude <= 1.001 * forgiven(step: step)
        location += (rests ? max(rate, Self.restingRate) : rate) * residual
        spread += rate * (RunningDeviation.normalFactor * residual.magnitude - spread)
    }

    private mutating func learnBlock(_ value: Double) {
        blockSum += value
        blockCount += 1
        guard blockCount >= Self.blockLength else { return }
        let mean = blockSum / blockCount
        if blocks > 0 {
            var square = (mean - previousBlock) * (mean - previousBlock)
            if blocks > 3 { square = min(square, 9 * blockVariance + 1e-12) }
            blockVariance += max(1 / blocks, 0.02) * (square - blockVariance)
        }
        previousBlock = mean
        blocks += 1
        blockSum = 0
        blockCount = 0
    }

    /// Median, and the larger of 1.4826 MAD and 1.2533 mean absolute deviation, of all values so far.
    private mutating func learnInitial(_ value: Double) {
        first.insert(value, at: first.firstIndex { $0 > value } ?? first.count)
        count = Double(first.count)
        location = first[first.count / 2]
        guard first.count > 1 else { return }
        var sum = 0.0
        var distances = first
        for index in distances.indices {
            distances[index] = (first[index] - location).magnitude
            sum += distances[index]
        }
        distances.sort()
        spread = max(1.4826 * distances[distances.count / 2], RunningDeviation.normalFactor * sum / count)
        if first.count == Self.initialSamples {
            isInitial = false
            first = []
        }
    }

    /// Makes the channel quick to learn again: an eighth of its count, at least 100.
    ///
    /// - Parameter level: where it is now, when that is known; it becomes the usual place at once.
    mutating func rebaseline(to level: Double? = nil) {
        count = min(count, max(100, count / 8))
        guard let level, !isInitial else { return }
        previousBlock += level - location
        location = level
        // A block that began before holds values of both levels.
        blockSum = 0
        blockCount = 0
    }

    /// Bytes that its values take beyond the struct itself.
    var memoryBytes: Int { first.capacity * 8 }

    /// Writes the scaler.
    func encode(to writer: inout StateWriter) {
        for number in [location, spread, count, blockSum, blockCount, previousBlock, blockVariance, blocks, age] {
            writer.write(number)
        }
        reading.encode(to: &writer)
        writer.write(isInitial)
        if isInitial { writer.write(first) }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        location = try reader.readDouble()
        spread = try reader.readDouble()
        count = try reader.readDouble()
        blockSum = try reader.readDouble()
        blockCount = try reader.readDouble()
        previousBlock = try reader.readDouble()
        blockVariance = try reader.readDouble()
        blocks = try reader.readDouble()
        age = try reader.readDouble()
        reading = try ReadingStep(from: &reader)
        isInitial = try reader.readBool()
        if isInitial { first = try reader.readDoubles() }
        guard first.count < Self.initialSamples else { throw .invalid("\(first.count) first values of a channel") }
    }
}
