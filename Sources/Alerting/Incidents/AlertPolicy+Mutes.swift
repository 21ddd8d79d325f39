public import TimeSeries

/// Silence that somebody asked for. Detection and learning go on; what opens meanwhile is told when the silence is over and
/// it is open still, and never when it has closed by then. It takes no token of the budget: it was expected.
extension AlertPolicy {
    /// Silences that may hold at once.
    public static let mostMutes = 1_000

    /// Tells nothing of some series of a stream until a time; open incidents go on being told.
    ///
    /// - Parameter mute: one of the same stream and pattern takes the place of the one before.
    /// - Returns: `false` when there are ``mostMutes`` already.
    public mutating func silence(_ mute: Mute) -> Bool {
        mutes.removeAll { $0.stream == mute.stream && ($0.pattern == mute.pattern || $0.until <= mute.from) }
        guard mutes.count < Self.mostMutes else { return false }
        mutes.append(mute)
        return true
    }

    /// Ends silences before their time.
    ///
    /// - Parameters:
    ///   - pattern: as it was given when it was asked for.
    ///   - time: event time of a stream, by its name; streams without one are left alone.
    /// - Returns: those that held.
    public mutating func endSilence(_ pattern: NamePattern, at time: [String: Timestamp]) -> [Mute] {
        var ended: [Mute] = []
        mutes.removeAll { mute in
            guard mute.pattern == pattern, let now = time[mute.stream] else { return false }
            if mute.until > now { ended.append(mute) }
            return true
        }
        for mute in ended {
            guard let now = time[mute.stream] else { continue }
            for place in groups.indices
            where groups[place].stream == mute.stream && groups[place].mutedUntil == mute.until
                && groups[place].series.contains(where: mute.pattern.matches)
            {
                groups[place].mutedUntil = now
            }
        }
        return ended
    }

    /// When the next silence of a stream ends in which something opened that is open still.
    public func nextEndOfSilence(of stream: String) -> Timestamp? {
        untold.isEmpty ? nil : groups.filter { $0.stream == stream }.compactMap(\.mutedUntil).min()
    }

    /// Until when a change is not told; `nil` when it is.
    func mutedUntil(_ change: SeriesChange) -> Timestamp? {
        var until = change.mutedUntil
        for mute in mutes where mute.covers(stream: change.stream, series: change.series, at: change.change.time) {
            until = max(mute.until, until ?? mute.until)
        }
        return until
    }

    /// Counts an incident to the silences that it began in.
    mutating func noteMuted(_ change: SeriesChange) {
        for place in mutes.indices
        where mutes[place].covers(stream: change.stream, series: change.series, at: change.change.time) {
            mutes[place].heldIncidents += 1
        }
    }

    /// What is open still of a stream though the silence that it began in is over.
    mutating func tellAfterSilence(of stream: String, at time: Timestamp) -> [AlertRecord] {
        guard !untold.isEmpty else { return [] }
        var records: [AlertRecord] = []
        for place in groups.indices where groups[place].stream == stream {
            guard let until = groups[place].mutedUntil, until <= time else { continue }
            groups[place].mutedUntil = nil
            guard var record = untold.removeValue(forKey: groups[place].id) else { continue }
            record.time = max(record.time, until)
            record.message += " Told now that its silence is over."
            records.append(record)
        }
        return records
    }
}
