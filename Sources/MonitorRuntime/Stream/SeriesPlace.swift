/// Where a series of a stream belongs.
struct SeriesPlace: Equatable, Sendable {
    /// Index of its group among the stream's groups.
    var group: Int
    /// Its number within the group, in order of admission.
    var member: Int
}
