/// Quartiles of a stream of numbers that slowly forgets, in 128 bins.
///
/// A histogram that follows its numbers. Bins are 2^e wide and begin at multiples of it, so that two become one exactly
/// when the numbers scatter more; when they scatter less each is split in halves, and when they wander the bins go along.
/// What lies outside of the bins is only counted, on its side: outliers, however wild, cost no accuracy. Only when so
/// many lie beyond one end that a quartile is about to do the bins grow that far. The first 32 numbers are kept as
/// Floats, where the bins will be.
///
///     below | bin 0 | bin 1 | … | bin 127 | above        8 to 48 bins between the quartiles
///
/// **Forgetting.** A number weighs e^(1/2,000) times as much as the one before it: the last 2,000 numbers count, more or
/// less. **Error.** A quantile between 1/4 and 3/4 is in the right bin, so within a width: at most 1/8 of the distance of the
/// quartiles once that is settled, or twice that until what was there before the last split is forgotten. Within a bin
/// numbers are taken to lie evenly; on smooth distributions the quartiles are then within 3 % of their distance, 6 % on a
/// very skewed one, which the tests hold against exact ones. They are renewed every 16 numbers. A constant has bins of
/// 2⁻²³ of its size.
///
/// Of the known sketches P² (Jain and Chlamtac 1985, doi 10.1145/4372.4378) is smaller, but has no bound and cannot
/// forget; DDSketch (Masson, Rim and Lee 2019, doi 10.14778/3352063.3352135) bounds the error relative to the *value*,
/// which is worth little for quartiles of 20.1 and 20.3 °C. This one bounds it relative to their distance.
///
/// 512 bytes and the struct. A number costs a division and some comparisons, and about 30 additions for its part in
/// renewing. Nothing is allocated after the start.
public struct QuantileSketch: Sendable, Equatable {
    static let binCount = 128
    private static let horizon = 2_000.0
    /// Numbers that are kept as they are, to know how wide the bins should be.
    private static let youth = 32
    /// Share beyond one end at which the bins grow: a little less than what lies beyond a quartile.
    private static let largestShare = 0.24
    /// Numbers between two renewals of the quartiles, and of the bins.
    private static let refreshPeriod: UInt64 = 16
    private static let adjustPeriod: UInt64 = 64
    /// Bins between the quartiles: fewer are split, more are joined.
    private static let fewestBetween = 8.0
    private static let mostBetween = 48.0
    /// The narrowest bin of all.
    private static let leastWidth = 0x1p-100

    /// The mass in each bin; of the first 32 numbers, before there are bins, the numbers themselves.
    private var bins: [Float]
    private var below = 0.0
    private var above = 0.0
    private var total = 0.0
    /// What the next number weighs.
    private var increment = 1.0
    /// Number of the first bin, counted from 0 in widths: a whole number.
    private var start = 0.0
    /// Width of a bin, a power of two.
    public private(set) var width = leastWidth
    /// The quartile below.
    public private(set) var lowerQuartile = 0.0
    /// The median.
    public private(set) var median = 0.0
    /// The quartile above.
    public private(set) var upperQuartile = 0.0
    /// Numbers learned.
    public private(set) var count: UInt64 = 0

    /// Creates an empty sketch; its quartiles are 0 until the first number.
    public init() { bins = Array(repeating: 0, count: Self.binCount) }

    /// Learns a number; NaN is left out, beyond ±1e100 it is ±1e100.
    ///
    /// - Parameter weight: above 0 to 1, how much it counts.
    public mutating func learn(_ number: Double, weight: Double = 1) {
        guard number == number, weight > 0 else { return }
        let value = max(-1e100, min(1e100, number))
        guard count >= Self.youth else { return learnFirst(value) }
        let mass = increment * weight
        place(value, mass)
        total += mass
        count += 1
        increment *= 1 + weight / Self.horizon
        if increment > 0x1p20 { rescale() }
        if count % Self.refreshPeriod == 0 { refresh() }
        if count % Self.adjustPeriod == 0 { adjust() }
    }

