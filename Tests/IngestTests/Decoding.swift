import TimeSeries

@testable import Ingest

/// Everything that came out of one stream.
struct Decoded {
    var batch = RecordBatch()
    var decoder: LineDecoder
    var notices: [MalformedNotice] = []

    var rows: [RecordBatch.Row] { batch.rows }
    var reasons: [MalformedReason?] { batch.rows.map(\.malformed) }
    var channelCount: Int { decoder.schema?.channels.count ?? 0 }
    var channelNames: [String] { decoder.schema?.channels.map(\.name) ?? [] }
    var summary: String { decoder.schema?.summary ?? "no schema" }

    /// Values of the usable rows; missing ones are `nil`.
    var values: [[Double?]] {
        batch.rows.filter { $0.malformed == nil }.map { row in
            (0..<channelCount).map { channel in
                let value = batch.values[Int(row.firstValue) + channel]
                return value.isNaN ? nil : value
            }
        }
    }

    var times: [String] { batch.rows.map { $0.time.map(\.description) ?? "none" } }

    var timeTexts: [String] {
        batch.rows.map {
            String(decoding: batch.text[Int($0.timeText.lowerBound)..<Int($0.timeText.upperBound)], as: UTF8.self)
        }
    }

    /// Everything as comparable text: NaN equals NaN here.
    var transcript: String {
        "\(rows)\n\(batch.values.map(\.bitPattern))\n\(batch.text)\n\(batch.seriesNames)\n\(summary)\n"
            + "\(decoder.counters)\n\(decoder.offset)\n\(String(describing: decoder.refusal))\n\(notices)\n\(decoder.dialectState)"
    }
}

/// Decodes bytes in pieces of the sizes that `size` gives, and ends the stream.
func decode(
    _ bytes: [UInt8], _ configuration: SourceConfiguration = SourceConfiguration(input: .standardInput),
    finish: Bool = true, sizes size: () -> Int = { .max }
) -> Decoded {
    var decoded = Decoded(decoder: LineDecoder(configuration: configuration))
    var start = 0
    while start < bytes.count {
        let end = start + min(max(1, size()), bytes.count - start)
        decoded.decoder.decode(Array(bytes[start..<end]), into: &decoded.batch)
        start = end
    }
    if finish { decoded.decoder.finish(into: &decoded.batch) }
    decoded.notices = decoded.decoder.takeNotices()
    return decoded
}

func decode(_ text: String, _ configuration: SourceConfiguration = SourceConfiguration(input: .standardInput))
    -> Decoded
{
    decode(Array(text.utf8), configuration)
}
