import TimeSeries

/// What comes with a message beside its lines.
struct Envelope: Equatable, Sendable {
    /// The series that its topic names.
    var key: [UInt8] = []
    /// Whether it had been kept and is as old as it says; what has no time of its own is then worth nothing.
    var isOld = false
    /// When it was sent, for lines without a time of their own; `nil` where they then have that of their arrival.
    var time: Timestamp?
    /// The place from which a reader goes on behind it, of a log that can be read again.
    var next: Int64?
}
