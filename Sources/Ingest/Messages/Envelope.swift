/// What comes with a message beside its lines.
struct Envelope: Equatable, Sendable {
    /// The series that its topic names.
    var key: [UInt8] = []
    /// Whether it had been kept and is as old as it says; what has no time of its own is then worth nothing.
    var isOld = false
}
