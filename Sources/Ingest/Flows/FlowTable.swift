import TimeSeries

/// Knows the flows that are under way, so that several records of one are one flow.
///
/// Three things make several records of a flow: an exporter that reports long flows now and then, one that reports each
/// direction by itself, and both. Records with an ``FlowRecord/identity`` belong together by it; others when they have the same
/// endpoints and follow each other within ``longestPause``.
///
/// Of a one-way record that is the first of its flow the source is who began, unless its port is below 1024 and the
/// other is not: then it is an answer whose question comes later or never.
///
/// **Bounds.** 32,768 flows in a table that a hash points into; of two that want one place the later one has it. The earlier is
/// then counted again if more of it comes: with n flows under way a share of about n / 32,768 of them, at most.
struct FlowTable: Sendable, Equatable {
    /// What a record is.
    enum Part: Equatable, Sendable {
        /// The first of its flow.
        case first
        /// More of a flow that was counted; `answers` when it is the first sign that somebody answered.
        case more(answers: Bool)
    }

    private struct Entry: Equatable, Sendable {
        var hash: UInt64 = 0
        var last = Timestamp(nanoseconds: .min)
        /// Whether the initiator is the endpoint that sorts second.
        var isSecond = false
        var isUnanswered = false
    }

    static let size = 1 << 15
    /// Seconds between the end of a record and the start of the next of the same endpoints that make another flow of it.
    static let longestPause = 60.0

    private var entries: [Entry] = []

    /// Bytes of the table, once there are records that need it.
    static var memoryBytes: Int { size * MemoryLayout<Entry>.stride }

    /// Places a record; turns it round when it is the answer of a one-way pair.
    mutating func take(_ flow: inout FlowRecord) -> Part {
        guard flow.isOneWay || flow.identity != 0 else { return .first }
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.size) }
        let isSecond = Self.sourceIsSecond(flow)
        let hash = flow.identity != 0 ? splitMix(flow.identity) : Self.hash(flow, isSecond)
        let place = Int(truncatingIfNeeded: hash) & (Self.size - 1)
        let known = entries[place]
        let isMore =
            known.hash == hash
            && (flow.identity != 0 || flow.start.seconds(since: known.last) <= Self.longestPause)
        var initiatorIsSecond = isSecond
        if isMore {
            initiatorIsSecond = known.isSecond
        } else if flow.isOneWay, flow.packetsIn == 0, flow.bytesIn == 0, flow.sourcePort < 1_024,
            flow.destinationPort >= 1_024, flow.transport != 1
        {
            initiatorIsSecond.toggle()
        }
        let isAnswer = flow.isOneWay && initiatorIsSecond != isSecond
        if isAnswer { flow = flow.reversed }
        let answers =
            isMore && known.isUnanswered && (isAnswer || flow.outcome == .established) && flow.outcome != .refused
        entries[place] = Entry(
            hash: hash, last: max(flow.end, isMore ? known.last : flow.end), isSecond: initiatorIsSecond,
            isUnanswered: isMore ? known.isUnanswered && !answers : flow.outcome == .unanswered)
        return isMore ? .more(answers: answers) : .first
    }

    private static func sourceIsSecond(_ flow: FlowRecord) -> Bool {
        let source = (flow.source.high, flow.source.low, flow.sourcePort)
        return source > (flow.destination.high, flow.destination.low, flow.destinationPort)
    }

    private static func hash(_ flow: FlowRecord, _ isSecond: Bool) -> UInt64 {
        let ordered = isSecond ? flow.reversed : flow
        let ports = UInt64(ordered.sourcePort) << 24 | UInt64(ordered.destinationPort) << 8 | UInt64(flow.transport)
        let exporter = flow.exporter.high ^ flow.exporter.low &* 0x9e37_79b9_7f4a_7c15
        return splitMix(
            ordered.source.low
                ^ splitMix(
                    ordered.source.high
                        ^ splitMix(
                            ordered.destination.low ^ splitMix(ordered.destination.high ^ splitMix(ports ^ exporter)))))
    }

    // MARK: State

    /// Writes the flows under way.
    func encode(to writer: inout StateWriter) {
        let used = entries.indices.filter { entries[$0].hash != 0 }
        writer.write(UInt32(used.count))
        for index in used {
            writer.write(entries[index].hash)
            writer.write(entries[index].last.nanoseconds)
            writer.write(UInt8(entries[index].isSecond ? 1 : 0) | (entries[index].isUnanswered ? 2 : 0))
        }
    }

    init() {}

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let count = Int(try reader.read(UInt32.self))
        guard count <= Self.size else { throw .invalid("\(count) flows under way") }
        guard count > 0 else { return }
        entries = Array(repeating: Entry(), count: Self.size)
        for _ in 0..<count {
            let hash: UInt64 = try reader.read()
            let last = Timestamp(nanoseconds: try reader.read())
            let flags: UInt8 = try reader.read()
            entries[Int(truncatingIfNeeded: hash) & (Self.size - 1)] = Entry(
                hash: hash, last: last, isSecond: flags & 1 != 0, isUnanswered: flags & 2 != 0)
        }
    }
}
