import Glibc
import Testing
import TimeSeries

@testable import Alerting

@Suite struct JournalFieldsTests {
    private func texts(_ record: AlertRecord, stamp: EmissionStamp? = nil) -> [String] {
        JournalFields.fields(of: record, stamp: stamp).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `an entry has the fields of the contract and every field of the record`() {
        var full = record(event: .close)
        full.severity = .critical
        full.until = at(60)
        full.pattern = "flood"
        full.allSeries = ["pump3", "pump4"]
        full.rarity = 0.5
        full.runbook = "https://wiki"
        full.channels = [
            .init(
                name: "temp", unit: "°C", value: 84.2, expected: 61, low: 55.8, high: 66.3, share: 1, direction: "high")
        ]
        full.detectors = [.init(name: "gru", score: 6.5, weight: 1)]
        full.learning = 0.37
        full.message = "two\nlines = fine"
        #expect(
            texts(full, stamp: EmissionStamp(host: "gw1", version: "1.0.0", emitted: at(61))) == [
                "MESSAGE=two\nlines = fine", "MESSAGE_ID=4863432093cf43d6a6e8e09044eb9b18", "PRIORITY=5",
                "SYSLOG_IDENTIFIER=monitord", "MONITORD_V=1", "MONITORD_ID=00000000000000aa", "MONITORD_SEQ=0",
                "MONITORD_EVENT=close", "MONITORD_TIME=2026-11-21T02:14:10Z", "MONITORD_SINCE=2026-11-21T02:14:10Z",
                "MONITORD_UNTIL=2026-11-21T02:15:10Z", "MONITORD_SEVERITY=critical", "MONITORD_KIND=anomaly",
                "MONITORD_PATTERN=flood", "MONITORD_SERIES=pump3", #"MONITORD_ALL_SERIES=["pump3","pump4"]"#,
                "MONITORD_SCORE=6.5", "MONITORD_THRESHOLD=5", "MONITORD_RARITY=0.5",
                #"MONITORD_CHANNELS=[{"name":"temp","unit":"°C","value":84.2,"expected":61,"low":55.8,"high":66.3,"#
                    + #""share":1,"direction":"high"}]"#,
                #"MONITORD_DETECTORS=[{"name":"gru","score":6.5,"weight":1}]"#, "MONITORD_LEARNING=0.37",
                "MONITORD_MESSAGE=two\nlines = fine", "MONITORD_HINT=Look.", "MONITORD_RUNBOOK=https://wiki",
                "MONITORD_HOST=gw1", "MONITORD_VERSION=1.0.0", "MONITORD_EMITTED=2026-11-21T02:15:11Z",
            ])
    }

    @Test(arguments: [
        (AlertEvent.open, AlertSeverity.warning, 4), (.open, .critical, 2), (.update, .critical, 2),
        (.close, .warning, 5), (.close, .critical, 5),
    ]) func `the level follows event and severity`(event: AlertEvent, severity: AlertSeverity, level: Int) {
        var told = record(event: event)
        told.severity = severity
        #expect(JournalFields.priority(of: told) == level)
    }

    @Test func `each kind has a message id of its own and an entry in the catalogue`() throws {
        let ids = AlertKind.allCases.map(JournalFields.messageID)
        #expect(Set(ids).count == AlertKind.allCases.count)
        let catalogue = try repositoryFile("systemd/monitord.catalog")
        for id in ids {
            #expect(id.count == 32)
            #expect(catalogue.contains("\n-- \(id)\nSubject: "))
        }
    }
}

@Suite struct JournalCatalogueTests {
    /// The entries of the catalogue by id: subject line and text.
    private func entries() throws -> [String: String] {
        var entries: [String: String] = [:]
        for part in try repositoryFile("systemd/monitord.catalog").split(separator: "\n-- ").dropFirst() {
            let lines = part.split(separator: "\n", maxSplits: 1)
            entries[String(lines[0])] = String(lines[1])
        }
        return entries
    }

    @Test func `the catalogue has an entry for every kind and no other`() throws {
        #expect(try Set(entries().keys) == Set(AlertKind.allCases.map(JournalFields.messageID)))
    }

    @Test(arguments: AlertKind.allCases) func `every field that an entry names is always sent`(kind: AlertKind) throws {
        let bare = AlertRecord(
            id: "00000000000000aa", seq: 0, event: .open, time: onset, since: onset, severity: .warning, kind: kind,
            series: "pump3", message: "m", hint: "h")
        let sent = JournalFields.fields(of: bare, stamp: nil).map {
            String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
        }
        let text = try #require(try entries()[JournalFields.messageID(of: kind)])
        let named = text.split(separator: "@", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        #expect(!named.isEmpty)
        #expect(Set(named).isSubset(of: sent), "\(named)")
    }

    @Test(arguments: AlertKind.allCases) func `every entry has a subject, its author, and says what to do`(
        kind: AlertKind
    )
        throws
    {
        let text = try #require(try entries()[JournalFields.messageID(of: kind)])
        #expect(text.hasPrefix("Subject: ") && text.contains("\nDefined-By: monitord\n\n"))
        let advice = ["Look at", "Check that", "Compare with", "Otherwise look", "Try a sample", "raise false_alarms"]
        #expect(advice.contains { text.contains($0) }, "\(text)")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}

/// The text of a file of the repository, found from this file's place.
func repositoryFile(_ path: String, from file: String = #filePath) throws -> String {
    let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
    let descriptor = unsafe Glibc.open("/\(root)/\(path)", O_RDONLY)
    guard descriptor >= 0 else { throw AlertingTestError("cannot open \(path)") }
    defer { close(descriptor) }
    return readAll(descriptor)
}
