/// Losses of a connection that had been made, of the last minute: two clients of one name throw each other out again and again.
struct LossesInARow: Sendable {
    /// So many within ``span`` are no accident.
    static let many = 5
    /// Seconds.
    static let span = 60.0

    /// Whether they were told.
    var areTold = false
    private var times: [Double] = []

    /// Of the last minute before the last.
    var count: Int { times.count }
    /// Whether there are so many.
    var areMany: Bool { times.count >= Self.many }

    /// Notes a loss.
    ///
    /// - Parameter seconds: the monotonic clock.
    mutating func note(at seconds: Double) {
        times.removeAll { seconds - $0 > Self.span }
        times.append(seconds)
        if times.count > 2 * Self.many { times.removeFirst() }
        if !areMany { areTold = false }
    }
}
