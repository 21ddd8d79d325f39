public import TimeSeries

/// How unlikely the last ten residuals are among those before: −log10 of a normal tail.
///
/// The anomaly likelihood of Numenta (Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms",
/// doi 10.1109/ICMLA.2015.141; Ahmad, Lavin, Purdy and Agha 2017, doi 10.1016/j.neucom.2017.04.070): on a stream that is
/// hard to forecast single errors mean nothing, but errors that are larger than usual *ten times in a row* do. With e the
/// size of the residual, ē its mean over ten samples, and m and s the mean and deviation of ē over the last thousand,
///
///     raw score = −log10 2 Q((ē − m) / s)      for ē above m, else 0      Q(z) = P(Z > z), Z standard normal
///
/// The residual is the forecast's error in its own scale when there are forecasts, else the step from the sample before
/// in the channel's scales. From the first forecast on only forecasts count, and m and s are learned anew: errors and
/// steps are not alike. e is cut at 8, because the papers' residual is bounded too and one outlier is another detector's.
///
/// We differ in that m and s move with every sample, where the papers fit them now and then over a longer window; in the
/// factor of 2, by which the usual scores 0; and in that s is never below what one step of the sensor
/// (``SensorResolution``) adds to ten samples. The near-maximum over the channels is of the logarithms.
///
/// Behind a closed gate ē moves on, m and s with a tenth of their rate. A channel votes from its 60th residual on;
/// without a residual it adds and learns nothing. State 86 bytes a channel; cost about 60 operations, a root and a
/// logarithm.
public struct LikelihoodDetector: Detector {
    /// Residuals in the short mean.
    static let shortLength = 10
    /// Short means after which the long mean moves by 1/`horizon` a mean.
    private static let horizon = 1_000.0
    /// Short means before there is a normal to compare with.
    private static let fewestMeans = 50.0
    /// Cut of a residual.
    private static let largestSize: Float = 8
    /// Cut of a learned distance, in deviations.
    private static let clip = 6.0
    /// 1/√10: what independent noise of one sample leaves in the mean of ten.
    private static let averaged = 0.31622776601683794
    private static let log10Two = 0.3010299956639812

