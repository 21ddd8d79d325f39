public import TimeSeries

/// When the incident of one series opens, rises and closes: all constants of ``IncidentTracker`` in one place.
public struct IncidentRule: Equatable, Sendable {
    /// `false_alarms` (rate, "1/week", per series pattern): incidents a second of event time that the state may open.
    public var falseAlarmsPerSecond: Double
    /// `critical_above` (number, 2): an incident is critical when its score is at least threshold + this.
    public var criticalMargin: Double
    /// `severity` (warning or critical, none, per series pattern): the severity of every incident instead of the one
    /// that the score gives. Learning still caps it at warning.
    public var fixedSeverity: AlertSeverity?
    /// Samples in a row with a normal state and without an event after which an incident closes (60). Shorter returns
    /// to normal are flutter near the limit and belong to the incident.
    public var quietSamples: Int
    /// Openings that may be saved up (1).
    public var budgetCapacity: Double
    /// Openings a series starts with (0): its first weeks have enough of what only looks strange to a young monitor.
    public var initialBudget: Double

    /// Creates a rule.
    public init(
        falseAlarmsPerSecond: Double = 1.0 / 604_800, criticalMargin: Double = 2, fixedSeverity: AlertSeverity? = nil,
        quietSamples: Int = 60, budgetCapacity: Double = 1, initialBudget: Double = 0
    ) {
        self.falseAlarmsPerSecond = falseAlarmsPerSecond
        self.criticalMargin = criticalMargin
        self.fixedSeverity = fixedSeverity
        self.quietSamples = quietSamples
        self.budgetCapacity = budgetCapacity
        self.initialBudget = initialBudget
    }
}

/// A budget of openings in event time: a token bucket.
///
/// Tokens come at a constant rate up to a capacity, and an opening takes one. What must open though the bucket is empty
/// leaves a debt of at most one token, so that a burst of events silences the weaker reasons for one refill, not for ever.
/// Earlier times refill nothing; a step back of more than a day is a clock that was set, and the bucket goes on from there.
public struct OpeningBudget: Equatable, Sendable {
    /// The largest debt, in tokens.
    public static let largestDebt = 2.0
    private static let secondsOfSteppedClock = 86_400.0

    /// Most tokens that are saved up.
    public private(set) var capacity: Double
    /// Tokens that come in a second of event time.
    public private(set) var tokensPerSecond: Double
    /// Tokens there now, from −1 to the capacity.
    public private(set) var tokens: Double
    private var refilled: Timestamp?

    /// Creates a budget.
    ///
    /// - Parameters:
    ///   - tokensPerSecond: the rate, at least 0.
    ///   - capacity: most tokens that are saved up, at least 1.
    ///   - tokens: tokens at the start; the capacity when not given.
    public init(tokensPerSecond: Double, capacity: Double, tokens: Double? = nil) {
        self.tokensPerSecond = tokensPerSecond
        self.capacity = capacity
        self.tokens = min(tokens ?? capacity, capacity)
    }

    /// Adds what has come by an instant.
    ///
    /// - Parameter longestStep: seconds for which one call adds at most.
    public mutating func refill(to time: Timestamp, longestStep: Double = .infinity) {
        guard let previous = refilled else {
            refilled = time
            return
        }
        let elapsed = time.seconds(since: previous)
        if elapsed > 0 {
            tokens = min(capacity, tokens + min(elapsed, longestStep) * tokensPerSecond)
            refilled = time
        } else if elapsed < -Self.secondsOfSteppedClock {
            refilled = time
        }
    }

    /// Takes a whole token when there is one.
    ///
    /// - Returns: whether there was one.
    public mutating func take() -> Bool {
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// Takes a token, on credit if need be, as long as the debt stays within a limit.
    ///
    /// - Parameter debt: the largest debt that this may leave, in tokens.
    /// - Returns: whether it was taken.
    mutating func take(upToDebt debt: Double) -> Bool {
        guard tokens - 1 >= -debt else { return false }
        tokens -= 1
        return true
    }

    /// Takes a token in any case, down to the largest debt.
    public mutating func takeOnCredit() { tokens = max(-Self.largestDebt, tokens - 1) }

    /// Applies another rate and capacity, as a reload brings them; the tokens stay.
    public mutating func reconfigure(tokensPerSecond: Double, capacity: Double) {
        self.tokensPerSecond = tokensPerSecond
        self.capacity = capacity
        tokens = min(tokens, capacity)
    }

    /// The same tokens at another time, from which on they refill.
    func movedTo(_ time: Timestamp) -> OpeningBudget {
        var moved = self
        moved.refilled = time
        return moved
    }

    /// Goes on with the fewer tokens of two budgets, and the later time.
    mutating func share(with other: OpeningBudget) {
        tokens = min(tokens, other.tokens)
        if let time = other.refilled { refilled = max(refilled ?? time, time) }
    }

    /// Writes what changes: tokens and time. Rate and capacity are configuration.
    func encode(to writer: inout StateWriter) {
        writer.write(tokens)
        writer.write(refilled != nil)
        writer.write(refilled?.nanoseconds ?? 0)
    }

    /// Reads what changes into a budget that was made from the configuration.
    mutating func restore(
        from reader: inout StateReader, largestDebt: Double = OpeningBudget.largestDebt
    ) throws(StateCodingError) {
        let stored = try reader.readDouble()
        guard stored.isFinite, stored >= -largestDebt else { throw .invalid("an opening budget of \(stored)") }
        tokens = min(stored, capacity)
        let hasTime = try reader.readBool()
        let nanoseconds: Int64 = try reader.read()
        refilled = hasTime ? Timestamp(nanoseconds: nanoseconds) : nil
    }
}
