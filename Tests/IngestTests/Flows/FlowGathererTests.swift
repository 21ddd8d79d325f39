import Testing
import TimeSeries

@testable import Ingest

@Suite struct FlowGathererTests {
    private static let hosts = (0..<200).map { NetworkAddress(ipv4: 0x0a00_0500 + UInt32($0)) }
    private static let server = NetworkAddress(ipv4: 0xcb00_7109)

    private func at(_ seconds: Double) -> Timestamp {
        Timestamp(nanoseconds: 1_792_000_000_000_000_000 + Int64((seconds * 1e9).rounded()))
    }

    private func flow(
        _ host: Int, to peer: NetworkAddress = server, port: UInt16 = 443, at seconds: Double, lasting: Double = 0.1,
        out: UInt64 = 1_000, back: UInt64 = 2_000, outcome: FlowRecord.Outcome = .established
    ) -> FlowRecord {
        FlowRecord(
            start: at(seconds - lasting), end: at(seconds), source: Self.hosts[host], destination: peer,
            sourcePort: 50_000, destinationPort: port, transport: 6, outcome: outcome, packetsOut: 10, packetsIn: 12,
            bytesOut: out, bytesIn: back)
    }

    private func batch(_ flows: [FlowRecord]) -> RecordBatch {
        var batch = RecordBatch()
        batch.schema = StreamSchema(channels: FlowChannels.all, hasTime: true, summary: "flows")
        for (index, flow) in flows.enumerated() {
            batch.rows.append(
                RecordBatch.Row(
                    malformed: nil, series: 0, time: flow.end, timeText: 0..<0, firstValue: Int32(index),
                    endOffset: Int64(index)))
        }
        batch.flows = flows
        return batch
    }

    private func gatherer(
        _ settings: FlowGatherer.Settings = FlowGatherer.Settings(interval: 10), after records: UInt64 = 1,
        allowance: SeriesAllowance = SeriesAllowance()
    ) -> FlowGatherer {
        FlowGatherer(
            settings, admission: SeriesAdmission(records: records, allowance: allowance), writesTimes: true)
    }

    /// Gathers flows in pieces; the value of a channel in each sample of each series.
    private func samples(
        _ gatherer: inout FlowGatherer, _ flows: [FlowRecord], _ channel: Int, pieces: Int = 1
    ) -> [String: [Double]] {
        var found: [String: [Double]] = [:]
        let size = max(1, flows.count / pieces)
        for start in stride(from: 0, to: flows.count, by: size) {
            let part = batch(Array(flows[start..<min(flows.count, start + size)]))
            var next = 0
            while next < part.rows.count {
                let (gathered, stop) = gatherer.gather(part, from: next, to: part.rows.count)
                next = stop
                for row in gathered.rows where !row.endsSeries {
                    found[gathered.seriesNames[Int(row.series)], default: []].append(
                        gathered.values[Int(row.firstValue) + channel])
                }
            }
        }
        return found
    }

    @Test func `a host has a sample for every bin, zeros included`() {
        var gatherer = gatherer()
        let flows = [flow(1, at: 3), flow(1, at: 4), flow(2, at: 5), flow(1, at: 33), flow(2, at: 41)]
        let counts = samples(&gatherer, flows, FlowChannels.flows)
        #expect(counts == ["10.0.5.1": [2, 0, 0, 1], "10.0.5.2": [1, 0, 0, 0]])
    }

