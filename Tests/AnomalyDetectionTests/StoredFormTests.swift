import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// What an upgrade keeps of a series when it stores some of it differently.
@Suite struct StoredFormTests {
    /// A monitor's bytes, taken apart: the head before the count, and the parts with their versions.
    private struct Bytes {
        var head: [UInt8]
        var parts: [(version: UInt8, bytes: [UInt8])] = []

        init(_ monitor: SeriesMonitor) throws {
            let bytes = monitor.bytes
            head = Array(bytes[..<14])
            var reader = StateReader(Array(bytes[14...]))
            for _ in 0..<(try reader.read(UInt8.self)) {
                parts.append((try reader.read(), try reader.readIntegers()))
            }
            #expect(reader.remaining == 0)
        }

        var joined: [UInt8] {
            var writer = StateWriter()
            writer.write(UInt8(parts.count))
            for part in parts {
                writer.write(part.version)
                writer.write(part.bytes)
            }
            return head + writer.bytes
        }

        /// As the version before wrote it: neither parts nor detectors have a version.
        func unframed() throws -> [UInt8] {
            var writer = StateWriter()
            var reader = StateReader(parts[1].bytes)
            let count = try reader.read(UInt32.self)
            writer.write(count)
            for _ in 0..<count {
                writer.write(try reader.readString())
                writer.write(try reader.read(UInt64.self))
                #expect(try reader.read(UInt8.self) == 1)
                writer.write(try reader.readIntegers(UInt8.self))
            }
            var parts = parts
            parts[1].bytes = writer.bytes
            var head = head
            head[0] = 8
            return head + parts.flatMap(\.bytes)
        }
    }

    private static let names = [
        "the scaling", "the detectors", "the state of the networks", "the calibration", "the filter of onsets",
        "the thresholds", "the condition", "the report on learning", "the expected bands", "the networks' votes",
        "past incidents", "the watch over drifts",
    ]

    private func learned(_ profile: DetectionProfile = .full, networks: Bool = true) -> (Rig, SeededGenerator) {
        var rig = Rig(channels: 2, networks: networks, profile: profile)
        var generator = SeededGenerator(seed: 21)
        for step in 0..<700 { _ = rig.observe(wave(step, channels: 2, &generator)) }
        return (rig, generator)
    }

    private func restored(_ bytes: [UInt8], in rig: Rig) throws -> (rig: Rig, anew: [String]) {
        var (reader, anew) = (StateReader(bytes), [String]())
        var other = rig
        other.monitor = try SeriesMonitor(from: &reader, configuration: rig.configuration, anew: &anew)
        #expect(reader.remaining == 0)
        return (other, anew)
    }

    @Test(arguments: [(DetectionProfile.full, true), (.full, false), (.lean, false)])
    func `what the version before wrote is read whole`(profile: DetectionProfile, networks: Bool) throws {
        let (rig, _) = learned(profile, networks: networks)
        let (other, anew) = try restored(try Bytes(rig.monitor).unframed(), in: rig)
        #expect(anew.isEmpty)
        #expect(other.monitor.bytes == rig.monitor.bytes)
        var reader = StateReader(try Bytes(rig.monitor).unframed())
        #expect(try StoredScaling(from: &reader).channels.map(\.location) == rig.monitor.scalers.map(\.location))
    }

    @Test(arguments: 1..<12) func `a part in another form begins anew alone`(part: Int) throws {
        var (rig, generator) = learned()
        var bytes = try Bytes(rig.monitor)
        #expect(bytes.parts.count == Self.names.count)
        bytes.parts[part].version = 77
        var (other, anew) = try restored(bytes.joined, in: rig)
        #expect(anew == [Self.names[part]])
        #expect(other.monitor.sampleCount == 700)
        #expect(other.monitor.scalers.map(\.location) == rig.monitor.scalers.map(\.location))
        // Another part than the thresholds leaves them as they are.
        if part != 5 { #expect(other.monitor.eventThreshold == rig.monitor.eventThreshold) }
        // And it is stored whole again.
        let again = try Bytes(other.monitor)
        #expect(again.parts.map(\.version) == Array(repeating: 1, count: Self.names.count))
        for step in 700..<760 {
            let verdict = other.observe(wave(step, channels: 2, &generator))
            // Whether it is normal, and since when it is learned, is one part.
            #expect(verdict.score != nil && verdict.learning.isLearning == (part == 6), "sample \(step)")
        }
    }

    @Test func `without its scaling nothing of a series means anything`() throws {
        let (rig, _) = learned()
        var bytes = try Bytes(rig.monitor)
        bytes.parts[0].version = 77
        #expect(throws: StateCodingError.unknownVersion(of: "how a series is scaled")) {
            _ = try restored(bytes.joined, in: rig)
        }
    }

    @Test(arguments: [DetectorKind.level, .range, .correlation, .stuck, .forecast, .reconstructionWindow])
    func `a detector in another form learns anew alone, and the others go on voting`(kind: DetectorKind) throws {
        var (rig, generator) = learned()
        var bytes = rig.monitor.bytes
        let name = StateWriter.bytes { $0.write(kind.name) }
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        #expect(bytes[place + name.count + 8] == kind.codingVersion)
        bytes[place + name.count + 8] += 1
        var (other, anew) = try restored(bytes, in: rig)
        #expect(anew == ["the detector \(kind.name)"])
        let index = try #require(other.monitor.bank.kinds.firstIndex(of: kind))
        #expect(other.monitor.bank.began[index] == 700)
        #expect(other.monitor.eventThreshold == rig.monitor.eventThreshold)
        #expect(other.monitor.stateThreshold == rig.monitor.stateThreshold)

        let values = wave(700, channels: 2, &generator)
        _ = rig.observe(values)
        _ = other.observe(values)
        for member in other.monitor.bank.kinds where member != kind {
            let slot = member.rawValue
            #expect(
                other.scratch.evidence.raw[slot].bitPattern == rig.scratch.evidence.raw[slot].bitPattern, "\(member)")
            #expect(other.monitor.votes[slot] == rig.monitor.votes[slot], "\(member)")
            #expect(
                other.monitor.calibration.fastEvidence[slot] == rig.monitor.calibration.fastEvidence[slot]
                    && other.monitor.calibration.slowEvidence[slot] == rig.monitor.calibration.slowEvidence[slot],
                "\(member)")
        }
        // It hears with the others again after as long as one that has joined.
        for step in 701..<901 {
            #expect(!other.monitor.votes[kind.rawValue], "sample \(step)")
            _ = other.observe(wave(step, channels: 2, &generator))
        }
        #expect(other.monitor.speaks[kind.rawValue])
    }

    @Test func `a series whose group has new weights forgets what it knows of their errors`() throws {
        var (rig, generator) = learned()
        let before = rig.monitor
        rig.monitor.beginAnew(forecaster: true, autoencoder: false)
        #expect(rig.monitor.forecastVote == EarnedVote() && rig.monitor.reconstructionVote == before.reconstructionVote)
        let verdict = rig.observe(wave(700, channels: 2, &generator))
        #expect(!rig.monitor.frame.hasForecast && rig.monitor.frame.hasReconstruction && verdict.score != nil)
    }
}
