import Alerting
import TimeSeries

extension SensitivityReport {
    /// The report for a terminal: a channel a paragraph, a fault a line.
    public var text: String {
        var lines: [String] = []
        for part in series {
            let name = [part.stream, part.name].compactMap(\.self).joined(separator: " / ")
            if let omission = part.omission {
                lines += ["\(name): not tried, there are \(omission)", ""]
                continue
            }
            for channel in part.channels { lines += Self.lines(of: channel, in: name, part) + [""] }
            if let phase = part.whole.first {
                lines += ["\(name) (all channels)", "  phase  \(Self.words(phase, spread: 1, unit: ""))", ""]
            }
            lines += Self.footnote(part) + [""]
        }
        lines += remarks
        while lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(of part: ChannelPart, in series: String, _ whole: SeriesPart) -> [String] {
        let unit = part.channel.unit.map { " \($0)" } ?? ""
        let numbers = ReadableNumbers([part.middle], distances: [part.spread])
        let name = "\(series) / \(part.channel.name)"
        guard !part.findings.isEmpty else {
            let reason = part.spread > 0 ? "it is a counter" : "it never changes"
            return ["\(name): not tried, \(reason)"]
        }
        return [
            "\(name) (usual \(numbers.text(part.middle)) ± \(numbers.text(part.spread))\(unit))"
        ]
            + part.findings.map { finding in
                let kind =
                    finding.kind.rawValue + String(repeating: " ", count: max(0, 6 - finding.kind.rawValue.count))
                return "  \(kind) \(words(finding, spread: part.spread, unit: unit))"
            }
    }

    private static func words(_ finding: Finding, spread: Double, unit: String) -> String {
        guard let delay = finding.delay else {
            switch finding.kind {
            case .stuck: return "not found within \(HumanDuration.text(seconds: finding.seconds))"
            default: return "not found, up to \(size(finding.largest, finding, spread, unit))"
            }
        }
        let when = delay < 1 ? "at once" : "after \(HumanDuration.text(seconds: delay))"
        guard let found = finding.size else { return "found \(when)" }
        return "\(size(found, finding, spread, unit)), \(when)"
    }

    private static func size(_ size: Double, _ finding: Finding, _ spread: Double, _ unit: String) -> String {
        switch finding.kind {
        case .noise: return "x \(plain(size))"
        case .phase: return "\(plain(size)) h"
        case .drift:
            let (seconds, name) = rate(over: finding.seconds)
            return "\(short(size * spread / finding.seconds * seconds))\(unit) \(name)"
        default: return "\(short(size * spread))\(unit)"
        }
    }

    /// By what a drift is told: what it would come to in a minute, an hour or a day.
    static func rate(over seconds: Double) -> (seconds: Double, name: String) {
        if seconds < 1_200 { return (60, "a minute") }
        return seconds < 172_800 ? (3_600, "an hour") : (86_400, "a day")
    }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\(number)"
    }

    private static func short(_ number: Double) -> String { ReadableNumbers([number]).text(number) }

    private static func footnote(_ part: SeriesPart) -> [String] {
        let all = part.channels.flatMap(\.findings) + part.whole
        var seen: Set<AnomalyKind> = []
        let lengths = all.filter { $0.kind != .spike && seen.insert($0.kind).inserted }.map {
            "\($0.kind.rawValue) \(HumanDuration.text(seconds: $0.seconds))"
        }
        let tried = all.first?.tried ?? 0
        let needed = SensitivitySearch.needed(of: tried)
        var lines = [
            "Found means: an incident opens while the fault lasts (a spike: up to \(TrialPlaces.samplesAfter) samples behind it), at "
                + "\(needed) of \(tried) places where without it none did, and at all larger sizes tried.",
            "At most a fault lasted: \(lengths.joined(separator: ", ")).",
        ]
        if part.isLearning {
            lines.append("It was still learning there: less is told than later.")
        }
        return lines
    }
}
