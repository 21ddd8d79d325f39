/// When a machine is switched off for maintenance: every so many days, from 09:30 local civil time on.
struct Maintenance: Equatable {
    /// Days from one to the next.
    var every: Int
    /// Nanoseconds it lasts.
    var length: Int64

    /// Seconds of the local day at which it begins.
    static let beginning = 34_200.0
    /// The longest that ends on the day it began.
    static let longest: Int64 = 43_200_000_000_000

    /// Whether the machine is off. The first time is on the last of the first `every` days, a day earlier for each
    /// further series, so that a plant is not off as a whole.
    func isOff(_ local: LocalMoment, firstDay: Int, series: Int) -> Bool {
        let since = local.secondOfDay - Self.beginning
        guard since >= 0, since < Double(length) / 1e9 else { return false }
        return (local.day - firstDay + series) % every == every - 1
    }
}
