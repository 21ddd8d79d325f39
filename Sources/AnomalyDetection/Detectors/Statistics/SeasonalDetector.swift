public import TimeSeries

/// Distance from what this time of day usually shows, on working days and on weekends: the near-maximum of |x − m| / s.
///
/// The day is cut into 48 half hours, the week into Monday to Friday and Saturday with Sunday: 96 bins, each with a mean
/// and a scale of its own for each channel. This is the seasonal part of a classical decomposition (Cleveland, Cleveland,
/// McRae and Terpenning 1990, "STL", Journal of Official Statistics 6(1)) kept online. A heating pump that stands still at
/// night is nothing; one that does at nine on a Monday is, although no value of it is out of range.
///
/// **A visit** is the stay in one bin. Its values are collected and change the bin when it is left, so that the bin is not
/// judged by what it has just learned, and a visit of 1,800 samples counts as much as one of two. Mean and scale are those
/// of the last eight visits, more or less. Values are cut at four scales when learned. The scale leans on that of all
/// bins together, worth three visits, because a few values tell little about their scatter; it is never below the
/// ``SensorResolution``.
///
/// **Time** is what clocks show (``Frame/phaseOfWeek``). When they are set forward two bins go without a visit, when back
/// two have a second one. We differ from STL in all that needs the future, in that there is no trend, which would have to
/// be told from a fault, and in that five days share their bins: known after three working days and not three weeks.
///
/// Scores 0 in a bin with fewer than three finished visits, and without civil time; a missing channel adds and learns
/// nothing. Behind a closed gate nothing is learned but the sensor's step. State 924 bytes a channel; cost about 15
/// operations and a division, and twice that when a bin is left.
public struct SeasonalDetector: Detector {
    /// Bins of a day.
    static let binsPerDay = 48
    private static let binCount = 2 * binsPerDay
    /// Finished visits from which a bin is known.
    static let fewestVisits: UInt8 = 3
    /// Visits after which a bin moves by 1/`horizon` a visit.
    private static let horizon: Float = 8
    /// Visits that the scale of all bins is worth beside a bin's own.
    private static let sharedVisits = 3.0
    /// Cut of a learned distance, in scales.
    private static let clip = 4.0

    private let channelCount: Int
    private var residuals: [Float]
    /// For each channel its bins, `[d, 96]`.
    private var usual: [Float]
    private var scatter: [Float]
    private var visits: [UInt8]
    /// The bin that is being visited; −1 before any.
    private var current = -1
    private var visitSum: [Double]
    private var visitScatter: [Double]
    private var visitWeight: [Double]
    /// The usual distance in all bins together.
    private var deviations: [RunningDeviation]
    private var resolutions: [SensorResolution]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// What configuration and explanations call it.
    public var name: String { "seasonal" }
    /// Three: no bin is known before.
    public var minimumSamples: Int { Int(Self.fewestVisits) }

    /// Creates a detector for so many channels.
    public init(channelCount: Int) {
        self.channelCount = channelCount
        residuals = Array(repeating: 0, count: channelCount)
        usual = Array(repeating: 0, count: channelCount * Self.binCount)
        scatter = usual
        visits = Array(repeating: 0, count: channelCount * Self.binCount)
        visitSum = Array(repeating: 0, count: channelCount)
        visitScatter = visitSum
        visitWeight = visitSum
        deviations = Array(repeating: RunningDeviation(), count: channelCount)
        resolutions = Array(repeating: SensorResolution(), count: channelCount)
    }

    /// The bin of a share of the week: 0 to 47 on working days, 48 to 95 on Saturday and Sunday.
    static func bin(_ phaseOfWeek: Double) -> Int {
        guard (0..<1).contains(phaseOfWeek) else { return 0 }
        // A hair more, 0.6 ms: the full hour must not lie in the bin before it for a rounding error.
        let slot = min(7 * binsPerDay - 1, Int((phaseOfWeek + 1e-9) * Double(7 * binsPerDay)))
        return slot % binsPerDay + (slot / binsPerDay < 5 ? 0 : binsPerDay)
    }

    /// Near-maximum of the distances; 0 where the bin is not known, and without civil time.
    public mutating func score(_ frame: Frame) -> Float {
        let bin = frame.phaseOfWeek.map(Self.bin)
        for index in 0..<frame.channelCount {
            residuals[index] = 0
            guard let bin, frame.isPresent[index] else { continue }
            let cell = index * Self.binCount + bin
            guard visits[cell] >= Self.fewestVisits else { continue }
            let value = frame.values[index]
            residuals[index] = ChannelAggregate.residual(
                value - Double(usual[cell]), scale: scale(index, cell, at: value))
        }
        return ChannelAggregate.nearMaximum(residuals, of: frame)
    }

