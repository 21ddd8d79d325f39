import TimeSeries

//  How far above its own threshold an opening must be to be told, when many series are watched.
//
//  The threshold of a series is where a normal sample stands as often as its budget b allows, so of a normal series the
//  excess e = score − threshold of an opening is larger than x with probability 10^−x. All series together open Σb by
//  chance; what is left of it above the bar
//
//      log10(Σb / B)
//
//  is B, the daemon's budget: Bonferroni's correction, in rates. No more than B in all: the bar is 0. It moves in three ways:
//
//  - *Up, when series open more than they are owed* (young ones do). The rate of what is normal is not only declared but
//    also estimated, from the openings of less than `weakExcess`, of which a tenth of the normal ones is missing, and
//    real incidents are few. Storey's estimate (2002), as in SAFFRON (Ramdas et al. 2018), on a window of hours; only as
//    much of it counts as is beyond chance (two standard deviations of a count).
//  - *Down, when much is wrong*. An opening of `strongMargin` above the bar is a discovery: it earns room for one more by
//    chance, as in LORD (Javanmard & Montanari 2018) and Benjamini & Hochberg (1995), while `discoveryShare`/B lasts.
//    Differs from LORD: a discovery must be stronger than the bar, since scores of young series are only nearly calibrated.
//  - *Up, when the daemon's tokens are spent*: by `priceOfToken` for each one lacking (`AlertPolicy`).
//
//  Of a young series not all of an excess counts (`SeriesChange.trust`): its tail is extrapolated from few samples.
//
//  Several series that open in the same tick are judged as one, as strong as its strongest and `excessOfMember` more for
//  each other member. Were series independent, a second one at once would be worth far more; but those of one plant share
//  hours, weekends and their first votes, and openings by chance come in clusters: a tick with one more series is taken
//  to be half as frequent.
//
//  Everything is decided from what came before, in event time, with additions, divisions and square roots alone.

/// The fleet's bar: what the openings of one moment have to exceed, and what is remembered to set it.
struct FleetBar: Equatable, Sendable {
    /// Hours over which the rate of weak openings is estimated.
    static let hours = 6
    /// Excess below which an opening tells of the normal rate, in powers of ten.
    static let weakExcess = 1.0
    /// Excess above the bar at which an opening is a discovery: one in ten of what passes by chance.
    static let strongMargin = 1.0
    /// Share of the mean time between two chance incidents for which a discovery lowers the bar: 2.4 hours at one a day.
    static let discoveryShare = 0.1
    /// Discoveries that are remembered.
    static let mostDiscoveries = 16
    /// What each further series that opens in the same tick adds: log10(2).
    static let excessOfMember = 0.3
    private static let secondsOfHour: Int64 = 3_600
    private static let hoursOfSteppedClock: Int64 = 24

    /// Chance openings a second that the budgets of a stream's active series allow, by stream.
    private(set) var rates: [String: Double] = [:]
    /// Their sum.
    private(set) var declaredRate = 0.0
    /// Weak openings in each of the last hours, the newest first.
    private var weak = [UInt32](repeating: 0, count: FleetBar.hours)
    /// Number of the newest hour since 1970.
    private var newestHour: Int64?
    private var discoveries: [Timestamp] = []

    /// Declares what the budgets of a stream's active series add up to, in openings a second; 0 for none.
    mutating func declare(_ rate: Double, of stream: String) {
        rates[stream] = rate > 0 ? rate : nil
        // In order of the names: the sum of the same rates has the same last digit.
        declaredRate = rates.keys.sorted().reduce(0) { $0 + (rates[$1] ?? 0) }
    }

    /// Whether all series together may open more by chance than the daemon may.
    ///
    /// - Parameter allowed: the daemon's budget, in incidents a second.
    func isCrowded(allowed: Double) -> Bool { declaredRate > allowed * (1 + 1e-9) }

    /// Openings a second that are taken for normal.
    var normalRate: Double {
        let count = weak.reduce(0) { $0 + Double($1) }
        let beyondChance = count - 2 * count.squareRoot()
        let seconds = Double(Int64(Self.hours) * Self.secondsOfHour)
        return max(declaredRate, beyondChance / seconds / (1 - 0.1))
    }