    @Test func `an hour without a flow is given in portions, and the samples are those of any others`() {
        let before = (0..<200).map { flow($0, at: 0.01 * Double($0)) }
        let after = [flow(1, at: 3_590), flow(2, at: 3_595), flow(1, at: 3_605)]
        var gatherer = gatherer()
        let part = batch(before + after)
        var next = 0
        var sizes: [Int] = []
        var found: [String: [Double]] = [:]
        while next < part.rows.count {
            let (gathered, stop) = gatherer.gather(part, from: next, to: part.rows.count)
            #expect(stop > next || !gathered.rows.isEmpty, "it goes on")
            next = stop
            sizes.append(gathered.rows.count)
            for row in gathered.rows {
                found[gathered.seriesNames[Int(row.series)], default: []].append(
                    gathered.values[Int(row.firstValue) + FlowChannels.flows])
            }
        }
        // 200 series in 359 bins and one more.
        #expect(sizes.reduce(0, +) == 200 * 360)
        #expect(sizes.allSatisfy { $0 < FlowGatherer.samplesOfPortion + 200 }, "\(sizes)")
        #expect(found["10.0.5.1"] == [1] + Array(repeating: 0, count: 358) + [1])
        #expect(found["10.0.5.2"] == [1] + Array(repeating: 0, count: 358) + [1])
        #expect(gatherer.counts.records == 203 && gatherer.counts.bins == 360)
    }

    @Test func `what short flows carried is all there`() {
        var generator = SeededGenerator(seed: 4)
        var flows: [FlowRecord] = []
        var sent = 0.0
        for index in 0..<2_000 {
            let out = generator.next() % 10_000
            sent += Double(out)
            flows.append(flow(index % 7, at: Double(index) * 0.31, lasting: 9 * generator.uniform(), out: out))
        }
        flows.append(flow(0, at: 5_000, out: 0))
        for lateness in [0.0, 10, 35] {
            var gatherer = gatherer(FlowGatherer.Settings(interval: 10, lateness: lateness))
            let total = samples(&gatherer, flows, FlowChannels.bytesOut).values.joined().reduce(0, +)
            #expect((total - sent).magnitude < 1e-6 * sent, "\(total) of \(sent) with a lateness of \(lateness)")
        }
    }

    @Test func `a long flow is spread over the bins that are open, and is no burst where they are not`() {
        let long = flow(1, at: 100, lasting: 100, out: 10_000)
        let later = [flow(1, at: 1, out: 0), long, flow(1, at: 200, out: 0)]
        var patient = gatherer(FlowGatherer.Settings(interval: 10, lateness: 60))
        let spread = samples(&patient, later, FlowChannels.bytesOut)["10.0.5.1"] ?? []
        #expect(spread.count { $0 == 1_000 } >= 5 && spread.allSatisfy { $0 <= 2_000 }, "\(spread)")
        var plain = gatherer()
        let burst = samples(&plain, later, FlowChannels.bytesOut)["10.0.5.1"] ?? []
        #expect(burst.max().map { $0 <= 2_000 } == true, "\(burst)")
    }

    @Test func `records far behind or ahead are dropped until there are many of them`() {
        var gatherer = gatherer()
        _ = samples(&gatherer, [flow(1, at: 0), flow(1, at: 500_000), flow(1, at: -5_000), flow(1, at: 11)], 0)
        #expect(gatherer.counts.misdated == 2)
        #expect(gatherer.counts.steps == 0)
        _ = samples(&gatherer, (0..<20).map { flow(1, at: -50_000 + Double($0)) }, 0)
        #expect(gatherer.counts.steps == 1)
    }

    @Test func `a host becomes a series in its third bin`() {
        var gatherer = gatherer(after: 3)
        let flows = [flow(1, at: 1), flow(1, at: 2), flow(1, at: 3), flow(1, at: 12), flow(1, at: 23), flow(1, at: 35)]
        let found1 = samples(&gatherer, flows, FlowChannels.flows)
        #expect(found1 == ["10.0.5.1": [1]])
        #expect(gatherer.counts.counted == 4)
    }