    private let channelCount: Int
    private var residuals: [Float]
    /// The last residuals of each channel, `[d, 10]`.
    private var recent: [Float]
    private var head: [UInt8]
    private var filled: [UInt8]
    private var mean: [Double]
    private var variance: [Double]
    private var learned: [Double]
    private var resolutions: [SensorResolution]
    private var followsForecasts = false
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// What configuration and explanations call it.
    public var name: String { "likelihood" }
    /// Fifty-nine: nine residuals to make the first short mean with the tenth, and fifty short means.
    public var minimumSamples: Int { Self.shortLength - 1 + Int(Self.fewestMeans) }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        self.channelCount = channelCount
        residuals = Array(repeating: 0, count: channelCount)
        recent = Array(repeating: 0, count: channelCount * Self.shortLength)
        head = Array(repeating: 0, count: channelCount)
        filled = head
        mean = Array(repeating: 0, count: channelCount)
        variance = mean
        learned = mean
        resolutions = Array(repeating: SensorResolution(), count: channelCount)
    }

    /// Near-maximum of −log10 2 Q; 0 while a channel's short mean is not full or its normal not known.
    public mutating func score(_ frame: Frame) -> Float {
        if frame.hasForecast, !followsForecasts { beginWithForecasts() }
        for index in 0..<frame.channelCount {
            residuals[index] = 0
            guard learned[index] >= Self.fewestMeans, let size = size(frame, index),
                let short = shortMean(index, with: size)
            else { continue }
            let scale = max(variance[index].squareRoot(), Self.averaged * floor(frame, index))
            let distance = max(0, min(ChannelAggregate.largestResidual, (short - mean[index]) / scale))
            // Beyond a thousand deviations the order is kept by the cut alone.
            let evidence = NormalTail.minusLog10(min(distance, 1_000)) - Self.log10Two
            residuals[index] = Float(max(0, evidence))
        }
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    /// Errors are another quantity than steps: what was learned of these says nothing about them.
    private mutating func beginWithForecasts() {
        followsForecasts = true
        for index in 0..<channelCount {
            filled[index] = 0
            mean[index] = 0
            variance[index] = 0
            learned[index] = 0
        }
    }

    /// The residual of a channel, cut; `nil` when there is none.
    private func size(_ frame: Frame, _ index: Int) -> Float? {
        guard frame.isPresent[index] else { return nil }
        let residual: Float
        if followsForecasts {
            guard frame.hasForecast else { return nil }
            residual = (frame.scaled[index] - frame.forecastMean[index]) / frame.forecastScale[index]
        } else {
            guard frame.hasChange[index] else { return nil }
            residual = frame.scaled[index] - frame.previousScaled[index]
        }
        return residual == residual ? min(residual.magnitude, Self.largestSize) : nil
    }

    /// The sensor's step in the unit of the residuals.
    private func floor(_ frame: Frame, _ index: Int) -> Double {
        let unit = frame.scale[index] * (followsForecasts ? Double(frame.forecastScale[index]) : 1)
        return max(1e-6, resolutions[index].floor(at: frame.values[index]) / unit)
    }

    /// The mean of the last nine residuals and this one; `nil` while there are not so many.
    private func shortMean(_ index: Int, with size: Float) -> Double? {
        guard Int(filled[index]) >= Self.shortLength - 1 else { return nil }
        let start = index * Self.shortLength
        // Added up anew each time, which a running sum would not be: it drifts. The oldest is the one at `head`.
        var sum = Double(size)
        for offset in 0..<Self.shortLength where offset != Int(head[index]) { sum += Double(recent[start + offset]) }
        return sum / Double(Self.shortLength)
    }

    /// Takes the residuals into the short means, and these into the normal, with a tenth of the rate behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        samples += 1
        let gain = frame.gain(weight)
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            if let size = size(frame, index) {
                if let short = shortMean(index, with: size) { learn(short, frame, index, gain) }
                push(size, index)
            }
            resolutions[index].learn(frame.values[index])
        }
    }

    private mutating func learn(_ short: Double, _ frame: Frame, _ index: Int, _ gain: Double) {
        var distance = short - mean[index]
        if learned[index] >= Self.fewestMeans {
            let limit = Self.clip * max(variance[index].squareRoot(), Self.averaged * floor(frame, index))
            distance = max(-limit, min(limit, distance))
        }
        let rate = learned[index] == 0 ? 1 : gain * max(1 / (learned[index] + 1), 1 / Self.horizon)
        mean[index] += rate * distance
        variance[index] = (1 - rate) * (variance[index] + rate * distance * distance)
        learned[index] += learned[index] == 0 ? 1 : gain
    }

    private mutating func push(_ size: Float, _ index: Int) {
        recent[index * Self.shortLength + Int(head[index])] = size
        head[index] = Int(head[index]) + 1 == Self.shortLength ? 0 : head[index] + 1
        filled[index] = min(UInt8(Self.shortLength), filled[index] + 1)
    }

    /// Empties the short means.
    public mutating func restart() {
        for index in 0..<channelCount { filled[index] = 0 }
    }

    /// Squares of the logarithms.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { channelCount * (4 + 4 * Self.shortLength + 2 + 3 * 8 + 16) }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(followsForecasts)
        writer.write(recent)
        writer.write(head)
        writer.write(filled)
        writer.write(mean)
        writer.write(variance)
        writer.write(learned)
        resolutions.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels and numbers that cannot be.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        followsForecasts = try reader.readBool()
        recent = try reader.readFloats(count: channelCount * Self.shortLength)
        head = try reader.readIntegers(UInt8.self)
        filled = try reader.readIntegers(UInt8.self)
        mean = try reader.readSizes(count: channelCount)
        variance = try reader.readSizes(count: channelCount)
        learned = try reader.readSizes(count: channelCount)
        resolutions = try [SensorResolution](from: &reader, count: channelCount)
        guard recent.allSatisfy({ (0...Self.largestSize).contains($0) }), head.count == channelCount,
            filled.count == channelCount, head.allSatisfy({ Int($0) < Self.shortLength }),
            filled.allSatisfy({ Int($0) <= Self.shortLength })
        else { throw .invalid("damaged residuals of a likelihood detector") }
    }
}
