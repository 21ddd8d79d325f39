extension SourceConfiguration {
    /// What names say by themselves: a column or key `series` names the series, and `channel` and `value` beside it make
    /// lines of long form. `nil` when they say nothing, or when the configuration has the word.
    func implied(by names: [String]) -> SourceConfiguration? {
        guard series == nil, channel == nil, value == nil, channels.isEmpty, names.contains("series") else {
            return nil
        }
        var implied = self
        implied.series = "series"
        if names.contains("value") {
            // With no channel beside it each series has the one channel: known by its names already.
            guard names.contains("channel") else { return nil }
            (implied.channel, implied.value) = ("channel", "value")
        }
        return implied
    }
}

/// Names by which long-form lines (`time, series, value`) are known.
enum LongForm {
    /// Lines that are looked at, at most, for the channels that they name.
    static let mostLinesLookedAt = 500

    /// Of the column or key that names the series.
    static let seriesNames: Set<String> = [
        "series", "name", "tag", "tagname", "tag_name", "sensor", "sensor_id", "sensorid", "metric", "point", "id",
        "variable", "device", "device_id", "deviceid", "signal", "parameter", "item", "topic", "entity_id", "channel",
        "node", "nodeid", "node_id", "host", "hostname", "machine", "server", "instance", "asset", "station", "meter",
    ]
    /// Of the column or key that holds the value.
    static let valueNames: Set<String> = ["value", "val", "v", "reading", "measurement", "state", "wert"]
    /// Of the column or key that says whether the value is good.
    static let qualityNames: Set<String> = ["q", "quality"]

    /// Whether the channels named so far are all that one may expect: twice the lines it took to meet them brought none.
    static func isSettled(lines: Int, lastNew: Int) -> Bool { lines >= 2 * (lastNew + 1) + 2 }
}
