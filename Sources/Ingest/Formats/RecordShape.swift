/// What lines of JSON have in common that one program wrote: all but the values.
///
///     {"time":" | 2026-11-21T02:15:40Z | ","temp":  | 21.4 | ,"flow":  | 0.5 | }
///      literal    time                   literal      value   literal    value  tail
///
/// A line of the shape is read by comparing the literals and reading what stands between them; the first byte that differs sends
/// it the long way, through ``ObjectScanner``, from which shapes are learned. What comes out is the same.
struct RecordShape: Sendable {
    /// What a value is.
    enum Role: Equatable, Sendable {
        case time
        case series
        case channel(Int)
    }

    /// A value, and what stands before it.
    struct Piece: Sendable {
        var literal: Range<Int>
        var role: Role
        /// The byte behind the value.
        var end: UInt8
    }

    /// Shapes learned at once, and lines until another one may be: where each line differs from the one before, learning is in
    /// vain and must cost little.
    private static let mostCredit = 4
    private static let linesOfCredit = 64

    private(set) var literals: [UInt8] = []
    private(set) var pieces: [Piece] = []
    private(set) var tail = 0..<0
    /// Whether each channel has a value.
    private(set) var isWhole = false
    /// Lines that had the shape in force, or one before it.
    private(set) var lines: UInt64 = 0
    private let learns: Bool
    private var credit = RecordShape.mostCredit
    private var linesSinceCredit = 0

    /// Creates no shape yet; without learning there never is one.
    init(learns: Bool = true) { self.learns = learns }

    /// Whether there is none.
    var isEmpty: Bool { pieces.isEmpty }

    /// Whether to learn from a line that went the long way.
    var isEager: Bool { learns && credit > 0 }

    /// A line was read, by the shape or the long way.
    mutating func note(hasShape: Bool) {
        if hasShape { lines += 1 }
        linesSinceCredit += 1
        guard linesSinceCredit >= Self.linesOfCredit else { return }
        linesSinceCredit = 0
        credit = min(credit + 1, Self.mostCredit)
    }

    /// Learns the shape of a line from its members, as far as they are values of these roles.
    ///
    /// - Parameters:
    ///   - members: the values and what each is, in their order.
    ///   - channelCount: how many channels a record has.
    mutating func learn(
        _ line: Span<UInt8>, _ members: [(value: Range<Int>, role: Role)], channelCount: Int
    ) {
        credit -= 1
        literals.removeAll(keepingCapacity: true)
        pieces.removeAll(keepingCapacity: true)
        var place = 0
        for (value, role) in members {
            guard value.upperBound < line.count else { return pieces.removeAll() }
            let start = literals.count
            literals.append(line.extracting(place..<value.lowerBound))
            pieces.append(Piece(literal: start..<literals.count, role: role, end: line[value.upperBound]))
            place = value.upperBound
        }
        let start = literals.count
        literals.append(line.extracting(place..<line.count))
        tail = start..<literals.count
        let channels = Set(pieces.compactMap { if case .channel(let index) = $0.role { index } else { nil } })
        isWhole = channels.count == channelCount
    }
}
