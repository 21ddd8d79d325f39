import Testing
import TimeSeries

@testable import Ingest

@Suite struct LocalTimeTests {
    private func source(
        _ zone: String, _ origin: SourceZone.Origin = .configured, series: String? = nil
    ) throws -> SourceConfiguration {
        let rules = try SystemTimeZones(environment: [:]).rules(named: zone)
        return SourceConfiguration(
            input: .standardInput, series: series, zone: SourceZone(rules: rules, origin: origin))
    }

    @Test func `times without a zone are read in the source's, and it is said`() throws {
        let text = "time,a\n2026-01-10 12:00:00,1\n2026-07-10 12:00:00,2\n2026-07-10 13:00:00,3\n"
        let decoded = decode(text, try source("Europe/Berlin"))
        #expect(decoded.times == ["2026-01-10T11:00:00Z", "2026-07-10T10:00:00Z", "2026-07-10T11:00:00Z"])
        #expect(decoded.timeTexts[0] == "2026-01-10 12:00:00")
        #expect(
            decoded.summary
                == "csv, comma, header, time in \"time\" (ISO 8601, read as Europe/Berlin local time), 1 channel")
        #expect(decoded.decoder.schema?.zone.name == "Europe/Berlin")
        #expect(decode(text, try source("UTC")).summary.contains("(ISO 8601, read as UTC)"))
    }

    @Test func `a time with a zone or since 1970 is not touched`() throws {
        let berlin = try source("Europe/Berlin")
        let zoned = decode("time,a\n2026-07-10T12:00:00Z,1\n2026-07-10T15:00:00+02:00,2\n2026-07-10T14:00Z,3\n", berlin)
        #expect(zoned.times == ["2026-07-10T12:00:00Z", "2026-07-10T13:00:00Z", "2026-07-10T14:00:00Z"])
        #expect(!zoned.summary.contains("Berlin"))
        let epoch = decode("time,a\n1783684800,1\n1783684801,2\n1783684802,3\n", berlin)
        #expect(epoch.times[0] == "2026-07-10T12:00:00Z")
        #expect(epoch.decoder.schema?.zone.name == "Europe/Berlin", "days begin by it all the same")
    }

    @Test func `two columns and JSON keys are read in it too`() throws {
        let berlin = try source("Europe/Berlin")
        let columns = decode("date;clock;a\n10.07.2026;12:00;1\n10.07.2026;12:01;2\n10.07.2026;12:02;3\n", berlin)
        #expect(columns.times[0] == "2026-07-10T10:00:00Z")
        #expect(columns.summary.contains("(read as Europe/Berlin local time unless a zone is given)"))
        let keys = decode((0...3).map { "{\"t\":\"2026-07-10T12:0\($0)\",\"a\":\($0)}\n" }.joined(), berlin)
        #expect(keys.times[0] == "2026-07-10T10:00:00Z")
        #expect(keys.summary.contains("(ISO 8601, read as Europe/Berlin local time)"))
    }

    @Test func `an hour that clocks skip is read by the clocks before`() throws {
        let text = "time,a\n2026-03-29 01:59,1\n2026-03-29 02:30,2\n2026-03-29 03:00,3\n"
        let decoded = decode(text, try source("Europe/Berlin"))
        #expect(decoded.times == ["2026-03-29T00:59:00Z", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z"])
    }

    @Test func `a row of the hour that clocks show twice has both instants`() throws {
        let text = "time,a\n2026-10-25 01:59,1\n2026-10-25 02:00,2\n2026-10-25 02:00,3\n2026-10-25 03:00,4\n"
        let decoded = decode(text, try source("Europe/Berlin"))
        #expect(decoded.times[1] == "2026-10-25T00:00:00Z")
        #expect(decoded.rows.map(\.repeatedAfter) == [0, 3_600, 3_600, 0])
        let other = decode(text.replacing("10-25", with: "04-05"), try source("Australia/Lord_Howe"))
        #expect(other.rows.map(\.repeatedAfter) == [1_800, 0, 0, 0])
        #expect(
            decode(text.replacing(",", with: "Z,").replacing("timeZ", with: "time"), try source("Europe/Berlin"))
                .rows.allSatisfy { $0.repeatedAfter == 0 })
    }

    @Test func `dates at the ends of time do not trap in any zone`() throws {
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"] {
            let text =
                "time,a\n1678-01-01 00:00:00,1\n1969-12-31 23:59:59,1\n2261-12-31 23:59:59,2\n0000-00-00 00:00,1\n"
            let decoded = decode(text + "9999-12-31 23:59:59,3\n1677-01-01,1\n", try source(zone))
            #expect(decoded.reasons == [nil, nil, nil, .badTime, .badTime, .badTime])
        }
    }

    // MARK: Another start

    /// Reads the first lines with one configuration and the rest with another.
    private func restarted(
        from before: SourceConfiguration, to after: SourceConfiguration
    ) throws -> (times: [String], summary: String, problem: TimeZoneLoadingError?) {
        let first = decode("time,a\n2026-07-10 12:00,1\n2026-07-10 12:01,2\n2026-07-10 12:02,3\n", before)
        var decoder = try LineDecoder(
            configuration: after, restoring: first.batch.decoding, offset: 0)
        var batch = RecordBatch()
        decoder.decode(Array("2026-07-10 12:03,4\n".utf8), into: &batch)
        return (
            batch.rows.map { "\($0.time?.description ?? "none")" }, decoder.schema?.summary ?? "", decoder.zoneProblem
        )
    }

    @Test func `a restart on a machine in another zone reads as before`() throws {
        let there = try restarted(from: source("Europe/Berlin", .machine), to: source("Asia/Tokyo", .machine))
        #expect(there.times == ["2026-07-10T10:03:00Z"])
        #expect(there.summary.contains("read as Europe/Berlin local time"))
        #expect(there.problem == nil)
    }

    @Test func `an input that is looked at anew keeps its zone too`() throws {
        let state = decode("time,a\n2026-07-10 12:00,1\n", try source("Europe/Berlin", .machine)).decoder.dialectState
        var zone = try source("Asia/Tokyo", .machine).zone
        #expect(zone.goOn(from: state) == nil)
        #expect(zone.rules.name == "Europe/Berlin")
        var configured = try source("Asia/Tokyo").zone
        #expect(configured.goOn(from: state) == nil)
        #expect(configured.rules.name == "Asia/Tokyo")
        let known = DecodingState(dialect: state, seriesNames: ["input"], seriesGroups: [0])
        var decoder = try LineDecoder(
            configuration: source("Asia/Tokyo", .machine), goingOnFrom: known, admission: SeriesAdmission())
        var batch = RecordBatch()
        decoder.decode(Array("a,when\n1,2026-07-10 12:00\n".utf8), into: &batch)
        decoder.finish(into: &batch)
        #expect(batch.rows.map { $0.time?.description } == ["2026-07-10T10:00:00Z"])
        for damaged in [[], [1], [2], [2, 255, 255, 255, 255], Array(state.prefix(6))] as [[UInt8]] {
            var zone = SourceZone.utc
            #expect(zone.goOn(from: damaged) == nil)
            #expect(zone == .utc)
        }
    }

    @Test func `a zone that is configured holds from the restart on`() throws {
        let corrected = try restarted(from: source("UTC", .machine), to: source("Europe/Berlin"))
        #expect(corrected.times == ["2026-07-10T10:03:00Z"])
        #expect(corrected.summary.contains("read as Europe/Berlin local time"))
        #expect(corrected.problem == nil)
    }

    @Test func `a stored zone that is not to be had is told and the machine's is taken`() throws {
        var gone = try source("UTC", .machine)
        gone.zone.rules = try #require(TimeZoneRules(name: "Middle/Earth", posix: "ABC-3"))
        let here = try restarted(from: gone, to: source("Europe/Berlin", .machine))
        #expect(here.times == ["2026-07-10T10:03:00Z"])
        #expect(here.summary.contains("read as Europe/Berlin local time"))
        #expect("\(try #require(here.problem))".contains("Middle/Earth"))
    }
}
