import TimeSeries

/// What the fleet's bar and the daemon's tokens make of an opening.
extension AlertPolicy {
    /// Whether an opening is told, and why not.
    enum Ruling: Equatable, Sendable {
        case told
        case belowBar
        case withoutToken
    }

    /// Decides on what one stream opens of one kind in one tick; takes the token.
    ///
    /// One or few series, whose budgets are within the daemon's, are ruled by whole tokens alone.
    mutating func judge(_ openings: [SeriesChange], at time: Timestamp) -> Ruling {
        let first = openings[0]
        // A source that stops is a fact; it must not use up what an anomaly would need.
        if first.isWholeSource, first.change.kind == .stalled { return .told }
        let allowed = configuration.daemonFalseAlarmsPerSecond
        let place = timeline(of: first.stream, at: time)
        timelines[place].budget.refill(to: time)
        guard timelines[place].fleet.isCrowded(allowed: allowed), !first.isWholeSource else {
            return timelines[place].budget.take() ? .told : .withoutToken
        }
        let excesses = openings.compactMap { $0.strength?.excess }
        guard first.change.kind == .anomaly, let largest = excesses.max() else {
            return timelines[place].budget.take() ? .told : .withoutToken
        }
        let base = timelines[place].fleet.bar(at: time, allowed: allowed)
        let bar = base + Self.priceOfToken * max(0, 1 - timelines[place].budget.tokens)
        // A group is as old as its youngest series.
        let trust = openings.map(\.trust).min() ?? 1
        let together = FleetBar.excess(largest: largest, of: openings.count)
        let excess = together > 0 ? together * trust : together
        // What opens by its state has no excess: where nothing but a token is asked for, it passes as of a lone series.
        let isAbove = bar == 0 || excess >= bar
        let isTold = isAbove && timelines[place].budget.take(upToDebt: Self.largestDebtOfAnomalies)
        // What becomes stronger while it is held back was counted when it opened.
        let isNew = openings.contains { !heldMembers.contains(Self.member($0)) }
        if isNew || isTold {
            timelines[place].fleet.note(
                isWeak: isNew && largest * trust < FleetBar.weakExcess,
                isDiscovery: excess >= base + FleetBar.strongMargin,
                at: time)
        }
        return isTold ? .told : isAbove ? .withoutToken : .belowBar
    }

    /// Takes series that are told from now on off the list of those held back.
    mutating func release(_ members: [SeriesChange]) {
        for member in members where heldMembers.remove(Self.member(member)) != nil {
            let place = timelines.firstIndex { $0.streams.contains(member.stream) }
            if let place { timelines[place].heldBack?.released += 1 }
        }
    }

    /// Whether an opening that is held back may be told later.
    static func mayBecomeStronger(_ opening: SeriesChange) -> Bool {
        opening.change.kind == .anomaly && !opening.isWholeSource
    }
}

extension AlertPolicy.HeldBack {
    /// Remembers the strongest.
    mutating func note(_ other: AlertPolicy.Strongest?) {
        guard let other, other.excess > strongest?.excess ?? -.infinity else { return }
        strongest = other
    }
}

extension SeriesChange {
    /// How much of an excess counts for the fleet, up to 1: log10 of the samples learned by the threshold.
    ///
    /// n samples show what happens once in n; what is rarer is extrapolated, and the error of the tail's slope goes with
    /// the distance. A series of an hour at 0.1 Hz has about half of the way to a threshold of one a week, and its
    /// excesses are found to be twice as large as they should be; after a week nearly all of it counts. A newcomer that is held
    /// against the others is as well known as they are.
    var trust: Double {
        guard let threshold = change.threshold, threshold > 0 else { return 1 }
        let samples = max(change.learning.learnedSamples, change.learning.borrowedSamples)
        return min(1, FleetBar.log10(Double(samples) + 1) / threshold)
    }

    /// How far the series stands above its threshold; `nil` for kinds without a score, or a score that is no number.
    var strength: AlertPolicy.Strongest? {
        guard let score = change.score, let threshold = change.threshold, (score - threshold).isFinite else {
            return nil
        }
        return .init(series: series, score: score, excess: score - threshold)
    }
}
