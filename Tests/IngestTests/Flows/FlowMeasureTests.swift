import Testing
import TimeSeries

@testable import Ingest

/// What a sample of a host has behind its channels: by it hosts are compared.
@Suite struct FlowMeasureTests {
    private static let outside = NetworkAddress(ipv4: 0xcb00_7109)
    private static let server = NetworkAddress(ipv4: 0x0a14_0001)

    private func at(_ seconds: Double) -> Timestamp {
        Timestamp(nanoseconds: 1_792_000_000_000_000_000).advanced(bySeconds: seconds)
    }

    private func flow(
        _ host: UInt32 = 1, to peer: NetworkAddress, at seconds: Double, out: UInt64 = 100, back: UInt64 = 100,
        outcome: FlowRecord.Outcome = .established, isOneWay: Bool = false
    ) -> FlowRecord {
        FlowRecord(
            start: at(seconds), end: at(seconds), source: NetworkAddress(ipv4: 0x0a1a_0000 + host), destination: peer,
            sourcePort: 50_000, destinationPort: 443, transport: 6, outcome: outcome, packetsOut: 1, packetsIn: 1,
            bytesOut: out, bytesIn: back, isOneWay: isOneWay)
    }

    /// The values of a measure of one host, by bin of 20 s; the host is there from the first flow on.
    private func values(_ measure: Int, of flows: [FlowRecord], restartingAt border: Int? = nil) throws -> [Double] {
        let admission = SeriesAdmission(records: 1, allowance: SeriesAllowance())
        var gatherer = FlowGatherer(FlowGatherer.Settings(), admission: admission, writesTimes: false)
        var found: [Double] = []
        for (index, flow) in flows.enumerated() {
            if index == border {
                var writer = StateWriter()
                gatherer.encode(to: &writer)
                var reader = StateReader(writer.bytes)
                gatherer = try FlowGatherer(
                    FlowGatherer.Settings(), admission: admission, writesTimes: false, from: &reader)
            }
            var batch = RecordBatch()
            batch.rows = [
                RecordBatch.Row(malformed: nil, series: 0, time: flow.end, timeText: 0..<0, firstValue: 0, endOffset: 0)
            ]
            batch.flows = [flow]
            let (gathered, _) = gatherer.gather(batch, from: 0, to: 1)
            for row in gathered.rows where gathered.seriesNames[Int(row.series)] == "10.26.0.1" {
                #expect(gathered.values.count % FlowChannels.valueCount == 0)
                found.append(gathered.values[Int(row.firstValue) + measure])
            }
        }
        return found
    }

    @Test func `an upload goes outside, and next to nothing comes back`() throws {
        let flows = [
            flow(to: Self.outside, at: 0, out: 1_000_000, back: 2_000),
            flow(to: Self.server, at: 20, out: 1_000_000, back: 2_000),
            flow(to: Self.outside, at: 40, out: 1_000_000, back: 200_000),
            // One direction a record: their sums are compared.
            flow(to: Self.outside, at: 60, out: 1_000_000, back: 0, isOneWay: true),
            flow(to: Self.outside, at: 61, out: 0, back: 50_000, isOneWay: true),
            flow(to: Self.server, at: 100),
        ]
        #expect(try values(FlowChannels.uploads, of: flows) == [980_000, 0, 0, 500_000, 0])
    }

    @Test func `failures in a row of a service that always answered weigh much, whoever asked`() throws {
        var flows = (0..<100).map { flow(2, to: Self.server, at: Double($0)) }
        flows.append(flow(to: Self.server, at: 100))
        flows += (0..<3).map { flow(2, to: Self.server, at: 121 + Double($0), outcome: .unanswered) }
        flows.append(flow(to: Self.server, at: 130, outcome: .refused))
        flows.append(flow(to: Self.server, at: 150))
        flows.append(flow(to: Self.server, at: 170))
        let found = try values(FlowChannels.failures, of: flows, restartingAt: 102)
        // The first is not counted, then 3 · log10(103).
        #expect(found.count == 3)
        #expect(abs(found[1] - 3 * 2.0128372) < 1e-3, "\(found)")
        #expect(found[2] == 0)
    }

    @Test func `a service that often fails, is not known or is outside says nothing by failing`() throws {
        var often: [FlowRecord] = []
        for index in 0..<200 {
            often.append(flow(to: Self.server, at: Double(index), outcome: index % 2 == 0 ? .established : .unanswered))
        }
        #expect(try values(FlowChannels.failures, of: often).allSatisfy { $0 == 0 })
        let unknown = (0..<100).map { flow(to: Self.server, at: Double($0), outcome: .refused) }
        #expect(try values(FlowChannels.failures, of: unknown).allSatisfy { $0 == 0 })
        let foreign = (0..<200).map {
            flow(to: Self.outside, at: Double($0), outcome: $0 < 100 ? .established : .refused)
        }
        #expect(try values(FlowChannels.failures, of: foreign).allSatisfy { $0 == 0 })
        // Nor does an exporter that tells of the answer later.
        let oneWay = (0..<200).map {
            flow(to: Self.server, at: Double($0), outcome: $0 < 100 ? .established : .unanswered, isOneWay: true)
        }
        #expect(try values(FlowChannels.failures, of: oneWay).allSatisfy { $0 == 0 })
    }

    @Test func `silence is counted in the distances of a clock, and only of a clock`() throws {
        var flows = (0..<30).map { flow(to: Self.server, at: 60 * Double($0)) }
        // The others go on.
        flows += (0..<20).map { flow(2, to: Self.server, at: 1_760 + 60 * Double($0)) }
        let found = try values(FlowChannels.silence, of: flows, restartingAt: 33)
        #expect(found.prefix(85).allSatisfy { $0 < 0.5 })
        #expect(abs((found.last ?? 0) - 18) < 1.5, "\(found.suffix(3))")
        var generator = SeededGenerator(seed: 5)
        var time = 0.0
        var random = (0..<40).map { _ in
            time -= 60 * Transcendental.log(1 - generator.uniform())
            return flow(to: Self.server, at: time)
        }
        random += (0..<20).map { flow(2, to: Self.server, at: time + 60 * Double($0)) }
        #expect(try values(FlowChannels.silence, of: random).allSatisfy { $0 == 0 })
    }

    @Test func `a new regular contact outside is one for a day, and who is new itself has none`() throws {
        let day = 86_400.0
        func beacon(from start: Double, to peer: NetworkAddress, count: Int) -> [FlowRecord] {
            (0..<count).map { flow(to: peer, at: start + 30 * Double($0)) }
        }
        let old = (0..<1_500).map { flow(to: Self.server, at: 60 * Double($0)) }
        #expect(
            try values(FlowChannels.newContact, of: beacon(from: 0, to: Self.outside, count: 40)).allSatisfy { $0 == 0 }
        )
        let known = try values(
            FlowChannels.newContact, of: old + beacon(from: 90_000, to: Self.outside, count: 40), restartingAt: 1_510)
        #expect((known.last ?? 0) > 30, "\(known.suffix(3))")
        #expect(known.prefix(4_500).allSatisfy { $0 == 0 })
        let inside = try values(
            FlowChannels.newContact, of: old + beacon(from: 90_000, to: Self.server, count: 40))
        #expect(inside.allSatisfy { $0 == 0 })
        let long = old + beacon(from: 90_000, to: Self.outside, count: Int(day / 30) + 30)
        #expect(try values(FlowChannels.newContact, of: long).last == 0)
    }
}
