import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// Newcomers, which are held against how high the others go.
@Suite struct FleetPeaksTests {
    private static let extents = [
        Extent(channel: 0, unit: 1, usualExcess: 1), Extent(channel: 1, unit: 1, usualExcess: 1),
    ]
    private static let start = Timestamp(nanoseconds: 1_792_000_000_000_000_000)
    private static let interval = 20.0
    /// One in a week.
    private static let budget = 1.0 / 604_800

    /// Hosts with two counts: the first is now and then up to a dozen, the second 30 or so in a host's first samples and nothing later.
    private struct Network {
        var peaks: [OwnPeaks]
        var tails = FleetTails(extents: extents)
        var generator: SeededGenerator
        var bins = 0

        init(hosts: Int, seed: UInt64 = 5) {
            peaks = Array(repeating: OwnPeaks(extentCount: 2), count: hosts)
            generator = SeededGenerator(seed: seed)
        }

        mutating func usual(age: Int) -> [Double] {
            let uniform = Double(generator.next() >> 11 | 1) * 0x1p-53
            return [Transcendental.exp(-0.3 * Transcendental.log(uniform)), age < 50 ? 25 + 8 * uniform : 0]
        }

        /// One bin of all; the first host's first count can be another.
        mutating func step(scanning: Double? = nil) {
            var log = PeakLog()
            for host in peaks.indices {
                var values = usual(age: bins)
                if host == 0, let scanning { values[0] = scanning }
                _ = judged(&peaks[host], values, &log)
            }
            bins += 1
            tails.absorb(log, at: FleetPeaksTests.start.advanced(bySeconds: Double(bins) * FleetPeaksTests.interval))
        }

        func judged(_ host: inout OwnPeaks, _ values: [Double], _ log: inout PeakLog) -> Double? {
            host.observe(
                extents, values: values.span, score: nil, interval: FleetPeaksTests.interval,
                falseAlarmsPerSecond: FleetPeaksTests.budget, tails: tails, log: &log)
        }
    }

    private static func learned(hosts: Int = 60, bins: Int = 2_400, scanning: Double? = nil) -> Network {
        var network = Network(hosts: hosts)
        for _ in 0..<bins { network.step(scanning: scanning) }
        return network
    }

    @Test func `a newcomer that does what nobody does is an event in its first sample`() throws {
        let network = Self.learned()
        var (host, log) = (OwnPeaks(extentCount: 2), PeakLog())
        let excess = try #require(network.judged(&host, [4_000, 30], &log))
        #expect(excess > 1)
        #expect(host.isNewcomer)
        #expect(host.evidence[0] > 5 && host.evidence[1] == 0)
    }

    @Test func `newcomers that do what newcomers do are none`() {
        var network = Self.learned()
        var (events, log) = (0, PeakLog())
        for _ in 0..<300 {
            var host = OwnPeaks(extentCount: 2)
            for age in 0..<Int(OwnPeaks.fewestSamples) {
                let excess = network.judged(&host, network.usual(age: age), &log) ?? -1
                if excess >= 0 { events += 1 }
            }
        }
        #expect(events <= 2)
        #expect(log.firsts.count == 600)
    }

    @Test func `what only beginners do is news of a host that knows itself`() {
        var network = Self.learned()
        var log = PeakLog()
        var host = OwnPeaks(extentCount: 2)
        // The second count is held against first hours, where 30 is usual, and later against the host's own past.
        for _ in 0..<Int(OwnPeaks.fewestSamples) { _ = network.judged(&host, [network.usual(age: 99)[0], 0], &log) }
        let later = network.judged(&host, [1, 30], &log) ?? -1
        #expect(!host.isNewcomer)
        #expect(later > 0)
    }

    @Test func `while few have come nothing is said of the next`() {
        let network = Self.learned(hosts: 19)
        var (host, log) = (OwnPeaks(extentCount: 2), PeakLog())
        let excess = network.judged(&host, [4_000, 30], &log)
        #expect(excess == nil)
        #expect(!host.isNewcomer)
    }

