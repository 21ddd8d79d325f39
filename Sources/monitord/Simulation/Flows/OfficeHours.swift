/// How busy the whole office is: what a server sees of its users.
enum OfficeHours {
    /// 0.08 at night and on Sundays to 1 before noon.
    static func level(_ local: LocalMoment) -> Double {
        guard local.weekday < 5 else { return local.weekday == 5 ? 0.12 : 0.08 }
        let hour = local.secondOfDay / 3_600
        let rise = smooth((hour - 6.8) / 2.4)
        let fall = 1 - smooth((hour - 15.8) / 2.6)
        let noon = 1 - 0.5 * smooth((hour - 11.7) / 0.6) * (1 - smooth((hour - 12.9) / 0.7))
        return 0.08 + 0.92 * min(rise, fall) * noon
    }

    private static func smooth(_ share: Double) -> Double {
        let within = min(max(share, 0), 1)
        return within * within * (3 - 2 * within)
    }
}
