import FoundationEssentials
package import TimeSeries

// FoundationEssentials only for `JSONDecoder`: the outbox and the history hold lines that were written by `jsonLine`,
// and reading is not on any hot path.

extension AlertRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case v, id, seq, event, time, since, until, severity, kind, pattern, series
        case allSeries = "all_series"
        case score, threshold, rarity, channels, detectors, evidence, similar, learning, awaits, message, hint, runbook
    }

    /// Reads a record from its JSON line; keys it does not know (`host`, those of later versions) are passed over.
    ///
    /// - Throws: ``AlertingError/unreadableRecord(_:)``.
    public init(json: some Sequence<UInt8>) throws(AlertingError) {
        do {
            self = try JSONDecoder().decode(AlertRecord.self, from: Data(json))
        } catch {
            throw AlertingError.unreadableRecord("\(error)")
        }
    }

    /// Reads a record; needs every key that `jsonLine` always writes.
    public init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        func instant(_ key: CodingKeys) throws -> Timestamp? {
            guard let text = try box.decodeIfPresent(String.self, forKey: key) else { return nil }
            guard let time = Timestamp(rfc3339: text) else {
                throw DecodingError.dataCorruptedError(forKey: key, in: box, debugDescription: "not a time: \(text)")
            }
            return time
        }
        func required(_ key: CodingKeys) throws -> Timestamp {
            guard let time = try instant(key) else {
                throw DecodingError.keyNotFound(key, .init(codingPath: [], debugDescription: "missing"))
            }
            return time
        }
        self.init(
            v: try box.decode(Int.self, forKey: .v), id: try box.decode(String.self, forKey: .id),
            seq: try box.decode(Int.self, forKey: .seq), event: try box.decode(AlertEvent.self, forKey: .event),
            time: try required(.time), since: try required(.since), until: try instant(.until),
            severity: try box.decode(AlertSeverity.self, forKey: .severity),
            kind: try box.decode(AlertKind.self, forKey: .kind),
            pattern: try box.decodeIfPresent(String.self, forKey: .pattern),
            series: try box.decode(String.self, forKey: .series),
            allSeries: try box.decodeIfPresent([String].self, forKey: .allSeries) ?? [],
            score: try box.decodeIfPresent(Double.self, forKey: .score),
            threshold: try box.decodeIfPresent(Double.self, forKey: .threshold),
            rarity: try box.decodeIfPresent(Double.self, forKey: .rarity),
            channels: try box.decode([ChannelPart].self, forKey: .channels),
            detectors: try box.decode([DetectorPart].self, forKey: .detectors),
            evidence: try box.decodeIfPresent(ActivityEvidence.self, forKey: .evidence),
            similar: try box.decodeIfPresent(SimilarPart.self, forKey: .similar),
            learning: try box.decode(Double.self, forKey: .learning),
            awaits: try box.decodeIfPresent(String.self, forKey: .awaits),
            message: try box.decode(String.self, forKey: .message), hint: try box.decode(String.self, forKey: .hint),
            runbook: try box.decodeIfPresent(String.self, forKey: .runbook))
    }

    /// Writes the keys and values of `jsonLine`; the order and the form of the numbers are the encoder's.
    public func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: CodingKeys.self)
        try box.encode(v, forKey: .v)
        try box.encode(id, forKey: .id)
        try box.encode(seq, forKey: .seq)
        try box.encode(event, forKey: .event)
        try box.encode(time.description, forKey: .time)
        try box.encode(since.description, forKey: .since)
        try box.encodeIfPresent(until?.description, forKey: .until)
        try box.encode(severity, forKey: .severity)
        try box.encode(kind, forKey: .kind)
        try box.encodeIfPresent(pattern, forKey: .pattern)
        try box.encode(series, forKey: .series)
        if !allSeries.isEmpty { try box.encode(allSeries, forKey: .allSeries) }
        try box.encodeIfPresent(score, forKey: .score)
        try box.encodeIfPresent(threshold, forKey: .threshold)
        try box.encodeIfPresent(rarity, forKey: .rarity)
        try box.encode(channels, forKey: .channels)
        try box.encode(detectors, forKey: .detectors)
        try box.encodeIfPresent(evidence, forKey: .evidence)
        try box.encodeIfPresent(similar, forKey: .similar)
        try box.encode(learning, forKey: .learning)
        try box.encodeIfPresent(awaits, forKey: .awaits)
        try box.encode(message, forKey: .message)
        try box.encode(hint, forKey: .hint)
        try box.encodeIfPresent(runbook, forKey: .runbook)
    }
}

extension AlertRecord.SimilarPart: Codable {
    private enum CodingKeys: String, CodingKey {
        case time, distance, lasted, ended
    }

    /// Reads a part.
    public init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        let text = try box.decode(String.self, forKey: .time)
        guard let time = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(forKey: .time, in: box, debugDescription: "not a time: \(text)")
        }
        self.init(
            time: time, distance: try box.decode(Double.self, forKey: .distance),
            lasted: try box.decodeIfPresent(Double.self, forKey: .lasted),
            becameUsual: try box.decodeIfPresent(String.self, forKey: .ended) == "usual")
    }

    /// Writes the keys and values of `jsonLine`.
    public func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: CodingKeys.self)
        try box.encode(time.description, forKey: .time)
        try box.encode(distance, forKey: .distance)
        try box.encodeIfPresent(lasted, forKey: .lasted)
        if lasted != nil { try box.encode(becameUsual ? "usual" : "normal", forKey: .ended) }
    }
}

extension Timestamp {
    /// Reads what `description` writes: `2026-11-21T02:14:10Z`, with up to nine decimals; `nil` for anything else.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        for (index, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] {
            guard bytes[index] == mark.utf8.first else { return nil }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19)
        else { return nil }
        var nanosecond = 0
        if bytes.count > 20 {
            let decimals = bytes.count - 21
            guard bytes[19] == UInt8(ascii: "."), (1...9).contains(decimals),
                let fraction = number(20..<(bytes.count - 1))
            else { return nil }
            nanosecond = (decimals..<9).reduce(fraction) { value, _ in value * 10 }
        }
        let civil = CivilTime(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: nanosecond)
        guard civil.isValid else { return nil }
        self = civil.utc
    }
}