    /// Puts a number in its place among the first ones; the last of these lays out the bins.
    private mutating func learnFirst(_ value: Double) {
        var place = Int(count)
        let number = Float(max(-3e38, min(3e38, value)))
        while place > 0, bins[place - 1] > number {
            bins[place] = bins[place - 1]
            place -= 1
        }
        bins[place] = number
        count += 1
        let held = Int(count)
        lowerQuartile = Double(bins[held / 4])
        median = Double(bins[held / 2])
        upperQuartile = Double(bins[held * 3 / 4])
        if held == Self.youth { layOut() }
    }

    /// Makes 16 to 32 bins between the quartiles of the first numbers, and puts these into them.
    private mutating func layOut() {
        let first = Array(bins[0..<Self.youth])
        for bin in bins.indices { bins[bin] = 0 }
        let wanted = max(Self.narrowest(at: median), (upperQuartile - lowerQuartile) / 32)
        width = Double(sign: .plus, exponent: wanted.exponent + 1, significand: 1)
        start = (median / width).rounded(.down) - Double(Self.binCount / 2)
        total = Double(Self.youth)
        for number in first { place(Double(number), 1) }
        refresh()
    }

    private mutating func place(_ value: Double, _ mass: Double) {
        var bin = (value / width).rounded(.down) - start
        let end = Double(Self.binCount)
        if bin < 0 || bin >= end {
            let isAbove = bin >= end
            let share = ((isAbove ? above : below) + mass) / (total + mass)
            guard share > Self.largestShare else {
                if isAbove { above += mass } else { below += mass }
                return
            }
            // Each turn doubles the reach: from the narrowest bin to ±1e100 there are fewer than 800.
            while bin < 0 || bin >= end {
                join(keepsStart: isAbove)
                bin = (value / width).rounded(.down) - start
            }
        }
        bins[Int(bin)] += Float(mass)
    }

    /// Bins below this cannot be told apart at a value of this size.
    private static func narrowest(at value: Double) -> Double {
        let size = max(value.magnitude, leastWidth * 0x1p23)
        return Double(sign: .plus, exponent: size.exponent - 23, significand: 1)
    }

    /// A power of two less of everything: ratios stay as they are, bit for bit.
    private mutating func rescale() {
        for bin in bins.indices { bins[bin] *= 0x1p-20 }
        below *= 0x1p-20
        above *= 0x1p-20
        total *= 0x1p-20
        increment *= 0x1p-20
    }

    // MARK: Quantiles

    /// The number below which this share of all lies; the end of the bins when it lies beyond, 0 for the first 31 numbers.
    ///
    /// - Parameter share: 0 to 1; ``QuantileSketch`` tells how far the answer can be trusted.
    public func quantile(_ share: Double) -> Double {
        guard count >= Self.youth else { return 0 }
        let wanted = share * total
        var sum = below
        guard wanted > sum else { return start * width }
        let masses = bins.span
        for bin in masses.indices {
            let mass = Double(masses[bin])
            if sum + mass >= wanted, mass > 0 { return (start + Double(bin) + (wanted - sum) / mass) * width }
            sum += mass
        }
        return (start + Double(Self.binCount)) * width
    }

    private mutating func refresh() {
        // Added up anew: a running total would drift away from the bins, which are Floats.
        var sum = below + above
        for bin in bins.indices { sum += Double(bins[bin]) }
        total = sum
        lowerQuartile = quantile(0.25)
        median = quantile(0.5)
        upperQuartile = quantile(0.75)
    }

    // MARK: Following the numbers

    private mutating func adjust() {
        let between = (upperQuartile - lowerQuartile) / width
        if between > Self.mostBetween || width < Self.narrowest(at: median) {
            join(keepsStart: true)
            centre()
        } else if between < Self.fewestBetween, width > Self.narrowest(at: median) {
            split()
        } else {
            let bin = median / width - start
            if bin < Double(Self.binCount / 4) || bin > Double(Self.binCount - Self.binCount / 4) { centre() }
        }
        refresh()
    }

