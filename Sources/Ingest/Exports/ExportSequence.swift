/// Tells by the numbers of an exporter's datagrams what was lost on the way.
///
/// A datagram bears the number of its first record (v5, IPFIX) or its own (v9); there are exporters of v9 that number records too,
/// which shows when the first datagram of several records, or of none, is followed by another. Behind a gap the difference was
/// lost. A datagram that comes after its time makes its part of the loss good. A number that is neither near nor a little behind,
/// or a second one in a row from before, means that the exporter began anew: then nothing is known to be lost.
struct ExportSequence: Equatable, Sendable {
    /// What the numbers count.
    enum Unit: Equatable, Sendable {
        case datagrams
        case records
    }

    /// What a number says.
    enum Step: Equatable, Sendable {
        /// As expected, or the first one.
        case next
        /// So many of the unit are missing before it.
        case gap(UInt32)
        /// It should have come before.
        case late
        /// The numbers begin anew.
        case restart
    }

    /// A step forward from which one is a beginning and no gap.
    static let longestGap: UInt32 = 1_000_000
    /// A step back up to which one is late.
    static let longestDelay: UInt32 = 2_000

    /// `nil` while it may be either.
    private(set) var unit: Unit?
    /// Whether the exporter should number datagrams.
    private let numbersDatagrams: Bool
    private var last: (number: UInt32, records: UInt32?)?
    /// The number that goes on from one that was late.
    private var afterLate: UInt32?

    init(_ version: ExportVersion) {
        numbersDatagrams = version == .nine
        unit = numbersDatagrams ? nil : .records
    }

    static func == (left: ExportSequence, right: ExportSequence) -> Bool {
        left.unit == right.unit && left.afterLate == right.afterLate && left.last?.number == right.last?.number
            && left.last?.records == right.last?.records
    }

    /// Looks at a datagram's number.
    ///
    /// - Parameter own: its own records, as far as its lengths tell; `nil` when they do not.
    mutating func look(at number: UInt32, own: UInt32? = nil) -> Step {
        guard let last else { return .next }
        let step = number &- last.number
        if numbersDatagrams, let records = last.records, records != 1 {
            if step == 1 { unit = .datagrams }
            if step == records, unit == nil { unit = .records }
        }
        let expected: UInt32
        switch unit {
        case .records:
            // Of a datagram with records of an unknown template it is not known how many there were.
            guard let records = last.records else { return step < Self.longestGap ? .next : .restart }
            expected = records
        case .datagrams, nil: expected = 1
        }
        let ahead = step &- expected
        // softflowd numbers an IPFIX message by its last record, not by its first.
        if ahead == 0 || unit == .records && !numbersDatagrams && step == own { return .next }
        if ahead < Self.longestGap {
            // Behind several records it shows only once the unit is known whether it is a gap at all.
            return unit == nil && (last.records ?? 2) > 1 ? .next : .gap(ahead)
        }
        guard 0 &- ahead <= Self.longestDelay, afterLate != number else { return .restart }
        return .late
    }

    /// Takes the datagram, whose records have been read.
    ///
    /// - Parameter records: how many; `nil` when not all could be told apart.
    mutating func take(_ number: UInt32, records: UInt32?, _ step: Step) {
        guard step != .late else {
            afterLate = records.map { number &+ (unit == .datagrams ? 1 : $0) }
            return
        }
        afterLate = nil
        last = (number, records)
    }
}
