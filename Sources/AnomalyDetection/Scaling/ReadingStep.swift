import TimeSeries

/// The step in which a channel's readings come, as far as they tell: below it a change means nothing.
///
/// A thermometer that shows tenths rests on one reading for hours; its noise is then estimated as 0, and the next tenth would
/// be infinitely many deviations. Two things bound the step. The **last digit**: the fewest decimals, up to nine, that all
/// readings so far can be written with; it is there from the first reading on. And the **smallest change**, once it came four
/// times: a converter with steps of a quarter shows two decimals and means neither. Readings of more digits, as of a
/// simulation, have a step far below their noise, where it does no harm, or none. 32 bytes.
struct ReadingStep: Equatable, Sendable {
    /// Most decimals of a last digit.
    private static let mostDecimals = 9
    /// Changes of about the smallest size before it is taken for the step.
    private static let confirmations: UInt8 = 4
    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
    /// One over each: the nearest numbers to these decimals, as a division would give them.
    private static let digits: [Double] = [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9]

    /// Decimals that all readings have; above ``mostDecimals`` when there are more.
    private var decimals = 0
    private var smallest = Double.infinity
    private var confirmed: UInt8 = 0
    private var last = Double.nan

    init() {}

    /// The step; 0 when nothing is known of it.
    var step: Double { Self.step(decimals, smallest, confirmed) }

    /// The step when a reading belongs to the channel that was not learned yet: it may have more digits.
    func step(at value: Double) -> Double { Self.step(Self.decimals(of: value, from: decimals), smallest, confirmed) }

    /// Learns a reading, finite.
    mutating func learn(_ value: Double) {
        decimals = Self.decimals(of: value, from: decimals)
        let change = (value - last).magnitude
        last = value
        guard change > 0 else { return }
        // Differences of decimals are not exact.
        if change < 0.99 * smallest {
            smallest = change
            confirmed = 1
        } else if change < 1.5 * smallest, confirmed < Self.confirmations {
            confirmed += 1
        }
    }

    private static func step(_ decimals: Int, _ smallest: Double, _ confirmed: UInt8) -> Double {
        let digit = decimals <= mostDecimals ? digits[decimals] : 0
        return confirmed < confirmations ? digit : max(digit, smallest)
    }

    /// The fewest decimals, at least `decimals`, that a reading can be written with.
    private static func decimals(of value: Double, from decimals: Int) -> Int {
        var decimals = decimals
        while decimals <= mostDecimals {
            let digits = (value * powers[decimals]).magnitude
            // Beyond 2⁵² every number is whole, which tells nothing.
            guard digits < 0x1p52 else { return mostDecimals + 1 }
            let whole = Double(Int64(digits + 0.5))
            if (digits - whole).magnitude <= digits * 0x1p-50 { return decimals }
            decimals += 1
        }
        return decimals
    }

    /// Writes the step.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(decimals))
        writer.write(smallest)
        writer.write(confirmed)
        writer.write(last)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        decimals = Int(try reader.read(UInt8.self))
        smallest = try reader.readDouble()
        confirmed = try reader.read()
        last = try reader.readDouble()
        guard decimals <= Self.mostDecimals + 1, smallest > 0 else {
            throw .invalid("a step of \(decimals) decimals and a smallest change of \(smallest)")
        }
    }
}
