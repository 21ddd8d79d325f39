import TimeSeries

/// A circulation pump under speed control: speed, current, flow, pressure, vibration, temperature.
///
/// The plant's demand (week and day, an hour's wander, a minute's unrest) sets the speed. By the affinity laws flow goes
/// with the speed, pressure with its square and power with its cube; vibration with the square; the motor warms with the
/// current, over some 20 minutes, above a room that has its own day. The screen fouls and the bearing wears, slowly.
struct PumpModel: MachineModel {
    static let processDraws = 2

    let channels = [
        SimulatedChannel(name: "speed", unit: "rpm", noise: 2.5, decimals: 0),
        SimulatedChannel(name: "current", unit: "A", noise: 0.06, decimals: 2),
        SimulatedChannel(name: "flow", unit: "l/min", noise: 0.8, decimals: 1),
        SimulatedChannel(name: "pressure", unit: "bar", noise: 0.015, decimals: 3),
        SimulatedChannel(name: "vibration", unit: "mm/s", noise: 0.05, decimals: 2),
        SimulatedChannel(name: "temp", unit: "°C", noise: 0.12, decimals: 1, lowest: -50),
    ]

    private static let demand = WeekProfile(
        weekday: [
            (0, 0.62), (4.5, 0.60), (6.5, 0.92), (9, 1), (12, 0.94), (13.5, 0.99), (17, 0.95), (20, 0.78), (23, 0.64),
            (24, 0.62),
        ],
        saturday: [(0, 0.62), (6, 0.61), (9, 0.8), (13, 0.76), (16, 0.66), (24, 0.60)],
        sunday: [(0, 0.60), (8, 0.60), (11, 0.66), (15, 0.63), (24, 0.61)])

    private let interval: Double
    private let size: Double
    private let room: Double
    private let spinShare: Double
    private let stopShare: Double
    private let heatShare: Double
    private var hourWander: SmoothWander
    private var fouling: SmoothWander
    private var wear: SmoothWander
    private var load: Unrest
    private var ripple: Unrest
    private var spin = Lag()
    private var heat = Lag()

    init(seed: UInt64, interval: Double) {
        var generator = SeededGenerator(seed: seed)
        self.interval = interval
        size = 0.9 + 0.2 * generator.uniform()
        room = 19 + 4 * generator.uniform()
        spinShare = Lag.share(interval: interval, constant: 6)
        stopShare = Lag.share(interval: interval, constant: 15)
        heatShare = Lag.share(interval: interval, constant: 1_200)
        hourWander = SmoothWander(seed: generator.next(), spacing: 2_400)
        fouling = SmoothWander(seed: generator.next(), spacing: 432_000)
        wear = SmoothWander(seed: generator.next(), spacing: 604_800)
        load = Unrest(interval: interval, memory: 60)
        ripple = Unrest(interval: interval, memory: 4)
    }

    mutating func advance(_ now: MachineConditions, draws: [Double], values: inout [Double], noise: inout [Double]) {
        let demand =
            Self.demand.level(now.local) * (1 + 0.03 * hourWander.value(at: now.seconds)) + 0.008 * load.next(draws[0])
        let before = spin.value
        let wanted = now.isRunning ? 0.45 + 0.5 * demand : 0
        let s = spin.follow(wanted, now.isRunning ? spinShare : stopShare)
        let rise = before.isNaN ? 0 : max(0, s - before) / interval
        // Half a year of fouling and wear; whoever looks after the machine does not let it go further.
        let days = min(180, now.seconds / 86_400)
        let foul = 0.0008 * days + 0.01 * fouling.value(at: now.seconds)
        let worn = 0.002 * days + 0.03 * wear.value(at: now.seconds)
        let surge = 0.004 * ripple.next(draws[1])
        let flow = s * (1 - foul) * (1 + surge)
        let current = s > 0.02 ? 1.1 * min(1, s * 5) + 9.2 * s * s * s * (1 + 0.5 * foul) + 90 * rise : 0
        let air = room + 2.2 * Circle.point((now.local.secondOfDay - 54_000) / 86_400).cosine
        values[0] = 2_960 * s
        values[1] = current * size
        values[2] = 126 * flow * size
        values[3] = 4.3 * s * s * (1 + 0.6 * foul) - 0.7 * flow * flow
        values[4] = 0.04 + 2.1 * s * s * (1 + worn)
        values[5] = heat.follow(air + 3.6 * current, heatShare)
        noise[4] = 0.3 + 0.9 * s * s
        noise[1] = s > 0.02 ? 1 : 0.2
        noise[2] = s > 0.02 ? 1 : 0.2
        noise[0] = s > 0.02 ? 1 : 0.2
    }
}
