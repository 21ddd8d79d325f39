/// What the detectors see of one sample: the values, the scaled values and what the networks had expected.
///
/// All arrays have one element for each channel, made once and filled again for each sample. A channel that is missing
/// keeps its last value here and is marked absent; a detector lets it add nothing to its score and learns nothing
/// from it.
public struct Frame: Sendable {
    /// Number of channels, written `d` in shapes.
    public let channelCount: Int
    /// Number of the sample within its series, from 0.
    public var number: UInt64 = 0
    /// Share of the civil day gone by, 0 ..< 1; `nil` without civil time and for series that tick faster than every 30 s.
    public var phaseOfDay: Double?
    /// Share of the civil week gone by since Monday 00:00, 0 ..< 1; `nil` without civil time.
    public var phaseOfWeek: Double?
    /// The values in the channel's unit, `[d]`; the last one seen when missing, 0 before any.
    public var values: [Double]
    /// Which channels are there, `[d]`.
    public var isPresent: [Bool]
    /// How many channels are there.
    public var presentCount = 0
    /// Which channels were there in the sample before too, with no restart between: only they have a change.
    public var hasChange: [Bool]
    /// Which channels have a usual place and scale, so that something can be expected of them, `[d]`.
    public var isScaled: [Bool]
    /// What one scale of ``scaled`` is in the channel's unit, above 0, `[d]`.
    public var scale: [Double]
    /// Values in scales from their usual place, within ±50, `[d]`.
    public var scaled: [Float]
    /// ``scaled`` of the sample before, `[d]`.
    public var previousScaled: [Float]
    /// Whether what is usual is held as it is: behind the gate then not even a tenth is learned of what the series does.
    public var isHeld = false
    /// Whether the forecaster had a forecast for this sample.
    public var hasForecast = false
    /// Forecast of ``scaled``, made at the sample before, `[d]`.
    public var forecastMean: [Float]
    /// Scale of the forecast's Student-t distribution, above 0, `[d]`.
    public var forecastScale: [Float]
    /// Numbers of samples ahead, beyond one, of which ``aheadResiduals`` holds errors; 0 where one sample ahead is all.
    public var aheadLeads = 0
    /// Errors of the forecasts made 2 samples ago, 3 ago and so on, each over its usual size, `[leads, d]`; made with the first
    /// sample.
    public var aheadResiduals: [Float] = []
    /// Whether the autoencoder's window was full.
    public var hasReconstruction = false
    /// Error of the window's last sample, `[d]`: sample minus reconstruction, or what the autoencoder's architecture has
    /// in its stead (`AutoencoderArchitecture`).
    public var reconstructionResidual: [Float]
    /// Root mean square of such errors over the window, `[d]`.
    public var windowError: [Float]
    /// Root mean square over the window of window minus reconstruction in scales, whatever the architecture, `[d]`.
    public var windowMiss: [Float]
    /// Most numbers that an autoencoder's narrow layer has.
    public static let latentCapacity = 16
    /// The autoencoder's narrow layer, in its first ``latentCount`` numbers.
    public var latent: [Float]
    /// How many numbers the narrow layer has; 0 before there was a reconstruction.
    public var latentCount = 0

    /// Creates an empty frame.
    public init(channelCount: Int) {
        self.channelCount = channelCount
        values = Array(repeating: 0, count: channelCount)
        isPresent = Array(repeating: false, count: channelCount)
        hasChange = isPresent
        isScaled = isPresent
        scale = Array(repeating: 1, count: channelCount)
        scaled = Array(repeating: 0, count: channelCount)
        previousScaled = scaled
        forecastMean = scaled
        forecastScale = Array(repeating: 1, count: channelCount)
        reconstructionResidual = scaled
        windowError = scaled
        windowMiss = scaled
        latent = Array(repeating: 0, count: Self.latentCapacity)
    }

    /// Takes the values of a sample, and their scaled form.
    ///
    /// - Parameters:
    ///   - values: `[d]`, NaN where one is missing.
    ///   - hasGap: whether more was missed than can be bridged: then nothing has a change.
    ///   - location: `[d]`, takes the usual value of each channel.
    mutating func load(_ values: Span<Double>, hasGap: Bool, scalers: [ChannelScaler], location: inout [Double]) {
        presentCount = Self.notePresence(of: values, hasGap: hasGap, in: &isPresent, changes: &hasChange)
        Self.noteScales(of: scalers, in: &scale, location: &location, isScaled: &isScaled)
        Self.scale(values, by: scalers, scale, into: &scaled, last: &self.values)
    }

    // Spans, so that each array is asked once whether it is nobody else's, and not for each number. Static, of arrays that are
    // passed: of two arrays of one `self`, Swift 6.3.1 asks the first alone in an optimised build, and the second is written to
    // even where it is another series' too.

    private static func notePresence(
        of values: Span<Double>, hasGap: Bool, in isPresent: inout [Bool], changes hasChange: inout [Bool]
    ) -> Int {
        var present = isPresent.mutableSpan
        var changes = hasChange.mutableSpan
        var count = 0
        for index in values.indices {
            let isThere = values[index] == values[index]
            changes[index] = present[index] && isThere && !hasGap
            present[index] = isThere
            if isThere { count += 1 }
        }
        return count
    }

    private static func noteScales(
        of scalers: [ChannelScaler], in scale: inout [Double], location: inout [Double], isScaled: inout [Bool]
    ) {
        let scalers = scalers.span
        var scales = scale.mutableSpan
        var places = location.mutableSpan
        var known = isScaled.mutableSpan
        for index in scalers.indices {
            places[index] = scalers[index].location
            scales[index] = scalers[index].scale
            known[index] = scalers[index].count >= Double(DetectionRecipe.firstScaledSample)
        }
    }

    private static func scale(
        _ values: Span<Double>, by scalers: [ChannelScaler], _ scale: [Double], into scaled: inout [Float],
        last: inout [Double]
    ) {
        let scalers = scalers.span
        var scaled = scaled.mutableSpan
        var last = last.mutableSpan
        for index in values.indices where values[index] == values[index] {
            // Beyond 1e100 squares would overflow; no sensor means such a number.
            let value = max(-1e100, min(1e100, values[index]))
            last[index] = value
            scaled[index] = Float(scalers[index].scaled(value, scale: scale[index]))
        }
    }

    /// Lets the scalers learn the values that are there.
    func learn(into scalers: inout [ChannelScaler], isOpen: Bool) {
        var scalers = scalers.mutableSpan
        for index in scalers.indices where isPresent[index] {
            scalers[index].learn(values[index], isOpen: isOpen, isHeld: isHeld)
        }
    }

    /// Takes the forecast that was made of the sample, `[d]` each.
    mutating func take(mean: [Float], scale: [Float]) {
        Self.copy(mean, into: &forecastMean)
        Self.copy(scale, into: &forecastScale)
    }

    static func copy(_ numbers: [Float], into other: inout [Float]) {
        let numbers = numbers.span
        var other = other.mutableSpan
        for index in numbers.indices { other[index] = numbers[index] }
    }

    /// The sample is over: its scaled values are those before the next one's.
    mutating func rememberScaled() { Self.copy(scaled, into: &previousScaled) }

    /// How much a detector that follows slowly even behind a closed gate learns of the sample, 0 to 1: at least a tenth, unless
    /// what is usual is held.
    ///
    /// - Parameter weight: 1 when the gate is open, 0 when the series is abnormal.
    public func gain(_ weight: Double) -> Double { isHeld ? weight : max(weight, 0.1) }
}
