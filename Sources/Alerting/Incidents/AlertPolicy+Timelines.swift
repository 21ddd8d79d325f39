public import TimeSeries

/// Which streams share a budget.
extension AlertPolicy {
    /// Tells the event time of a stream when nothing of it has changed; at least hourly, so that the streams that run
    /// together are known and a `budget` incident closes in time.
    ///
    /// - Returns: the closes of `budget` incidents that are due, and what is open still when its silence is over.
    /// - Complexity: linear in the streams; allocates only for a new stream.
    public mutating func advance(_ stream: String, to time: Timestamp) -> [AlertRecord] {
        let place = timeline(of: stream, at: time)
        var records = closesOfAbsorbed
        closesOfAbsorbed = []
        if let record = closeBudgetIncident(place, at: time) { records.append(record) }
        return records + tellAfterSilence(of: stream, at: time)
    }

    /// Says how many anomalies the active series of a stream may open by chance, from the next tick on.
    ///
    /// - Parameters:
    ///   - rate: the sum of their budgets, in incidents a second; 0 for a stream without series.
    ///   - stream: the stream's name. A stream that nothing is said of counts nothing.
    ///   - time: event time of the stream.
    /// - Returns: as ``advance(_:to:)``.
    @discardableResult
    public mutating func expect(
        chanceOpeningsPerSecond rate: Double, of stream: String, at time: Timestamp
    ) -> [AlertRecord] {
        let records = advance(stream, to: time)
        timelines[timeline(of: stream, at: time)].fleet.declare(rate, of: stream)
        return records
    }

    /// The timeline on which a stream is at an instant; a stream that has left the others' time gets another.
    mutating func timeline(of stream: String, at time: Timestamp) -> Int {
        guard let place = timelines.firstIndex(where: { $0.streams.contains(stream) }) else {
            return settle(stream, rate: 0, from: timelines.last, at: time)
        }
        let current = timelines[place]
        if current.streams.count > 1, current.secondsAhead(of: time) > BudgetTimeline.mostSecondsApart {
            let rate = timelines[place].leave(stream)
            return settle(stream, rate: rate, from: current, at: time)
        }
        timelines[place].advance(to: time)
        return merge(place)
    }

    /// Puts a stream that is on no timeline on the one that it runs with.
    ///
    /// - Parameter from: where a timeline of its own takes its tokens from: leaving the others gains nothing.
    private mutating func settle(
        _ stream: String, rate: Double, from: BudgetTimeline?, at time: Timestamp
    ) -> Int {
        // One without streams was read from a state that knew of none.
        var place = timelines.firstIndex { $0.streams.isEmpty || $0.isNear(time) }
        if place == nil, timelines.count >= BudgetTimeline.mostTimelines {
            place = timelines.indices.min {
                abs(timelines[$0].secondsAhead(of: time)) < abs(timelines[$1].secondsAhead(of: time))
            }
        }
        if place == nil {
            timelines.append(BudgetTimeline(latest: time, budget: from?.budget.movedTo(time) ?? freshBudget))
        }
        let chosen = place ?? timelines.count - 1
        timelines[chosen].join(stream, rate: rate)
        timelines[chosen].advance(to: time)
        return merge(chosen)
    }

    /// Makes one of two timelines when one has caught up with the other.
    private mutating func merge(_ place: Int) -> Int {
        let moved = timelines[place]
        let other = timelines.indices.first { $0 != place && timelines[$0].isNear(moved.latest) }
        guard let other else { return place }
        // The elder goes on.
        let (kept, absorbed) = (min(place, other), max(place, other))
        timelines[kept].absorb(timelines[absorbed])
        if let held = timelines[absorbed].heldBack {
            if timelines[kept].heldBack == nil {
                timelines[kept].heldBack = held
            } else {
                closesOfAbsorbed.append(recordOfClose(held, at: held.last))
            }
        }
        timelines.remove(at: absorbed)
        return kept
    }
}
