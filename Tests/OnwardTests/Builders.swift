import Alerting
import Onward
import TestSupport
import TimeSeries

/// 2026-11-21T02:14:10Z.
let onset = CivilTime(year: 2026, month: 11, day: 21, hour: 2, minute: 14, second: 10).utc

/// What every sink of these tests stamps: a minute after the onset.
let stamp = EmissionStamp(host: "gw7", version: "1.2.3", emitted: onset.advanced(bySeconds: 60))

/// The message of an incident: 0 opens it; `id` is padded to its 16 digits.
func record(
    _ id: String = "aa", seq: Int = 0, event: AlertEvent = .open, severity: AlertSeverity = .warning,
    series: String = "pump3", since: Timestamp = onset, until: Timestamp? = nil
) -> AlertRecord {
    AlertRecord(
        id: String(repeating: "0", count: 16 - id.count) + id, seq: seq, event: event, time: since, since: since,
        until: until, severity: severity, kind: .anomaly, series: series, score: 6.5, threshold: 5.25,
        rarity: 3_456_000,
        channels: [
            .init(
                name: "temp", unit: "°C", value: 84.2, expected: 61, low: 55.8, high: 66.3, share: 0.71,
                direction: "high")
        ], message: "pump3.temp is 84.2 °C, expected 61.0", hint: "Look.")
}

/// A sink's configuration for an HTTP address.
func webhook(_ address: String) throws -> SinkConfiguration {
    guard let place = HTTPPlace(address) else { throw Unusable(address) }
    return SinkConfiguration(place: .webhook(place))
}

/// A sink's configuration for an Alertmanager.
func alertmanager(_ address: String) throws -> SinkConfiguration {
    guard let place = HTTPPlace(address) else { throw Unusable(address) }
    return SinkConfiguration(place: .alertmanager(place))
}

/// A sink's configuration for a receiver of syslog.
func syslog(_ address: String) throws -> SinkConfiguration {
    guard let place = SyslogAddress(address) else { throw Unusable(address) }
    return SinkConfiguration(place: .syslog(place))
}

/// An address that a test got wrong.
struct Unusable: Error {
    let address: String

    init(_ address: String) { self.address = address }
}

extension SinkConfiguration {
    /// The sink with the stamp of these tests.
    func sink() throws -> any AlertSink { try makeSink { stamp } }
}
