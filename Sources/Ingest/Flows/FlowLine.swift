/// What a line of a stream of flows is.
enum FlowLine: Equatable, Sendable {
    /// A flow, or a part of one, whose record was appended; the range is its time as written.
    case flow(time: Range<Int>)
    /// A line that names the columns, or belongs to a summary.
    case header
    /// A record of something else: another event, the statistics of the exporter.
    case other
    /// Not usable.
    case malformed(MalformedReason)
}
