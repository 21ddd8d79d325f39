import MonitorRuntime
import TimeSeries

/// One `--anomaly`: `[CHANNEL.]KIND[:SIZE][@TIME|/PER-DAY][+DURATION]`; in traffic a host's address is where a channel is.
struct AnomalyRequest<Kind: PlantedKind> {
    /// When it is planted.
    enum Moment: Equatable {
        /// So often a day, on average, at random times.
        case perDay(Double)
        /// Once, so many nanoseconds after the start of the stream.
        case once(Int64)
    }

    /// `nil` for any kind, drawn anew each time.
    var kind: Kind?
    /// A channel, or a host; `nil` for any, drawn anew each time.
    var channel: String?
    /// `nil` for the kind's usual size.
    var size: Double?
    var moment: Moment
    /// Nanoseconds; `nil` for the kind's usual duration.
    var duration: Int64?

    private static var form: String { "[CHANNEL.]KIND[:SIZE][@TIME|/PER-DAY][+DURATION]" }
    private static var kinds: String { Kind.allCases.map(\.rawValue).joined(separator: ", ") + " or all" }

    /// Reads the text of the option.
    ///
    /// - Throws: ``ArgumentProblem`` that says which part is wrong and what is accepted.
    init(_ text: String, start: Timestamp, zone: CivilZone) throws(ArgumentProblem) {
        func problem(_ reason: String) -> ArgumentProblem {
            ArgumentProblem(argument: "--anomaly \(text)", reason: reason)
        }
        var rest = Substring(text)
        func part() -> Substring {
            let part = rest.prefix { !":@/+".contains($0) }
            rest = rest[part.endIndex...]
            return part
        }
        var name = part()
        if let dot = name.lastIndex(of: ".") {
            channel = String(name[..<dot])
            name = name[name.index(after: dot)...]
        }
        if name != "all" {
            kind = Kind(rawValue: String(name))
            if kind == nil { throw problem("\"\(name)\" is no kind of anomaly; accepted are \(Self.kinds)") }
        }
        if channel != nil, let refusal = kind?.targetRefusal { throw problem(refusal) }
        if rest.first == ":" {
            rest.removeFirst()
            let number = part()
            guard let kind else { throw problem("all takes no size: every kind has its own") }
            guard let sizes = kind.sizes, let meaning = kind.sizeMeaning else {
                throw problem("\(kind.rawValue) takes no size")
            }
            guard let value = Double(number), sizes.contains(value), value != 0 else {
                throw problem(
                    "size \"\(number)\" is not a number from \(Self.short(sizes.lowerBound)) to "
                        + "\(Self.short(sizes.upperBound)), other than 0; it is \(meaning)")
            }
            size = value
        }
        moment = .perDay(1)
        if rest.first == "/" {
            rest.removeFirst()
            let number = part()
            guard let value = Double(number), value > 0, value <= 1_000 else {
                throw problem("\"\(number)\" is not a number of times a day, above 0 to 1000")
            }
            moment = .perDay(value)
        } else if rest.first == "@" {
            // A time may hold a + itself, before its offset from UTC; what is behind the last one may be the duration.
            rest.removeFirst()
            var time = rest
            if let plus = rest.lastIndex(of: "+"), ArgumentText.duration(rest[rest.index(after: plus)...]) != nil {
                time = rest[..<plus]
            }
            rest = rest[time.endIndex...]
            if let after = ArgumentText.duration(time) {
                moment = .once(after)
            } else if let instant = ArgumentText.instant(time, zone: zone) {
                guard instant >= start else { throw problem("\(time) is before the start of the stream, \(start)") }
                moment = .once(instant.nanoseconds - start.nanoseconds)
            } else {
                throw problem(
                    "\"\(time)\" is no time; accepted are \(ArgumentText.instantForms), or the time since the start, "
                        + ArgumentText.durationForms)
            }
        }
        if rest.first == "+" {
            rest.removeFirst()
            guard let value = ArgumentText.duration(rest) else {
                throw problem("\"\(rest)\" is no duration; accepted is \(ArgumentText.durationForms)")
            }
            if case .perDay = moment, value > 43_200_000_000_000 {
                throw problem("what is planted so often a day lasts at most 12h; a longer one needs @TIME")
            }
            duration = value
            rest = ""
        }
        guard rest.isEmpty else { throw problem("\"\(rest)\" is not understood; the form is \(Self.form)") }
    }

    private static func short(_ number: Double) -> String { "\(Int(number))" }
}
