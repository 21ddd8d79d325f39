/// How long something usually lasts: the silence between two samples, the run of a value that does not change, the row
/// of samples without a channel.
///
/// It remembers the eight longest spans of the last one to two generations (30 days of silences, say) and how much was
/// watched meanwhile. From them comes the *limit*: the length that is exceeded less often than a given rate. The limit
/// rests on the third longest span x₃, so that two outages do not make a habit and the third one does: what happens every
/// night or every weekend is told twice and then known. Beyond x₃ it goes on along a tail whose scale comes from the
/// spacing of the longest spans (Rényi 1953, "On the theory of order statistics", doi:10.1007/BF02127580): for exponential
/// spans x₃ − x₈ is on average 1/3 + 1/4 + … + 1/7 of their scale. A span longer than x₃ came three times in what was watched,
/// so the limit is where that rate has fallen to the given one (peaks over a threshold, Pickands 1975,
/// doi:10.1214/aos/1176343003). We differ in leaving out the two longest spans, which are what is to be found.
///
/// It is never below a floor of a few units, which is higher while few spans are known, nor below 1.25 x₃, with a power tail 2 x₃.
/// State 152 bytes; nothing is allocated.
public struct SpanHabit: Equatable, Sendable {
    /// What the long spans are like.
    public enum Tail: Sendable {
        /// Each unit more is as likely as the one before: what reports at random.
        case exponential
        /// Twice as long is as likely at any length: values that rest over night or for a weekend now and then.
        case power
    }

    /// Spans before anything can be said.
    public static let fewestSpans: UInt64 = 16
    /// 1/3 + 1/4 + 1/5 + 1/6 + 1/7.
    private static let spacing = 1.092857142857143
    private static let floorUnits = 5.0
    /// Units added to the floor, divided by the number of spans.
    private static let youngUnits = 500.0

    /// Spans learned so far.
    public private(set) var count: UInt64 = 0
    /// The longest ones of this generation and of the one before, longest first; 0 where there is none.
    private var current = SIMD8<Double>(repeating: 0)
    private var previous = SIMD8<Double>(repeating: 0)
    private var currentWatched = 0.0
    private var previousWatched = 0.0

    /// Creates a habit of nothing.
    public init() {}

    /// Learns a span.
    ///
    /// - Parameters:
    ///   - span: its length, above 0.
    ///   - generation: how much is watched until the oldest spans are forgotten, at most twice that.
    /// - Complexity: constant; allocates nothing.
    public mutating func learn(_ span: Double, generation: Double) {
        guard span > 0, span < .infinity else { return }
        if currentWatched >= generation {
            previous = current
            previousWatched = currentWatched
            current = SIMD8(repeating: 0)
            currentWatched = 0
        }
        count += 1
        currentWatched += span
        if span > current[7] { Self.insert(span, into: &current) }
    }

    private static func insert(_ span: Double, into longest: inout SIMD8<Double>) {
        var place = 7
        while place > 0, longest[place - 1] < span {
            longest[place] = longest[place - 1]
            place -= 1
        }
        longest[place] = span
    }

    /// The remembered spans, longest first.
    private var remembered: SIMD8<Double> {
        var all = current
        for place in 0..<8 where previous[place] > all[7] { Self.insert(previous[place], into: &all) }
        return all
    }

    /// The longest remembered span; 0 when there is none.
    public var longest: Double { max(current[0], previous[0]) }
    /// The third longest; 0 when there is none.
    public var thirdLongest: Double { remembered[2] }
    /// How much was watched: the sum of the spans that are remembered in this way.
    public var watched: Double { currentWatched + previousWatched }

    /// How many of the remembered spans, at most eight, are longer than a length.
    public func countBeyond(_ length: Double) -> Int {
        let all = remembered
        var count = 0
        for place in 0..<8 where all[place] > length { count += 1 }
        return count
    }

    /// The length that is exceeded less often than a rate; `nil` before ``fewestSpans`` and for a rate of 0.
    ///
    /// - Parameters:
    ///   - tail: what the long spans are like.
    ///   - rate: how often it may be exceeded in one unit of what is watched, above 0.
    ///   - unit: the shortest span of interest: the interval of a series, one sample of a run.
    public func limit(tail: Tail, rate: Double, unit: Double) -> Double? {
        guard count >= Self.fewestSpans, rate > 0 else { return nil }
        let all = remembered
        let third = all[2]
        let eighth = max(all[7], min(unit, third))
        let reach = max(0, Transcendental.log(3 / (watched * rate)))
        let beyond: Double
        let margin: Double
        switch tail {
        case .exponential:
            margin = 1.25
            beyond = third + (third - eighth) / Self.spacing * reach
        case .power:
            margin = 2
            let shape = eighth > 0 && third > eighth ? Transcendental.log(third / eighth) / Self.spacing : 0
            beyond = third * Transcendental.exp(min(40, shape * reach))
        }
        let floor = unit * (Self.floorUnits + Self.youngUnits / Double(count))
        return max(floor, margin * third, beyond)
    }

    /// Writes the habit.
    public func encode(to writer: inout StateWriter) {
        writer.write(count)
        for place in 0..<8 { writer.write(current[place]) }
        for place in 0..<8 { writer.write(previous[place]) }
        writer.write(currentWatched)
        writer.write(previousWatched)
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        count = try reader.read()
        for place in 0..<8 { current[place] = try reader.readDouble() }
        for place in 0..<8 { previous[place] = try reader.readDouble() }
        currentWatched = try reader.readDouble()
        previousWatched = try reader.readDouble()
        guard count < 1 << 62, currentWatched >= 0, previousWatched >= 0, (currentWatched + previousWatched).isFinite
        else { throw .invalid("a habit over \(currentWatched) and \(previousWatched)") }
        for place in 0..<8 {
            let later = place < 7 ? (current[place + 1], previous[place + 1]) : (0, 0)
            // NaN fails here too.
            guard current[place] >= later.0, previous[place] >= later.1, current[place].isFinite,
                previous[place].isFinite
            else { throw .invalid("a habit whose spans are out of order") }
        }
    }
}
