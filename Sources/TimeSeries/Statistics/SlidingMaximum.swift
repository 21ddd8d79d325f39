/// The largest of the last `length` numbers, in constant time on average.
///
/// A deque of the numbers that can still become the maximum: each is larger than all that came after it. A number is
/// pushed once and dropped once, so a push costs two comparisons on average and `length` at worst. The deque lives in a
/// ring made at the start; pushing allocates nothing.
public struct SlidingMaximum: Sendable, Equatable {
    /// How many numbers back the maximum looks.
    public let length: Int
    private var values: [Double]
    private var positions: [UInt64]
    private var head = 0
    private var count = 0
    private var pushed: UInt64 = 0

    /// Creates an empty window.
    ///
    /// - Precondition: `length` is positive.
    public init(length: Int) {
        precondition(length > 0, "a window of \(length) numbers")
        self.length = length
        values = Array(repeating: 0, count: length)
        positions = Array(repeating: 0, count: length)
    }

    /// The maximum of the window; `nil` while it is empty.
    public var maximum: Double? { count == 0 ? nil : values[head] }

    /// Adds a number and forgets the one pushed `length` numbers ago. NaN counts as −infinity.
    ///
    /// - Returns: the maximum of the window before, `nil` when it was empty. Asking for ``maximum`` and then pushing costs
    ///   a caller in another module a copy of the ring.
    @discardableResult
    public mutating func push(_ value: Double) -> Double? {
        let before = maximum
        let number = value == value ? value : -.infinity
        if count > 0, positions[head] + UInt64(length) <= pushed {
            head = head + 1 == length ? 0 : head + 1
            count -= 1
        }
        // Places are worked out before the arrays are touched: a call that reads `self` beside a write would copy them.
        var last = slot(count - 1)
        while count > 0, values[last] <= number {
            count -= 1
            last = last == 0 ? length - 1 : last - 1
        }
        let place = last + 1 == length ? 0 : last + 1
        values[place] = number
        positions[place] = pushed
        count += 1
        pushed += 1
        return before
    }

    private func slot(_ offset: Int) -> Int {
        let index = head + offset
        return index < 0 ? index + length : index < length ? index : index - length
    }

    /// Writes the window.
    public func encode(to writer: inout StateWriter) {
        writer.write(pushed)
        writer.write(UInt32(count))
        for offset in 0..<count {
            writer.write(values[slot(offset)])
            writer.write(positions[slot(offset)])
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader, length: Int) throws(StateCodingError) {
        self.init(length: length)
        pushed = try reader.read()
        let stored = Int(try reader.read(UInt32.self))
        guard stored <= length, pushed < 1 << 62 else {
            throw .invalid("\(stored) candidates in a window of \(length)")
        }
        for offset in 0..<stored {
            values[offset] = try reader.readDouble()
            positions[offset] = try reader.read()
            guard positions[offset] < pushed else { throw .invalid("a candidate that was not pushed yet") }
        }
        count = stored
    }

    /// Two windows are equal when they hold the same candidates, wherever these lie in the ring.
    public static func == (left: Self, right: Self) -> Bool {
        guard left.length == right.length, left.pushed == right.pushed, left.count == right.count else { return false }
        return (0..<left.count).allSatisfy {
            left.values[left.slot($0)] == right.values[right.slot($0)]
                && left.positions[left.slot($0)] == right.positions[right.slot($0)]
        }
    }
}