    @Test func `a host with ten flows in one bin is a series at once`() throws {
        var gatherer = gatherer(after: 3)
        let flows = (0..<15).map { flow(1, port: UInt16($0), at: 1 + Double($0) * 0.1) }
        // Another has nine, and a restart lies in the middle of both.
        let others = (0..<9).map { flow(2, port: UInt16($0), at: 5 + Double($0) * 0.1) }
        _ = samples(&gatherer, Array(flows[..<6]) + others[..<6], FlowChannels.flows)
        var writer = StateWriter()
        gatherer.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try FlowGatherer(
            FlowGatherer.Settings(interval: 10), admission: SeriesAdmission(records: 3), writesTimes: true,
            from: &reader)
        let rest = Array(flows[6...] + others[6...]) + [flow(1, at: 12), flow(1, at: 23)]
        let found = samples(&restored, rest, FlowChannels.flows)
        #expect(found == ["10.0.5.1": [6, 1]])
        #expect(restored.counts.counted == 18)
    }

    @Test func `a flood from invented addresses makes no series`() {
        var gatherer = gatherer(after: 3)
        var flows: [FlowRecord] = []
        for index in 0..<65_000 {
            var spoofed = flow(1, at: Double(index) * 0.002)
            spoofed.source = NetworkAddress(ipv4: 0x2d00_0000 + UInt32(index))
            flows.append(spoofed)
        }
        _ = samples(&gatherer, flows, 0)
        #expect(gatherer.seriesNames.isEmpty)
    }

    @Test func `a scan is many peers of one series`() {
        var gatherer = gatherer()
        var flows = [flow(1, at: 0)]
        for index in 0..<65_000 {
            let peer = NetworkAddress(ipv4: 0x2d00_0000 + UInt32(index))
            flows.append(
                flow(1, to: peer, port: UInt16(index % 1_000), at: 1 + Double(index) * 0.0001, outcome: .unanswered))
        }
        flows.append(flow(1, at: 11))
        let peers = samples(&gatherer, flows, FlowChannels.peers)["10.0.5.1"] ?? []
        #expect(gatherer.seriesNames == ["10.0.5.1"])
        #expect(peers.count == 1 && (peers[0] / 65_001 - 1).magnitude < 0.1, "\(peers)")
    }

    @Test func `idle series are dropped, and their places taken over`() {
        var gatherer = gatherer(FlowGatherer.Settings(interval: 10, idleAfter: 100))
        var flows = [flow(1, at: 1), flow(2, at: 2)]
        flows += (1...30).map { flow(2, at: Double($0) * 10) }
        flows += [flow(3, at: 301), flow(2, at: 311), flow(2, at: 321)]
        let counts = samples(&gatherer, flows, FlowChannels.flows)
        #expect(gatherer.seriesCounts.idle == 1)
        #expect(gatherer.seriesNames == ["10.0.5.3", "10.0.5.2"])
        #expect((counts["10.0.5.1"] ?? []).count == 11)
        #expect((counts["10.0.5.3"] ?? []).first == 1)
    }

    @Test func `past the limit the series that has been idle for longest gives way`() {
        let allowance = SeriesAllowance(mostSeries: 2)
        var gatherer = gatherer(allowance: allowance)
        var flows = [flow(1, at: 1), flow(2, at: 2), flow(3, at: 3)]
        flows += (1...70).map { flow(2, at: Double($0) * 10) }
        _ = samples(&gatherer, flows, 0)
        #expect(gatherer.seriesNames == ["10.0.5.1", "10.0.5.2"])
        #expect(gatherer.seriesCounts.refused == 1)
        _ = samples(&gatherer, [flow(4, at: 711), flow(2, at: 721)], 0)
        #expect(gatherer.seriesNames == ["10.0.5.4", "10.0.5.2"])
        #expect(gatherer.seriesCounts.evicted == 1)
    }

