import TimeSeries

/// Any number of channels: level, day and week in local civil time, a slow drift, and unrest shared by all.
///
/// Two common causes (memories of 5 minutes and of an hour) reach each channel with its own weight, so that the channels
/// go together; every channel has its own scale, season, drift and noise.
struct GenericModel: MachineModel {
    static let processDraws = 2

    /// Of one channel, in standard deviations of its noise.
    private struct Weights {
        var level: Double
        var season: Double
        /// Where on the day's circle its season is highest.
        var peak: (sine: Double, cosine: Double)
        var fast: Double
        var slow: Double
        var drift: Double
    }

    let channels: [SimulatedChannel]
    private var weights: [Weights] = []
    private var drifts: [SmoothWander] = []
    private var fast: Unrest
    private var slow: Unrest
    private var activity = Lag()
    private let switchShare: Double
    private static let week = WeekProfile(
        weekday: [(0, 1)], saturday: [(0, 1), (4, 0.6)], sunday: [(0, 0.6), (4, 0.5), (20, 0.5), (24, 1)])

    init(seed: UInt64, interval: Double, channelCount: Int) {
        var generator = SeededGenerator(seed: seed)
        // Noise and resolution of usual sensors: a fifth to a half of the noise is seen.
        let sensors: [(noise: Double, step: Int, decimals: Int)] = [(0.02, 5, 3), (0.1, 2, 2), (0.5, 1, 1), (4, 1, 0)]
        var channels: [SimulatedChannel] = []
        for number in 0..<channelCount {
            let sensor = sensors[Int(generator.next() % 4)]
            channels.append(
                SimulatedChannel(
                    name: "c\(number + 1)", unit: nil, noise: sensor.noise, step: sensor.step,
                    decimals: sensor.decimals, lowest: -1e9))
            weights.append(
                Weights(
                    level: 40 + 160 * generator.uniform(), season: 4 + 12 * generator.uniform(),
                    peak: Circle.point((13 + 3 * generator.uniform()) / 24), fast: 6 * generator.uniform() - 3,
                    slow: 8 * generator.uniform() - 4, drift: 2 + 2 * generator.uniform()))
            drifts.append(SmoothWander(seed: generator.next(), spacing: 345_600))
        }
        self.channels = channels
        fast = Unrest(interval: interval, memory: 300)
        slow = Unrest(interval: interval, memory: 3_600)
        switchShare = Lag.share(interval: interval, constant: 30)
    }

    mutating func advance(_ now: MachineConditions, draws: [Double], values: inout [Double], noise: inout [Double]) {
        let quick = fast.next(draws[0])
        let steady = slow.next(draws[1])
        let on = activity.follow(now.isRunning ? 1 : 0.1, switchShare)
        let week = Self.week.level(now.local)
        let clock = Circle.point(now.local.secondOfDay / 86_400)
        for index in values.indices {
            let own = weights[index]
            // cos(a − b) from the two points: the season is highest at the channel's own hour.
            let season = clock.cosine * own.peak.cosine + clock.sine * own.peak.sine
            let drift = own.drift * drifts[index].value(at: now.seconds)
            let sum = own.level + week * own.season * season + own.fast * quick + own.slow * steady + drift
            values[index] = channels[index].noise * sum * on
        }
    }
}
