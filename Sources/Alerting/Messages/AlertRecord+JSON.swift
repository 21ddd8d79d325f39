import TimeSeries

// The line of a record. The order of the keys is fixed and is the one of the documentation; a value that is absent, and
// a number that is not finite, is left out together with its key, in the record as in its channels; the two lists are
// always there. A whole number has no decimals (`61`, not `61.0`); any other is the shortest text that reads back.

extension AlertRecord {
    /// The record as one JSON object, without a line end.
    ///
    /// The keys come in the order of the properties of ``AlertRecord``. What is absent or not finite is left out with its
    /// key, never `null`; `channels` and `detectors` are always there, empty or not. Whole numbers have no decimals.
    ///
    /// - Parameter stamp: what a sink of a live run adds at the end (`host`, `version`, `emitted`); `nil` for replay,
    ///   whose bytes depend on nothing but the input.
    public func jsonLine(stamp: EmissionStamp? = nil) -> String {
        var json = JSONWriter()
        json.beginObject()
        for field in fields(stamp: stamp) { json.member(field.key, field.value) }
        json.endObject()
        return json.text
    }

    /// One field of a record under its JSON key.
    struct Field: Equatable {
        var key: String
        var value: JSONWriter.Value
    }

    /// The fields that are present, in the order of the schema. journald's fields are made of the same list, so that a
    /// field cannot be in one and not in the other.
    func fields(stamp: EmissionStamp?) -> [Field] {
        var fields: [Field] = []
        func add(_ key: String, _ value: JSONWriter.Value?) {
            if let value { fields.append(Field(key: key, value: value)) }
        }
        add("v", .integer(v))
        add("id", .text(id))
        add("seq", .integer(seq))
        add("event", .text(event.rawValue))
        add("time", .text(time.description))
        add("since", .text(since.description))
        add("until", until.map { .text($0.description) })
        add("severity", .text(severity.rawValue))
        add("kind", .text(kind.rawValue))
        add("pattern", pattern.map { .text($0) })
        add("series", .text(series))
        add("all_series", allSeries.isEmpty ? nil : .list(allSeries.map { .text($0) }))
        add("score", .finite(score))
        add("threshold", .finite(threshold))
        add("rarity", .finite(rarity))
        add("channels", .list(channels.map(\.json)))
        add("detectors", .list(detectors.map(\.json)))
        add("evidence", evidence?.json)
        add("similar", similar?.json)
        add("learning", .finite(learning))
        add("awaits", awaits.map { .text($0) })
        add("message", .text(message))
        add("hint", .text(hint))
        add("runbook", runbook.map { .text($0) })
        add("host", stamp.map { .text($0.host) })
        add("version", stamp.map { .text($0.version) })
        add("emitted", stamp.map { .text($0.emitted.description) })
        return fields
    }
}

extension AlertRecord {
    /// The record as a value within other JSON.
    package var json: JSONWriter.Value { .members(fields(stamp: nil).map { .init(key: $0.key, value: $0.value) }) }
}

extension AlertRecord.ChannelPart {
    fileprivate var json: JSONWriter.Value {
        .object([
            ("name", .text(name)), ("unit", unit.map { .text($0) }), ("value", .finite(value)),
            ("expected", .finite(expected)), ("low", .finite(low)), ("high", .finite(high)), ("share", .finite(share)),
            ("direction", .text(direction)),
        ])
    }
}

extension AlertRecord.DetectorPart {
    fileprivate var json: JSONWriter.Value {
        .object([("name", .text(name)), ("score", .finite(score)), ("weight", .finite(weight))])
    }
}

extension AlertRecord.SimilarPart {
    fileprivate var json: JSONWriter.Value {
        .object([
            ("time", .text(time.description)), ("distance", .finite(distance)), ("lasted", .finite(lasted)),
            ("ended", lasted == nil ? nil : .text(becameUsual ? "usual" : "normal")),
        ])
    }
}