    private func scale(_ index: Int, _ cell: Int, at value: Double) -> Double {
        let count = Double(min(visits[cell], UInt8(Self.horizon)))
        let shared = Self.sharedVisits * deviations[index].mean
        let mean = (count * Double(scatter[cell]) + shared) / (count + Self.sharedVisits)
        return max(RunningDeviation.normalFactor * mean, resolutions[index].floor(at: value))
    }

    /// Collects the values of the visit, and learns the visit before it when a new one begins.
    public mutating func learn(_ frame: Frame, weight: Double) {
        samples += 1
        let bin = frame.phaseOfWeek.map(Self.bin)
        if let bin, bin != current {
            endVisit()
            current = bin
        }
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            if let bin, weight > 0 { collect(frame.values[index], index, index * Self.binCount + bin, weight) }
            resolutions[index].learn(frame.values[index])
        }
    }

    private mutating func collect(_ value: Double, _ index: Int, _ cell: Int, _ weight: Double) {
        let isNew = visits[cell] == 0
        // On the first visit the distance is that from the visit's own mean so far.
        let reference =
            !isNew ? Double(usual[cell]) : visitWeight[index] > 0 ? visitSum[index] / visitWeight[index] : value
        var distance = value - reference
        if visits[cell] >= Self.fewestVisits {
            let limit = Self.clip * scale(index, cell, at: value)
            distance = max(-limit, min(limit, distance))
        }
        visitSum[index] += weight * (reference + distance)
        visitScatter[index] += weight * distance.magnitude
        visitWeight[index] += weight
        if !isNew { deviations[index].update(distance, gain: weight) }
    }

    /// Moves the bin of the visit towards what was collected, in every channel that had a value.
    private mutating func endVisit() {
        for index in 0..<channelCount where visitWeight[index] > 0 {
            let cell = index * Self.binCount + current
            let count = Float(visits[cell])
            let mean = Self.single(visitSum[index] / visitWeight[index])
            let distance = Self.single(visitScatter[index] / visitWeight[index])
            usual[cell] += max(1 / (count + 1), 1 / Self.horizon) * (mean - usual[cell])
            // The first visit knew no mean to scatter about; the second replaces what it said.
            scatter[cell] += max(1 / max(count, 1), 1 / Self.horizon) * (distance - scatter[cell])
            visits[cell] = min(visits[cell], .max - 1) + 1
            visitSum[index] = 0
            visitScatter[index] = 0
            visitWeight[index] = 0
        }
    }

    private static func single(_ value: Double) -> Float { Float(max(-1e38, min(1e38, value))) }

    /// Ends the visit: what comes after a gap is another one.
    public mutating func restart() { endVisit() }

    /// Squares of the distances in scales.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { channelCount * (4 + Self.binCount * (4 + 4 + 1) + 3 * 8 + 16 + 16) }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(Int8(current))
        writer.write(visits)
        writer.write(usual)
        writer.write(scatter)
        writer.write(visitSum)
        writer.write(visitScatter)
        writer.write(visitWeight)
        deviations.encode(to: &writer)
        resolutions.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels and numbers that cannot be.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.read()
        current = Int(try reader.read(Int8.self))
        visits = try reader.readIntegers(UInt8.self)
        usual = try reader.readFloats(count: channelCount * Self.binCount)
        scatter = try reader.readFloats(count: channelCount * Self.binCount)
        visitSum = try reader.readFiniteDoubles(count: channelCount)
        visitScatter = try reader.readSizes(count: channelCount)
        visitWeight = try reader.readSizes(count: channelCount)
        deviations = try [RunningDeviation](from: &reader, count: channelCount)
        resolutions = try [SensorResolution](from: &reader, count: channelCount)
        guard visits.count == usual.count, usual.allSatisfy(\.isFinite), scatter.allSatisfy({ $0 >= 0 && $0.isFinite }),
            (-1..<Self.binCount).contains(current), current >= 0 || visitWeight.allSatisfy({ $0 == 0 }),
            deviations.allSatisfy({ $0.mean >= 0 && $0.mean.isFinite })
        else { throw .invalid("damaged bins of a seasonal detector") }
    }
}
