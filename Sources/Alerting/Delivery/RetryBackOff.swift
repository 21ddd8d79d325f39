/// How a failing sink is tried again: after `first`, then twice as long each time, up to `longest`.
public struct RetryBackOff: Equatable, Sendable {
    /// The wait after the first failure.
    public var first: Duration
    /// The longest wait.
    public var longest: Duration

    /// Creates a back-off.
    public init(first: Duration = .seconds(1), longest: Duration = .seconds(300)) {
        self.first = first
        self.longest = longest
    }

    /// The wait after so many failures in a row.
    ///
    /// - Precondition: `failures >= 1`.
    public func wait(afterFailures failures: Int) -> Duration {
        precondition(failures >= 1, "no wait after \(failures) failures")
        // 2^30 firsts is beyond any longest wait; the shift stays small.
        return min(longest, first * (1 << min(failures - 1, 30)))
    }
}
