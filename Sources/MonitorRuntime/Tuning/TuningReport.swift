import Alerting

/// What `tune` came to: each candidate beside the configuration as it is.
public struct TuningReport: Equatable, Sendable {
    /// One candidate.
    public struct Candidate: Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Why one might want it.
        public var reason: String
        /// Share of the faults that were found.
        public var share: Double
        /// Seconds to the incident, in the middle of those found; `nil` when none was.
        public var delay: Double?
        /// Incidents in the recording as it is, behind the part that was learned from first.
        public var openings: Int
        /// Faults that it finds and the present configuration does not.
        public var gained: Int
        /// Faults that it does not find and the present configuration does.
        public var lost: Int
        /// The difference of the shares, and the ends of its 95 % interval.
        public var difference: (value: Double, low: Double, high: Double)
        /// The chance of such a difference where there is none, among all candidates.
        public var chance: Double
        /// Whether it is better beyond chance, and tells no more than the budget allows.
        public var isBetter: Bool
        /// What to write into the configuration for it.
        public var lines: [String]

        /// Whether all is the same.
        public static func == (left: Candidate, right: Candidate) -> Bool {
            left.name == right.name && left.share == right.share && left.delay == right.delay
                && left.openings == right.openings && left.difference == right.difference
                && left.chance == right.chance && left.isBetter == right.isBetter && left.lines == right.lines
        }
    }

    /// The present configuration first, then the best first.
    public var candidates: [Candidate]
    /// Faults that were planted for each.
    public var faults: Int
    /// Places of the recording they were planted at.
    public var places: Int
    /// The budget of a series, in incidents a second.
    public var falseAlarmsPerSecond: Double
    /// Incidents that the budget allows in the part of the recording they are counted in, of all series.
    public var allowedOpenings: Double

    /// The one to change to; `nil` when none is better than what there is, beyond chance.
    public var best: Candidate? { candidates.dropFirst().first(where: \.isBetter) }

    /// The table as comments, then the difference to the present configuration: TOML as a whole.
    public var toml: String {
        var lines = [
            "# \(faults) faults at \(places) places; budget \(ConfigurationUnits.text(rate: falseAlarmsPerSecond)), which allows "
                + "\(short(allowedOpenings)) incidents in the part of the recording that they are counted in",
            "#", "#   candidate      found  delay  incidents  difference (95 %)          chance",
        ]
        for (index, candidate) in candidates.enumerated() {
            let delay = candidate.delay.map { "\(short($0)) s" } ?? "-"
            var line =
                "#   \(padded(candidate.name, 13))  \(padded(percent(candidate.share), 5))  \(padded(delay, 8))"
                + " \(padded("\(candidate.openings)", 7))"
            if index > 0 {
                let (value, low, high) = candidate.difference
                line +=
                    "  \(padded("\(signed(value)) (\(signed(low)) to \(signed(high)))", 25))  "
                    + "\(short((candidate.chance * 1_000).rounded() / 1_000))  \(candidate.reason)"
            }
            lines.append(line)
        }
        lines.append("#")
        if let best {
            lines.append("# \(best.name) is better beyond chance: \(best.reason).")
            lines += best.lines
        } else {
            lines.append("# No candidate is better than what you have beyond chance: nothing to change.")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Writes ``toml`` to a file, which is created or replaced.
    ///
    /// - Throws: ``OutputError``.
    public func write(to path: String) throws {
        let file = try OutputFile(path: path)
        try file.write(toml)
        try file.flush()
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    private func signed(_ share: Double) -> String {
        let percent = Int((share * 100).rounded())
        return percent > 0 ? "+\(percent)" : "\(percent)"
    }

    private func short(_ number: Double) -> String { ReadableNumbers([number]).text(number) }
}
