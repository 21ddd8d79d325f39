import Testing
import TimeSeries

@testable import Ingest

/// A datagram's lines are read where they stand; a file's last line is carried over until its end is there. Both are the same lines.
@Suite struct DatagramLinesTests {
    private static let nobody = NetworkAddress(high: 0, low: 0)

    /// What came of datagrams, each read as such, or as a file that ends with it.
    private func decode(_ datagrams: [String], asFiles: Bool, longestLine: Int) -> (LineDecoder, RecordBatch) {
        var configuration = SourceConfiguration(input: .standardInput)
        configuration.longestLine = longestLine
        var decoder = LineDecoder(configuration: configuration)
        var batch = RecordBatch()
        for datagram in datagrams {
            let bytes = Array(datagram.utf8)
            if asFiles {
                decoder.isOfDatagrams = true
                _ = decoder.decode(bytes.span, into: &batch)
                decoder.finishFile(into: &batch)
            } else {
                decoder.decodeDatagram(bytes.span, from: Self.nobody, into: &batch)
            }
        }
        decoder.endDatagrams(into: &batch)
        return (decoder, batch)
    }

    @Test(arguments: ["time,a,b", "time,a,b\n", "time,a,b\n1700000000,1,2\n1700000001,2,3"])
    func `gives the rows that a file with these lines gives`(first: String) {
        let pieces = [
            "1700000100,1.5,2", "1700000101,3,4\n", "1700000102,5,6\r\n1700000103,7,8", "\n\n", "", "   ", "# a remark",
            "1700000104,\u{1},3", "1700000105,x,9\n1700000106,1,1\r", "time,a,b", "1700000107,1,2,3\n1700000108,4,5\n",
            "\u{feff}1700000109,1,2", String(repeating: "9", count: 90),
            String(repeating: "9", count: 90) + "\n1700000110,1,2",
        ]
        var random = SeededGenerator(seed: 9)
        for round in 0..<60 {
            let datagrams = [first] + (0..<40).map { _ in pieces.randomElement(using: &random) ?? "" }
            let (decoder, batch) = decode(datagrams, asFiles: false, longestLine: 64)
            let (other, expected) = decode(datagrams, asFiles: true, longestLine: 64)
            #expect(batch.rows == expected.rows, "round \(round)")
            #expect(batch.text == expected.text && batch.values.map(\.bitPattern) == expected.values.map(\.bitPattern))
            #expect(decoder.counters == other.counters && decoder.offset == other.offset)
            #expect(decoder.schema == other.schema && decoder.dialectState == other.dialectState)
        }
    }

    @Test func `knows a header that comes by itself, before the lines and among them`() {
        let lines = (100..<160).map { "1700000\($0),\($0),2" }
        let (decoder, batch) = decode(["time,a,b"] + lines + ["time,b,a"] + lines, asFiles: false, longestLine: 64)
        #expect(decoder.schema?.channels.map(\.name) == ["a", "b"] && decoder.counters.headers == 2)
        #expect(batch.rows.count == 120 && batch.values.prefix(2) == [100, 2] && batch.values.suffix(2) == [2, 159])
    }
}
