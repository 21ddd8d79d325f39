import ArgumentParser
import Ingest
import MonitorRuntime
import TimeSeries

/// Times as people write them: a date and time, local unless it has a zone, or how long ago.
enum TimeArgument {
    /// The instant of a text.
    ///
    /// - Parameter name: of the argument, for what is told when the text is none.
    /// - Throws: `ExitCode` 64.
    static func instant(_ text: String, of name: String) throws -> Timestamp {
        if let ago = ArgumentText.duration(text) {
            return WallClock.now().advanced(bySeconds: -Double(ago) / 1e9)
        }
        let zones = SystemTimeZones(environment: Start.environment)
        guard let instant = ArgumentText.instant(text, zone: CivilZone(rules: zones.local().rules)) else {
            Start.say("\(name) \(text): \(ArgumentText.instantForms); or \(ArgumentText.durationForms)")
            throw ExitCode(64)
        }
        return instant
    }
}