    /// The bar at an instant; 0 when the series are few, infinite when nothing is allowed.
    mutating func bar(at time: Timestamp, allowed: Double) -> Double {
        guard isCrowded(allowed: allowed) else { return 0 }
        guard allowed > 0 else { return .infinity }
        advance(to: time)
        let lifetime = Self.discoveryShare / allowed
        let recent = discoveries.count { (0...lifetime).contains(time.seconds(since: $0)) }
        return max(0, Self.log10(normalRate / allowed) - Self.log10(Double(1 + recent)))
    }

    /// The excess of openings of one tick, taken together.
    ///
    /// - Parameters:
    ///   - largest: of its members; below 0 for what opens by its state.
    ///   - count: members, at least 1.
    static func excess(largest: Double, of count: Int) -> Double { largest + excessOfMember * Double(count - 1) }

    /// Remembers an opening, after it has been decided on.
    ///
    /// - Parameters:
    ///   - isWeak: whether the largest excess of its tick is less than ``weakExcess``.
    ///   - isDiscovery: whether it stood far above the bar.
    mutating func note(isWeak: Bool, isDiscovery: Bool, at time: Timestamp) {
        advance(to: time)
        if isWeak, weak[0] < .max { weak[0] += 1 }
        guard isDiscovery else { return }
        if discoveries.count == Self.mostDiscoveries { discoveries.removeFirst() }
        discoveries.append(time)
    }

    /// Lets hours pass. What comes a little late counts to the newest; a step back of a day is a clock that was set.
    private mutating func advance(to time: Timestamp) {
        let hour = time.nanoseconds / 1_000_000_000 / Self.secondsOfHour
        let passed = hour - (newestHour ?? hour)
        if passed < -Self.hoursOfSteppedClock || passed >= Int64(Self.hours) {
            weak = [UInt32](repeating: 0, count: Self.hours)
        } else if passed > 0 {
            weak = [UInt32](repeating: 0, count: Int(passed)) + weak.dropLast(Int(passed))
        } else if passed < 0 {
            return
        }
        newestHour = hour
    }

    /// The decimal logarithm of a positive, finite number, to a few units of its last place: our own, so that a decision
    /// does not hang on the machine's library.
    ///
    /// With x = 2^n m, m in 1..<2: ln m = 2 artanh((m − 1) / (m + 1)); the terms fall by 9 at least.
    static func log10(_ x: Double) -> Double {
        let z = (x.significand - 1) / (x.significand + 1)
        var power = z
        var sum = 0.0
        for term in 0..<20 {
            sum += power / Double(2 * term + 1)
            power *= z * z
        }
        let ln2 = 0.693_147_180_559_945_3
        let ln10 = 2.302_585_092_994_045_7
        return (Double(x.exponent) * ln2 + 2 * sum) / ln10
    }

    // MARK: State

    /// Writes the rates and what is remembered.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt32(rates.count))
        for stream in rates.keys.sorted() {
            writer.write(stream)
            writer.write(rates[stream] ?? 0)
        }
        for count in weak { writer.write(count) }
        writer.write(newestHour != nil)
        writer.write(newestHour ?? 0)
        writer.write(UInt8(discoveries.count))
        for time in discoveries { writer.write(time.nanoseconds) }
    }

    /// Creates a bar for one or no series.
    init() {}

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let count = try reader.read(UInt32.self)
        for _ in 0..<count {
            let stream = try reader.readString()
            let rate = try reader.readDouble()
            guard rate.isFinite, rate > 0 else { throw .invalid("\(rate) chance openings a second") }
            rates[stream] = rate
        }
        declaredRate = rates.keys.sorted().reduce(0) { $0 + (rates[$1] ?? 0) }
        for index in weak.indices { weak[index] = try reader.read() }
        let hasHour = try reader.readBool()
        let hour: Int64 = try reader.read()
        guard (-2_562_048...2_562_048).contains(hour) else { throw .invalid("the hour \(hour)") }
        newestHour = hasHour ? hour : nil
        let found = try reader.read(UInt8.self)
        guard found <= Self.mostDiscoveries else { throw .invalid("\(found) discoveries") }
        for _ in 0..<found { discoveries.append(Timestamp(nanoseconds: try reader.read())) }
    }
}
