import Alerting
import TimeSeries

extension SensitivityReport {
    /// The report as one line of JSON. Sizes are in the channel's own unit where they have one; a drift's is what it came to at
    /// its end.
    public var json: String {
        var writer = JSONWriter()
        writer.write(
            .object([
                ("series", .list(series.map(Self.value))), ("trials", .integer(trials)),
                ("remarks", .list(remarks.map { .text($0) })),
            ]))
        return writer.text
    }

    private static func value(_ part: SeriesPart) -> JSONWriter.Value {
        .object([
            ("name", .text(part.name)), ("stream", part.stream.map { .text($0) }), ("samples", .integer(part.samples)),
            ("interval", .finite(part.interval)), ("learning", .boolean(part.isLearning)),
            ("from", part.places.first.flatMap { $0 }.map { .text("\($0)") }),
            ("to", part.places.last.flatMap { $0 }.map { .text("\($0)") }),
            ("omission", part.omission.map { .text($0) }),
            ("channels", .list(part.channels.map(value))),
            ("phase", part.whole.first.map { value($0, unit: 1) }),
        ])
    }

    private static func value(_ part: ChannelPart) -> JSONWriter.Value {
        .object(
            [
                ("name", .text(part.channel.name)), ("unit", part.channel.unit.map { .text($0) }),
                ("middle", .finite(part.middle)), ("spread", .finite(part.spread)),
            ]
                + part.findings.map { finding in
                    let isInUnits = [.spike, .step, .drift].contains(finding.kind)
                    return (finding.kind.rawValue, value(finding, unit: isInUnits ? part.spread : 1))
                })
    }

    private static func value(_ finding: Finding, unit: Double) -> JSONWriter.Value {
        .object([
            ("size", .finite(finding.size.map { $0 * unit })), ("delay_s", .finite(finding.delay)),
            ("found", .integer(finding.found)), ("places", .integer(finding.tried)),
            ("largest", finding.kind == .stuck ? nil : .finite(finding.largest * unit)),
            ("lasts_s", .finite(finding.seconds)),
        ])
    }
}
