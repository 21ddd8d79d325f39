import TimeSeries

/// What a host of the simulated network is for.
enum HostRole: String, CaseIterable {
    case server
    case plc
    case hmi
    case device
    case printer
    case laptop
    case workstation
}

/// A host: when it is on and when somebody works with it, day by day, and which address it has.
struct SimulatedHost {
    let role: HostRole
    /// Of its own days; independent of everything else.
    private let seed: UInt64
    private let addresses: [UInt32]
    /// Nobody switches it off.
    let isAlwaysOn: Bool
    private var wander: SmoothWander
    private var day = Int.min
    private var isThere = false
    /// Seconds of the day.
    private var hours = 0.0..<0.0
    private var lunch = 0.0..<0.0
    /// The address it has today; a laptop gets one of two.
    private(set) var address: UInt32

    init(role: HostRole, seed: UInt64, addresses: [UInt32]) {
        self.role = role
        self.seed = seed
        self.addresses = addresses
        address = addresses[0]
        isAlwaysOn = role != .laptop && (role != .workstation || splitMix(seed &+ 1) % 10 < 3)
        wander = SmoothWander(seed: splitMix(seed &+ 2), spacing: 2_400)
    }

    /// Whether it is on.
    mutating func isOn(_ local: LocalMoment) -> Bool {
        plan(local)
        return isAlwaysOn || isThere && hours.contains(local.secondOfDay)
    }

    /// How busy its user is, 0 to 1; 0 when nobody is there.
    mutating func work(_ local: LocalMoment, seconds: Double) -> Double {
        plan(local)
        guard isThere, hours.contains(local.secondOfDay) else { return 0 }
        let level = Transcendental.exp(0.7 * wander.value(at: max(0, seconds)) - 0.7)
        return min(1, lunch.contains(local.secondOfDay) ? 0.2 * level : level)
    }

    /// Draws the day: who comes, when, and for how long.
    private mutating func plan(_ local: LocalMoment) {
        guard local.day != day else { return }
        day = local.day
        var generator = SeededGenerator(seed: splitMix(seed ^ UInt64(bitPattern: Int64(day))))
        let isWeekend = local.weekday >= 5
        let usual = role == .laptop ? 0.65 : 0.93
        isThere = generator.uniform() < (isWeekend ? 0.03 : usual)
        // Everybody has hours of their own, and keeps them to a quarter of an hour or so.
        let habit = Double(splitMix(seed &+ 3) >> 11) * 0x1p-53
        let comes = 25_200 + 8_100 * habit + 1_800 * (generator.uniform() - 0.5)
        let stays = 29_700 + 4_500 * generator.uniform()
        hours = comes..<(isWeekend ? comes + 10_800 : comes + stays)
        let eats = 42_300 + 4_500 * generator.uniform()
        lunch = eats..<(eats + 1_500 + 1_800 * generator.uniform())
        if addresses.count > 1 { address = addresses[Int(generator.next() % UInt64(addresses.count))] }
    }
}