    /// Gathers flows in pieces; what is said of series that have ended, each with the samples that came before it.
    private func endings(
        _ gatherer: inout FlowGatherer, _ flows: [FlowRecord], pieces: Int = 1
    ) -> [String] {
        var found: [String] = []
        var samples = 0
        let size = max(1, flows.count / pieces)
        for start in stride(from: 0, to: flows.count, by: size) {
            let part = batch(Array(flows[start..<min(flows.count, start + size)]))
            var next = 0
            while next < part.rows.count {
                let (gathered, stop) = gatherer.gather(part, from: next, to: part.rows.count)
                next = stop
                for row in gathered.rows {
                    guard row.endsSeries else {
                        samples += 1
                        continue
                    }
                    let ending = gathered.endings[Int(row.firstValue)]
                    let seen = ending.lastSeen.seconds(since: at(0))
                    let time = row.time.map { $0.seconds(since: at(0)) } ?? .nan
                    found.append(
                        "\(ending.name) \(row.series) seen \(seen) told \(time) behind \(samples)\(ending.isEvicted ? " evicted" : "")"
                    )
                }
            }
        }
        return found
    }

    @Test func `a series that is dropped is told with its name and time, in any pieces`() {
        var flows = [flow(1, at: 1), flow(2, at: 2)]
        flows += (1...30).map { flow(2, at: Double($0) * 10) }
        flows += [flow(3, at: 301), flow(2, at: 311), flow(2, at: 321)]
        for pieces in [1, 7, 33] {
            var gatherer = gatherer(FlowGatherer.Settings(interval: 10, idleAfter: 100))
            // It has its last sample in the tenth bin behind that of its flow.
            let found = endings(&gatherer, flows, pieces: pieces)
            #expect(found == ["10.0.5.1 0 seen 10.0 told 110.0 behind 22"])
        }
    }

    @Test func `a series that gives way is told with its own name, in any pieces`() {
        var flows = [flow(1, at: 1), flow(2, at: 2)]
        flows += (1...70).map { flow(2, at: Double($0) * 10) }
        flows += [flow(4, at: 711), flow(2, at: 721), flow(5, at: 722), flow(2, at: 731)]
        for pieces in [1, 10, 76] {
            var gatherer = gatherer(allowance: SeriesAllowance(mostSeries: 2))
            let found = endings(&gatherer, flows, pieces: pieces)
            #expect(found == ["10.0.5.1 0 seen 10.0 told 710.0 behind 142 evicted"])
            #expect(gatherer.seriesNames == ["10.0.5.4", "10.0.5.2"])
            #expect(!gatherer.goesOn(7) && gatherer.goesOn(0) && gatherer.goesOn(1))
        }
    }

    @Test func `nobody is idle because the clock was set`() {
        var gatherer = gatherer(FlowGatherer.Settings(interval: 10, idleAfter: 100))
        var flows = [flow(1, at: 1), flow(2, at: 2), flow(1, at: 13)]
        flows += (0..<60).map { flow(2, at: 9_000_000 + Double($0)) }
        let found = endings(&gatherer, flows)
        #expect(gatherer.counts.steps == 1)
        #expect(found == [])
        #expect(gatherer.goesOn(0))
    }

    @Test func `records of one flow, and of its two directions, are one flow`() {
        var gatherer = gatherer()
        var ask = flow(1, at: 1, out: 100, back: 0, outcome: .unanswered)
        ask.isOneWay = true
        var answer = FlowRecord(
            start: at(1), end: at(2), source: Self.server, destination: Self.hosts[1], sourcePort: 443,
            destinationPort: 50_000, transport: 6, outcome: .established, packetsOut: 3, bytesOut: 900)
        answer.isOneWay = true
        var more = ask
        (more.start, more.end, more.outcome) = (at(2), at(3), .established)
        let flows = [ask, answer, more, flow(1, at: 11)]
        var bytes = gatherer
        let found2 = samples(&gatherer, flows, FlowChannels.flows)
        #expect(found2 == ["10.0.5.1": [1]])
        let found3 = samples(&bytes, flows, FlowChannels.bytesIn)
        #expect(found3 == ["10.0.5.1": [900]])
        #expect(gatherer.counts.continued == 2)
    }