    @Test func `a machine that scans day and night hides none that does it without being it`() {
        let network = Self.learned(hosts: 160, bins: 1_200, scanning: 5_000)
        var (host, log) = (OwnPeaks(extentCount: 2), PeakLog())
        let excess = network.judged(&host, [400, 30], &log) ?? -1
        #expect(excess > 0)
    }

    @Test func `a busy newcomer is usual within half an hour, and its next bout is told`() {
        let network = Self.learned()
        var (host, log) = (OwnPeaks(extentCount: 2), PeakLog())
        let busy = (0..<120).map { _ in network.judged(&host, [400, 0], &log) ?? -1 }
        #expect(busy[0] > 0)
        #expect(busy.suffix(20).allSatisfy { $0 < 0 })
        let more = network.judged(&host, [40_000, 0], &log) ?? -1
        #expect(more > 0)
    }

    @Test func `what newcomers do outlasts months without any, and others replace it`() {
        var network = Self.learned(hosts: 30, bins: 400)
        let before = network.tails.peaks.usual(extent: 1)
        network.tails.absorb(PeakLog(), at: Self.start.advanced(bySeconds: 90 * 86_400))
        #expect(network.tails.peaks.newcomers == 30)
        #expect(network.tails.peaks.usual(extent: 1) == before)
        for _ in 0..<40 {
            var log = PeakLog()
            for _ in 0..<100 {
                log.append(peaksOfNewcomer: [3, 3])
                log.append(peaksOfBlock: [3, 3])
            }
            network.tails.absorb(log, at: Self.start.advanced(bySeconds: 91 * 86_400))
        }
        #expect(network.tails.peaks.usual(extent: 1) == 3.5)
        #expect(network.tails.peaks.newcomers < 600)
    }

    @Test func `the order in which peaks come makes no difference`() {
        var (log, other) = (PeakLog(), PeakLog())
        let rows = (0..<50).map { [Double($0), Double(97 * $0 % 31)] }
        for row in rows {
            log.append(peaksOfNewcomer: row)
            log.append(peaksOfBlock: row)
        }
        for row in rows.reversed() {
            other.append(peaksOfBlock: row)
            other.append(peaksOfNewcomer: row)
        }
        var (one, two) = (FleetPeaks(extentCount: 2), FleetPeaks(extentCount: 2))
        one.absorb(log)
        two.absorb(other)
        #expect(one == two)
        #expect(one.usual(extent: 0) == 49.5)
    }

    @Test func `a state of before newcomers were known is gone on from`() throws {
        var network = Self.learned(hosts: 25, bins: 300)
        var (writer, rest) = (StateWriter(), StateWriter())
        network.tails.encode(to: &writer)
        network.tails.peaks.encode(to: &rest)
        // Version 2 had neither the peaks of the fleet nor those of the log.
        var bytes = [2] + writer.bytes[1..<(writer.bytes.count - rest.bytes.count)]
        var maxima = StateWriter()
        maxima.write([Float](repeating: 1, count: 6))
        bytes += maxima.bytes
        var reader = StateReader(bytes)
        let restored = try FleetTails.restored(from: &reader, extents: Self.extents)
        #expect(reader.remaining == 0)
        #expect(restored.tails.blocks == network.tails.blocks)
        #expect(!restored.tails.peaks.knowsNewcomers)
        #expect(restored.log.maxima.count == 6)
        network.tails = restored.tails
        var (host, log) = (OwnPeaks(extentCount: 2), PeakLog())
        #expect(network.judged(&host, [400, 30], &log) == nil)
    }

    @Test func `damaged peaks are refused`() {
        for value in [-1, .nan, 1e7] {
            var writer = StateWriter()
            writer.write(value)
            writer.write(UInt32(0))
            writer.write(UInt32(0))
            var reader = StateReader(writer.bytes)
            #expect(throws: StateCodingError.self) { try FleetPeaks(from: &reader, extentCount: 1) }
        }
        var writer = StateWriter()
        writer.write(3.0)
        writer.write(UInt32(241))
        var reader = StateReader(writer.bytes)
        #expect(throws: StateCodingError.self) { try FleetPeaks(from: &reader, extentCount: 1) }
    }
}
