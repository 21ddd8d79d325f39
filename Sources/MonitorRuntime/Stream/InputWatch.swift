import TimeSeries

/// Notices a burst of lines that cannot be read: that is an incident of its own (`input`), not silence.
///
/// Counted over the last 100 data lines, never timed: it opens when at least half of them were unusable and closes when
/// at most one in twenty is. Fewer than 20 lines decide nothing.
struct InputWatch: Equatable, Sendable {
    /// What a line changed.
    enum Change: Equatable, Sendable {
        /// The burst is noticed; `unusable` of the last `lines` lines.
        case begins(unusable: Int, lines: Int)
        /// Lines can be read again; `unusable` in all since the burst began.
        case ends(unusable: UInt64)
    }

    private static let remembered = 100
    private static let fewest = 20

    private var window: [Bool] = []
    private var next = 0
    private var unusableInWindow = 0
    private var unusableSinceBegin: UInt64 = 0
    /// Whether a burst is under way.
    private(set) var isBurst = false

    /// Whether the next line that can be read changes nothing.
    var isCalm: Bool { !isBurst && unusableInWindow == 0 }

    /// Takes the next data line.
    mutating func observe(isUsable: Bool) -> Change? {
        if window.count < Self.remembered {
            window.append(!isUsable)
        } else {
            if window[next] { unusableInWindow -= 1 }
            window[next] = !isUsable
            next = (next + 1) % Self.remembered
        }
        if !isUsable {
            unusableInWindow += 1
            unusableSinceBegin += 1
        }
        guard window.count >= Self.fewest else { return nil }
        if !isBurst, unusableInWindow * 2 >= window.count {
            isBurst = true
            unusableSinceBegin = UInt64(unusableInWindow)
            return .begins(unusable: unusableInWindow, lines: window.count)
        }
        if isBurst, unusableInWindow * 20 <= window.count {
            isBurst = false
            return .ends(unusable: unusableSinceBegin)
        }
        return nil
    }

    /// Writes the watch.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(1))
        writer.write(window.map { $0 ? 1 : 0 } as [UInt8])
        writer.write(UInt8(next))
        writer.write(unusableSinceBegin)
        writer.write(isBurst)
    }

    /// Creates a watch over no lines.
    init() {}

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "the watch over the input") }
        window = try reader.readIntegers(UInt8.self).map { $0 == 1 }
        next = Int(try reader.read(UInt8.self))
        unusableSinceBegin = try reader.read()
        isBurst = try reader.readBool()
        unusableInWindow = window.count { $0 }
        guard window.count <= Self.remembered, next < Self.remembered else {
            throw .invalid("a watch over \(window.count) lines")
        }
    }
}
