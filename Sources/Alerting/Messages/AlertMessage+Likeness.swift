import TimeSeries

extension AlertMessage {
    /// The past incident that this one is like, and what came of it: ` Like 2026-11-03 04:12:07 UTC, which was over after 3 hours.`
    static func likeness(_ record: AlertRecord) -> String {
        guard let similar = record.similar else { return "" }
        let like = " Like \(clock(similar.time, seenFrom: record.time))"
        guard let lasted = similar.lasted else { return like + "." }
        let length = HumanDuration.text(seconds: lasted)
        return similar.becameUsual
            ? like + ", which stayed and counted as usual after \(length)." : like + ", which was over after \(length)."
    }
}
