import TimeSeries

/// A motor in load cycles: load, current, vibration in three bands, winding temperature.
///
/// A cycle of about 75 seconds has its load in the first 60 per cent; how heavy, goes with the shift (day and week in
/// local civil time). Bands below the speed, at it and at the bearing follow the load in their own ways; the winding
/// warms over a quarter of an hour. At intervals longer than a quarter of a cycle the mean over the cycle is shown.
struct MotorModel: MachineModel {
    static let processDraws = 2

    let channels = [
        SimulatedChannel(name: "load", unit: "%", noise: 0.6, decimals: 1),
        SimulatedChannel(name: "current", unit: "A", noise: 0.12, decimals: 2),
        SimulatedChannel(name: "vib_low", unit: "mm/s", noise: 0.05, decimals: 2),
        SimulatedChannel(name: "vib_mid", unit: "mm/s", noise: 0.07, decimals: 2),
        SimulatedChannel(name: "vib_high", unit: "mm/s", noise: 0.04, decimals: 2),
        SimulatedChannel(name: "winding", unit: "°C", noise: 0.15, decimals: 1, lowest: -50),
    ]

    private static let shift = WeekProfile(
        weekday: [
            (0, 0.4), (5, 0.4), (6.25, 0.8), (9, 0.86), (12, 0.72), (14, 0.84), (21, 0.76), (22.5, 0.42), (24, 0.4),
        ],
        saturday: [(0, 0.4), (6, 0.42), (7, 0.7), (13, 0.68), (14.5, 0.36), (24, 0.34)],
        sunday: [(0, 0.34), (12, 0.35), (22, 0.34), (24, 0.4)])
    private static let cycle = 75.0

    private let interval: Double
    private let strength: Double
    private let startShare: Double
    private let heatShare: Double
    private var pace: SmoothWander
    private var wear: SmoothWander
    private var material: Unrest
    private var shake: Unrest
    private var turn = 0.0
    private var pull = Lag()
    private var heat = Lag()

    init(seed: UInt64, interval: Double) {
        var generator = SeededGenerator(seed: seed)
        self.interval = interval
        strength = 0.9 + 0.2 * generator.uniform()
        startShare = Lag.share(interval: interval, constant: 2)
        heatShare = Lag.share(interval: interval, constant: 900)
        pace = SmoothWander(seed: generator.next(), spacing: 5_400)
        wear = SmoothWander(seed: generator.next(), spacing: 604_800)
        material = Unrest(interval: interval, memory: 200)
        shake = Unrest(interval: interval, memory: 8)
        turn = generator.uniform()
    }

    mutating func advance(_ now: MachineConditions, draws: [Double], values: inout [Double], noise: inout [Double]) {
        let heavy = Self.shift.level(now.local) * (1 + 0.03 * material.next(draws[0]))
        let busy: Double
        if interval > Self.cycle / 4 {
            busy = 0.6
        } else {
            turn += interval / (Self.cycle * (1 + 0.05 * pace.value(at: now.seconds)))
            turn -= turn.rounded(.down)
            busy = turn < 0.6 ? 1 : 0
        }
        let before = pull.value
        let load = pull.follow(now.isRunning ? 0.12 + heavy * busy : 0, startShare)
        let rise = before.isNaN ? 0 : max(0, load - before) / interval
        let on = now.isRunning ? 1.0 : min(1, load * 8)
        let worn = 0.002 * min(180, now.seconds / 86_400) + 0.03 * wear.value(at: now.seconds)
        let shaking = 1 + 0.03 * shake.next(draws[1])
        let current = (6 * on + 24 * load + 8 * rise) * strength
        let air = 22 + 2 * Circle.point((now.local.secondOfDay - 54_000) / 86_400).cosine
        values[0] = 100 * load
        values[1] = current
        values[2] = (0.5 * on + 0.9 * load) * shaking
        values[3] = (0.8 * on + 1.6 * load * load) * shaking
        values[4] = (0.3 * on + 0.5 * load) * (1 + worn)
        values[5] = heat.follow(air + 0.11 * current * current, heatShare)
        noise[0] = 0.3 + 0.7 * on
        for index in 1...4 { noise[index] = 0.2 + 0.8 * on * (0.6 + 0.6 * load) }
    }
}
