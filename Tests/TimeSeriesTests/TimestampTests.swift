import Testing
import TimeSeries

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"),
        (1_583_748_873_000_000_000, "2020-03-09T10:14:33Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_500_000_000, "1970-01-01T00:00:01.500Z"),
        (1_000_001_000, "1970-01-01T00:00:01.000001Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00Z"),
    ])
    func `text is RFC 3339 with as many decimals as needed`(nanoseconds: Int64, text: String) {
        #expect(Timestamp(nanoseconds: nanoseconds).description == text)
    }

    @Test func `civil time of every day over 580 years reads back and days follow each other`() {
        var expected = CivilTime(year: 1678, month: 1, day: 1).daysSinceEpoch
        for year in 1678...2261 {
            for month in 1...12 {
                for day in 1...31 {
                    let civil = CivilTime(year: year, month: month, day: day, hour: 23, minute: 59, second: 59)
                    guard civil.isValid else { continue }
                    #expect(civil.daysSinceEpoch == expected)
                    #expect(CivilTime(utc: civil.utc) == civil)
                    expected += 1
                }
            }
        }
    }

    @Test(arguments: [(2023, 2, 29), (1900, 2, 29), (2024, 13, 1), (2024, 0, 1), (2024, 4, 31), (2024, 4, 0)])
    func `dates that do not exist are not valid`(year: Int, month: Int, day: Int) {
        #expect(!CivilTime(year: year, month: month, day: day).isValid)
    }

    @Test func `a leap second is put before the second behind it, in order`() {
        func instant(_ minute: Int, _ second: Int, _ nanosecond: Int = 0) -> Timestamp? {
            let civil = CivilTime(
                year: 2016, month: 12, day: 31, hour: 23, minute: minute, second: second, nanosecond: nanosecond)
            return civil.isValid ? civil.utc : nil
        }
        #expect(instant(59, 60)?.description == "2016-12-31T23:59:59.999Z")
        #expect(instant(59, 60, 500_000_000)?.description == "2016-12-31T23:59:59.999500Z")
        #expect(instant(59, 60, 999_999_999)?.description == "2016-12-31T23:59:59.999999999Z")
        #expect(instant(44, 60) != nil, "it is at a quarter where clocks differ from UTC by quarters")
        #expect(instant(58, 60) == nil)
        #expect(instant(59, 61) == nil)
    }

    @Test func `seconds out of range are refused`() {
        #expect(Timestamp(seconds: .nan) == nil)
        #expect(Timestamp(seconds: .infinity) == nil)
        #expect(Timestamp(seconds: 1e12) == nil)
        #expect(Timestamp(seconds: 1.5)?.nanoseconds == 1_500_000_000)
    }

    @Test func `adding saturates`() {
        #expect(Timestamp(nanoseconds: .max).advanced(bySeconds: 1).nanoseconds == .max)
        #expect(Timestamp(nanoseconds: .min).advanced(bySeconds: -1).nanoseconds == .min)
        #expect(Timestamp(nanoseconds: 0).advanced(bySeconds: 1e300).nanoseconds == .max)
        #expect(Timestamp(nanoseconds: 5).advanced(bySeconds: 2).nanoseconds == 2_000_000_005)
    }
}
