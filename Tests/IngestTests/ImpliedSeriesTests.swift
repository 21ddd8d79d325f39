import Testing
import TimeSeries

@testable import Ingest

@Suite struct ImpliedSeriesTests {
    @Test func `a column called series names the series`() {
        let decoded = decode("time,series,temp,flow\n1,a,10,1\n1,b,20,2\n2,a,11,1\n2,b,21,2\n")
        #expect(decoded.batch.seriesNames == ["a", "b"])
        #expect(decoded.channelNames == ["temp", "flow"])
        #expect(decoded.rows.map(\.series) == [0, 1, 0, 1])
        #expect(decoded.rows.allSatisfy { $0.channel == -1 })
    }

    @Test func `series, channel and value are lines of long form`() {
        let decoded = decode(
            "time,series,channel,value\n" + (1...4).map { "\($0),a,temp,1\($0)\n\($0),a,flow,\($0)\n" }.joined())
        #expect(decoded.batch.seriesNames == ["a"])
        #expect(decoded.channelNames == ["temp", "flow"])
        #expect(decoded.rows.map(\.channel) == [0, 1, 0, 1, 0, 1, 0, 1])
    }

    @Test func `a key called series does too`() {
        let decoded = decode(
            (1...4).map { #"{"ts":"2026-03-15T00:00:0\#($0)Z","series":"p\#($0 % 2)","temp":\#($0)}"# + "\n" }.joined())
        #expect(decoded.batch.seriesNames == ["p1", "p0"])
        #expect(decoded.channelNames == ["temp"])
    }

    @Test func `what the configuration says stands`() {
        let decoded = decode(
            "time,series,unit,temp\n1,a,x,10\n2,b,x,20\n3,a,x,11\n4,b,x,21\n",
            SourceConfiguration(input: .standardInput, series: "unit"))
        #expect(decoded.batch.seriesNames == ["x"])
    }
}
