import TimeSeries

extension AlertPolicy {
    /// The series name under which the daemon itself speaks.
    static let daemonName = "monitord"

    /// Counts an incident that is not told.
    ///
    /// - Parameter openings: of its series, in order of the key; those that were held back before are not counted again.
    /// - Returns: the opening of the `budget` incident, when this is its first.
    mutating func holdBack(_ openings: [SeriesChange], at time: Timestamp, isBelowBar: Bool) -> AlertRecord? {
        let place = timeline(of: openings[0].stream, at: time)
        let strongest = openings.compactMap(\.strength).max { $0.excess < $1.excess }
        let fresh = openings.filter { !heldMembers.contains(Self.member($0)) }
        if timelines[place].fleet.isCrowded(allowed: configuration.daemonFalseAlarmsPerSecond) {
            for opening in fresh where Self.mayBecomeStronger(opening) { heldMembers.insert(Self.member(opening)) }
        }
        if var held = timelines[place].heldBack {
            if !fresh.isEmpty {
                heldBackIncidents += 1
                held.count += 1
                held.last = max(held.last, time)
            }
            held.note(strongest)
            timelines[place].heldBack = held
            return nil
        }
        // What was counted in an earlier `budget` incident and is open still needs no other.
        guard let opening = fresh.first else { return nil }
        heldBackIncidents += 1
        let id = IncidentIdentifier.make(
            stream: name, series: Self.daemonName, kind: .budget, since: time,
            onsetSample: opening.change.onsetSample)
        let held = HeldBack(
            id: id, since: time, last: time, count: 1, firstSeries: opening.series, strongest: strongest,
            isBelowBar: isBelowBar)
        timelines[place].heldBack = held
        return record(.open, of: held, at: time)
    }

    /// Closes the `budget` incident of a timeline when it is due.
    ///
    /// Its time is the instant at which it was due, not the tick that showed it, so that its bytes do not depend on how
    /// often the policy is asked.
    mutating func closeBudgetIncident(_ place: Int, at time: Timestamp) -> AlertRecord? {
        guard let held = timelines[place].heldBack, time.seconds(since: held.last) >= Self.quietSecondsOfBudget else {
            return nil
        }
        timelines[place].heldBack = nil
        return recordOfClose(held, at: held.last.advanced(bySeconds: Self.quietSecondsOfBudget))
    }

    /// The close of a `budget` incident.
    func recordOfClose(_ held: HeldBack, at time: Timestamp) -> AlertRecord { record(.close, of: held, at: time) }

    private func record(_ event: AlertEvent, of held: HeldBack, at time: Timestamp) -> AlertRecord {
        AlertRecord(
            id: held.id, seq: event == .open ? 0 : 1, event: event, time: time, since: held.since,
            until: event == .close ? held.last : nil, severity: .warning, kind: .budget, series: Self.daemonName,
            message: AlertMessage.budget(event, of: held, at: time, rate: configuration.daemonFalseAlarmsPerSecond),
            hint: AlertMessage.hint(for: .budget), runbook: configuration.runbook)
    }
}
