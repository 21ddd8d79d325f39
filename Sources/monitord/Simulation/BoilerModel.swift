import TimeSeries

/// A boiler room: outside temperature, supply and return temperature, pressure, burner on or off.
///
/// The heating curve asks for a supply temperature by the weather, less at night and on the weekend in local civil time;
/// the burner switches with a hysteresis of 4 degrees either side; the return follows the supply after the building has
/// taken its heat; the water's pressure goes with its mean temperature, and slowly down.
struct BoilerModel: MachineModel {
    static let processDraws = 2

    let channels = [
        SimulatedChannel(name: "outside", unit: "°C", noise: 0.1, decimals: 1, lowest: -60),
        SimulatedChannel(name: "supply", unit: "°C", noise: 0.15, decimals: 1, lowest: -60),
        SimulatedChannel(name: "return", unit: "°C", noise: 0.12, decimals: 1, lowest: -60),
        SimulatedChannel(name: "pressure", unit: "bar", noise: 0.006, decimals: 3),
        SimulatedChannel(name: "burner", unit: nil, noise: 0, decimals: 0),
    ]

    /// 1 when the house is kept warm, 0 when it may cool.
    private static let comfort = WeekProfile(
        weekday: [(0, 0), (5, 0), (6, 1), (21.5, 1), (22.5, 0), (24, 0)],
        sunday: [(0, 0), (6.5, 0), (7.5, 1), (22.5, 1), (23.5, 0), (24, 0)])

    private let mildness: Double
    private let heatShare: Double
    private let coolShare: Double
    private let returnShare: Double
    private var weather: SmoothWander
    private var cloud: SmoothWander
    private var leak: SmoothWander
    private var wind: Unrest
    private var draught: Unrest
    private var supply = Lag()
    private var back = Lag()
    private var isBurning = true

    init(seed: UInt64, interval: Double) {
        var generator = SeededGenerator(seed: seed)
        mildness = 2 * generator.uniform() - 1
        heatShare = Lag.share(interval: interval, constant: 600)
        coolShare = Lag.share(interval: interval, constant: 1_500)
        returnShare = Lag.share(interval: interval, constant: 300)
        weather = SmoothWander(seed: generator.next(), spacing: 172_800)
        cloud = SmoothWander(seed: generator.next(), spacing: 7_200)
        leak = SmoothWander(seed: generator.next(), spacing: 604_800)
        wind = Unrest(interval: interval, memory: 300)
        draught = Unrest(interval: interval, memory: 60)
    }

    mutating func advance(_ now: MachineConditions, draws: [Double], values: inout [Double], noise: inout [Double]) {
        // The coldest day is about 20 January; 365.25 days make the year of this formula.
        let year = Circle.point((Double(now.local.day) - 19) / 365.25).cosine
        let day = Circle.point((now.local.secondOfDay - 54_000) / 86_400).cosine
        let outside =
            10 + mildness - 9.5 * year + 3.2 * day + 2.8 * weather.value(at: now.seconds)
            + 0.6 * cloud.value(at: now.seconds) + 0.08 * wind.next(draws[0])
        let comfort = Self.comfort.level(now.local)
        let need = max(0, 20 - outside)
        let wanted = 34 + 1.15 * need - 9 * (1 - comfort)
        let current = supply.value
        if now.isRunning {
            if current.isNaN || current < wanted - 4 {
                isBurning = true
            } else if current > wanted + 4 {
                isBurning = false
            }
        } else {
            isBurning = false
        }
        let taken = (3 + 0.32 * need) * (0.8 + 0.2 * comfort)
        let warm: Double
        if current.isNaN {
            warm = supply.follow(wanted, 1)
        } else {
            warm = supply.follow(
                isBurning ? wanted + 14 : max(20, current - taken * 1.8), isBurning ? heatShare : coolShare)
        }
        let cool = back.follow(max(19, warm - taken) + 0.05 * draught.next(draws[1]), returnShare)
        values[0] = outside
        values[1] = warm
        values[2] = cool
        values[3] =
            1.72 + 0.011 * ((warm + cool) / 2 - 45) - 0.0015 * min(180, now.seconds / 86_400) + 0.01
            * leak.value(at: now.seconds)
        values[4] = isBurning ? 1 : 0
    }
}