    @Test(arguments: FlowDimension.allCases)
    func `flows are put together by each dimension`(dimension: FlowDimension) {
        var gatherer = gatherer(FlowGatherer.Settings(dimension: dimension, interval: 10))
        _ = samples(&gatherer, [flow(1, at: 1), flow(2, at: 2), flow(1, port: 502, at: 3)], 0)
        let names: [FlowDimension: [String]] = [
            .source: ["10.0.5.1", "10.0.5.2"], .destination: ["203.0.113.9"], .subnet: ["10.0.5.0/24"],
            .service: ["tcp/443", "tcp/502"], .exporter: ["exporter-0"],
            .pair: ["10.0.5.1>203.0.113.9", "10.0.5.2>203.0.113.9"],
        ]
        #expect(gatherer.seriesNames == names[dimension])
    }

    @Test func `batches and restarts in any place change nothing`() throws {
        var generator = SeededGenerator(seed: 8)
        let flows = (0..<3_000).map { index in
            flow(
                Int(generator.next() % 40), to: Self.hosts[Int(generator.next() % 200)],
                port: UInt16(generator.next() % 900),
                at: Double(index) * 0.2 + 4 * generator.uniform(), lasting: 30 * generator.uniform(),
                outcome: generator.next() % 5 == 0 ? .unanswered : .established)
        }
        let settings = FlowGatherer.Settings(interval: 10, lateness: 20)
        for channel in [
            FlowChannels.bytesOut, FlowChannels.newPeers, FlowChannels.regularity, FlowChannels.peerEntropy,
            FlowChannels.uploads, FlowChannels.failures, FlowChannels.silence,
        ] {
            var whole = gatherer(settings, after: 3)
            var pieces = whole
            let expected = samples(&whole, flows, channel)
            let found4 = samples(&pieces, flows, channel, pieces: 97)
            #expect(found4 == expected)
            var first = gatherer(settings, after: 3)
            var found = samples(&first, Array(flows[..<1_234]), channel)
            var writer = StateWriter()
            first.encode(to: &writer)
            var reader = StateReader(writer.bytes)
            var second = try FlowGatherer(
                settings, admission: SeriesAdmission(records: 3), writesTimes: true, from: &reader)
            found.merge(samples(&second, Array(flows[1_234...]), channel)) { $0 + $1 }
            #expect(found == expected)
        }
    }

    @Test func `a beacon is regular, chance is not`() {
        var beacon = ContactRhythm()
        var chance = ContactRhythm()
        var generator = SeededGenerator(seed: 3)
        var time = 0.0
        for index in 0..<60 {
            beacon.note(hash: 1, at: at(Double(index) * 60 + 6 * generator.uniform()))
            time -= 60 * Transcendental.log(1 - generator.uniform())
            chance.note(hash: 1, at: at(time))
        }
        #expect(beacon.regularity(at: at(60 * 60)) > 0.75)
        #expect(chance.regularity(at: at(time)) < 0.5)
        #expect(beacon.regularity(at: at(64 * 60)) == 0, "a beacon that stopped has no rhythm")
    }

    @Test func `counts beyond those that are exact are within their error`() {
        var counts = KeyedCounts<UInt32>()
        for key in 0..<5_000 { counts.add(UInt32(key), hash: splitMix(UInt64(key)), count: 1, bytes: 0) }
        #expect((counts.distinct / 5_000 - 1).magnitude < 0.1)
        #expect((counts.entropy - 12.288).magnitude < 0.15, "\(counts.entropy) of log2 5000")
        var exact = KeyedCounts<UInt32>()
        for key in 0..<200 { exact.add(UInt32(key % 4), hash: splitMix(UInt64(key % 4)), count: 1, bytes: 1) }
        #expect(exact.distinct == 4)
        #expect((exact.entropy - 2).magnitude < 1e-12)
        #expect(exact.top(2).map(\.key) == [0, 1])
    }
}
