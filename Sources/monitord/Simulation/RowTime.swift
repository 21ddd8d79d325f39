import TimeSeries

/// The forms a row's time can have.
enum SimulatedTimeForm: String, CaseIterable {
    /// RFC 3339 at UTC: `2026-03-15T00:00:00Z`.
    case iso
    /// The local civil time without its zone: `2026-03-15T01:00:00`.
    case local
    /// Seconds since 1970.
    case epoch
}

/// Writes the times of rows; the text of the date is kept from row to row.
struct RowTime {
    private let form: SimulatedTimeForm
    /// 0 when all rows fall on whole seconds, else 3.
    private let decimals: Int
    private var clock: LocalClock
    private var day = Int64.min
    private var date = ByteBlock(capacity: 16)

    init(form: SimulatedTimeForm, hasMilliseconds: Bool, zone: CivilZone) {
        self.form = form
        decimals = hasMilliseconds ? 3 : 0
        clock = LocalClock(zone)
    }

    /// Puts the time, without quotes.
    mutating func put(_ instant: Timestamp, into block: inout ByteBlock) {
        if form == .epoch {
            block.put(Int(instant.nanoseconds / (decimals > 0 ? 1_000_000 : 1_000_000_000)), decimals: decimals)
            return
        }
        let shown = form == .local ? clock.localNanoseconds(instant) : instant.nanoseconds
        let dayLength: Int64 = 86_400_000_000_000
        let today = shown / dayLength - (shown % dayLength < 0 ? 1 : 0)
        if today != day {
            day = today
            let civil = CivilTime(utc: Timestamp(nanoseconds: shown))
            date.clear()
            date.put(civil.year, digits: 4)
            date.put(UInt8(ascii: "-"))
            date.put(civil.month, digits: 2)
            date.put(UInt8(ascii: "-"))
            date.put(civil.day, digits: 2)
            date.put(UInt8(ascii: "T"))
        }
        for index in 0..<date.count { block.put(date.bytes[index]) }
        let milliseconds = Int((shown - today * dayLength) / 1_000_000)
        let second = milliseconds / 1_000
        block.put(second / 3_600, digits: 2)
        block.put(UInt8(ascii: ":"))
        block.put(second / 60 % 60, digits: 2)
        block.put(UInt8(ascii: ":"))
        block.put(second % 60, digits: 2)
        if decimals > 0 {
            block.put(UInt8(ascii: "."))
            block.put(milliseconds % 1_000, digits: 3)
        }
        if form == .iso { block.put(UInt8(ascii: "Z")) }
    }
}