    /// Makes one bin of two; the free half lies behind the others, or before them.
    private mutating func join(keepsStart: Bool) {
        let old = start
        width *= 2
        if keepsStart {
            start = (old / 2).rounded(.down)
            // A bin moves down or stays, so going up nothing is met twice.
            for bin in 0..<Self.binCount { move(bin, to: ((old + Double(bin)) / 2).rounded(.down) - start) }
        } else {
            start = ((old + Double(Self.binCount)) / 2).rounded(.up) - Double(Self.binCount)
            for bin in stride(from: Self.binCount - 1, through: 0, by: -1) {
                move(bin, to: ((old + Double(bin)) / 2).rounded(.down) - start)
            }
        }
    }

    /// Moves a bin's mass into another, or to its side when there is none.
    private mutating func move(_ bin: Int, to place: Double) {
        let mass = bins[bin]
        bins[bin] = 0
        if place < 0 {
            below += Double(mass)
        } else if place >= Double(Self.binCount) {
            above += Double(mass)
        } else {
            bins[Int(place)] += mass
        }
    }

    /// Lets the bins lie around the median.
    private mutating func centre() { shift(to: (median / width).rounded(.down) - Double(Self.binCount / 2)) }

    private mutating func shift(to newStart: Double) {
        let distance = start - newStart
        start = newStart
        if distance < 0 {
            for bin in 0..<Self.binCount { move(bin, to: Double(bin) + distance) }
        } else if distance > 0 {
            for bin in stride(from: Self.binCount - 1, through: 0, by: -1) { move(bin, to: Double(bin) + distance) }
        }
    }

    /// Makes two bins of each one around the median; what else there is goes to its side.
    private mutating func split() {
        // The 64 bins around the median go to the front, then each is dealt out to two, from the last on.
        shift(to: (median / width).rounded(.down) - Double(Self.binCount / 4))
        for bin in (Self.binCount / 2)..<Self.binCount {
            above += Double(bins[bin])
            bins[bin] = 0
        }
        for bin in stride(from: Self.binCount - 1, through: 0, by: -1) { bins[bin] = bins[bin / 2] / 2 }
        width /= 2
        start *= 2
    }

    // MARK: State

    /// Bytes that its bins take.
    public var memoryBytes: Int { 4 * Self.binCount }

    /// Writes the sketch.
    public func encode(to writer: inout StateWriter) {
        writer.write(count)
        for number in [below, above, total, increment, start, width, lowerQuartile, median, upperQuartile] {
            writer.write(number)
        }
        writer.write(bins)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        count = try reader.read()
        below = try reader.readDouble()
        above = try reader.readDouble()
        total = try reader.readDouble()
        increment = try reader.readDouble()
        start = try reader.readDouble()
        width = try reader.readDouble()
        lowerQuartile = try reader.readDouble()
        median = try reader.readDouble()
        upperQuartile = try reader.readDouble()
        bins = try reader.readFloats()
        let least: Float = count < Self.youth ? -3e38 : 0
        let most: Float = count < Self.youth ? 3e38 : 0x1p60
        let masses = bins.count == Self.binCount && bins.allSatisfy { (least...most).contains($0) }
        let sums =
            [below, above, total].allSatisfy { (0...0x1p60).contains($0) } && (0x1p-1...0x1p20).contains(increment)
        // The widest bin that ±1e100 can ask for, and the farthest start.
        let scale = (Self.leastWidth...0x1p334).contains(width) && width.significand == 1
        let place = start.magnitude <= 0x1p40 && start == start.rounded()
        let order =
            -1e110 <= lowerQuartile && lowerQuartile <= median && median <= upperQuartile && upperQuartile <= 1e110
        guard masses, sums, scale, place, order, count < 1 << 62 else { throw .invalid("a damaged quantile sketch") }
    }
}
