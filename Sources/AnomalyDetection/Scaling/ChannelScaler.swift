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
/// State: 12 numbers, and up to 32 first values until these are used up.
struct ChannelScaler: Sendable, Equatable {
    /// Values that the first median takes.
    static let initialSamples = 32
    /// Longest memory, in samples.
    static let horizon = 20_000.0
    private static let blockLength = 50.0

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

    init() { first.reserveCapacity(Self.initialSamples) }

    /// Variance that a random walk adds in each sample.
    var wander: Double {
        blocks < 3 ? 0 : max(0, blockVariance - 2 * spread * spread / Self.blockLength) / Self.blockLength
    }

    /// The scale in force, in the channel's unit, above 0: a constant channel gets 0.1 % of its level.
    var scale: Double {
        max((spread * spread + wander * age).squareRoot(), 1e-3 * location.magnitude + 1e-6)
    }

    /// The value in scales from its usual place, within ±50; 0 for the first five values.
    ///
    /// - Parameter scale: ``scale``, which the caller has at hand.
    func scaled(_ value: Double, scale: Double) -> Double {
        guard count >= Double(DetectionRecipe.firstScaledSample) else { return 0 }
        return max(-50, min(50, (value - location) / scale))
    }

    /// Learns a value.
    ///
    /// - Parameters:
    ///   - value: finite.
    ///   - isOpen: whether the gate is open; a closed one lets the channel age. The first 32 values count in any case.
    mutating func learn(_ value: Double, isOpen: Bool) {
        if isInitial { return learnInitial(value) }
        guard isOpen else {
            age += 1
            blockSum = 0
            blockCount = 0
            return
        }
        count += 1
        let rate = max(1 / (count + 1), 1 / Self.horizon)
        age *= 0.9
        let limit = 4 * scale
        let residual = max(-limit, min(limit, value - location))
        learnBlock(location + residual)
        location += rate * residual
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
    mutating func rebaseline() { count = min(count, max(100, count / 8)) }

    /// Bytes that its values take beyond the struct itself.
    var memoryBytes: Int { first.capacity * 8 }

    /// Writes the scaler.
    func encode(to writer: inout StateWriter) {
        for number in [location, spread, count, blockSum, blockCount, previousBlock, blockVariance, blocks, age] {
            writer.write(number)
        }
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
        isInitial = try reader.readBool()
        if isInitial { first = try reader.readDoubles() }
        guard first.count < Self.initialSamples else { throw .invalid("\(first.count) first values of a channel") }
    }
}
