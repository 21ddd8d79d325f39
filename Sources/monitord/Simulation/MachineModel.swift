import TimeSeries

/// A channel of a simulated machine.
struct SimulatedChannel: Equatable {
    /// As the header has it, without its unit.
    var name: String
    var unit: String?
    /// Standard deviation of the measurement's noise, in the channel's unit; 0 for a state such as on and off.
    var noise: Double
    /// The sensor shows whole multiples of `step` × 10^−`decimals`.
    var step = 1
    var decimals: Int
    /// Nothing below it is shown.
    var lowest = 0.0
}

/// What a machine meets at one row.
struct MachineConditions {
    /// Since the start of the stream.
    var seconds: Double
    /// What the clock on the wall shows.
    var local: LocalMoment
    /// Not switched off for maintenance.
    var isRunning: Bool
}

/// The physics of one machine: what its channels would be without measurement noise.
///
/// A value type: a copy that is given other conditions goes its own way, which is how a shifted season is planted.
protocol MachineModel {
    /// Normal draws for the machine's own unrest, besides one for each channel.
    static var processDraws: Int { get }
    /// Its channels, in the order of the values.
    var channels: [SimulatedChannel] { get }

    /// Moves one interval on.
    ///
    /// - Parameters:
    ///   - draws: at least ``processDraws`` standard normals.
    ///   - values: written, one for each channel.
    ///   - noise: written, the factor on each channel's noise.
    mutating func advance(
        _ now: MachineConditions, draws: [Double], values: inout [Double], noise: inout [Double])
}

/// Something that follows a target with a time constant; it begins at its first target.
struct Lag {
    private(set) var value = Double.nan

    /// Follows for one interval. `share` is 1 − e^(−interval / time constant), see ``share(interval:constant:)``.
    mutating func follow(_ target: Double, _ share: Double) -> Double {
        value = value.isNaN ? target : value + (target - value) * share
        return value
    }

    /// What part of the way is gone in an interval; exact for any length, so a coarse interval is stable too.
    static func share(interval: Double, constant: Double) -> Double { 1 - Transcendental.exp(-interval / constant) }
}

/// Noise that remembers: an autoregressive process of order one with standard deviation 1.
struct Unrest {
    private var value = 0.0
    private let keep: Double
    private let push: Double

    /// - Parameter memory: its time constant in seconds.
    init(interval: Double, memory: Double) {
        keep = Transcendental.exp(-interval / memory)
        push = (1 - keep * keep).squareRoot()
    }

    /// The next value from a standard normal.
    mutating func next(_ draw: Double) -> Double {
        value = keep * value + push * draw
        return value
    }
}

/// A quantity over the week in local civil time: a table at quarters of an hour, straight lines between.
struct WeekProfile {
    private var table: [Double] = []

    /// Days given as (hour, level) points, the hours rising from 0; after the last the level stays until midnight.
    init(
        weekday: [(hour: Double, level: Double)], saturday: [(hour: Double, level: Double)]? = nil,
        sunday: [(hour: Double, level: Double)]
    ) {
        for day in 0..<7 {
            let points = day < 5 ? weekday : day == 5 ? saturday ?? sunday : sunday
            for quarter in 0..<96 {
                let hour = Double(quarter) / 4
                let next = points.firstIndex { $0.hour > hour }
                let before = points[(next ?? points.count) - 1]
                guard let next else {
                    table.append(before.level)
                    continue
                }
                let after = points[next]
                let share = (hour - before.hour) / (after.hour - before.hour)
                table.append(before.level + (after.level - before.level) * share)
            }
        }
    }

    /// The level at a moment.
    func level(_ local: LocalMoment) -> Double {
        let position = local.secondOfDay / 900
        let quarter = min(95, Int(position))
        let index = local.weekday * 96 + quarter
        let next = index + 1 == table.count ? 0 : index + 1
        return table[index] + (table[next] - table[index]) * (position - Double(quarter))
    }
}
