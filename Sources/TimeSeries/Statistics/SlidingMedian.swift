/// Median and median absolute deviation of the last `length` numbers, exact.
///
/// Two arrays: the numbers in the order in which they came, to know which one leaves, and sorted, to read ranks from. A
/// push finds the place of the one that leaves by halves and moves what lies between it and the place of the new one. The
/// median is read off; the median deviation needs no second sort, because the numbers nearest to the median lie side by
/// side: the right stretch of them is found by halves too.
///
///     ring    d a c f b e     oldest at `head`
///     sorted  a b c d e f     the same numbers
///
/// Numbers are kept as Float, 2⁻²⁴ of their size. Bytes: 8 · `length`. Nothing is allocated after the start.
public struct SlidingMedian: Sendable, Equatable {
    /// How many numbers back it looks.
    public let length: Int
    /// Numbers that it holds now.
    public private(set) var count = 0
    private var ring: [Float]
    private var sorted: [Float]
    private var head = 0

    /// Creates an empty window.
    ///
    /// - Precondition: `length` is positive.
    public init(length: Int) {
        precondition(length > 0, "a window of \(length) numbers")
        self.length = length
        ring = Array(repeating: 0, count: length)
        sorted = ring
    }

    /// Adds a number and forgets the one pushed `length` numbers ago; NaN is left out, beyond ±3e38 it is ±3e38.
    ///
    /// - Complexity: O(log `length`) comparisons and at most `length` moves.
    public mutating func push(_ number: Double) {
        guard number == number else { return }
        let value = Float(max(-3e38, min(3e38, number)))
        var place: Int
        if count < length {
            place = count
            ring[place] = value
            count += 1
        } else {
            place = firstPlace(notBelow: ring[head])
            ring[head] = value
            head = head + 1 == length ? 0 : head + 1
        }
        // The gap wanders to where the new number belongs; one of the two loops has nothing to do.
        Self.wander(from: place, to: value, in: &sorted, held: count)
    }

    private static func wander(from gap: Int, to value: Float, in sorted: inout [Float], held: Int) {
        var place = gap
        var numbers = sorted.mutableSpan
        while place > 0, numbers[place - 1] > value {
            numbers[place] = numbers[place - 1]
            place -= 1
        }
        while place + 1 < held, numbers[place + 1] < value {
            numbers[place] = numbers[place + 1]
            place += 1
        }
        numbers[place] = value
    }

    private func firstPlace(notBelow value: Float) -> Int {
        let numbers = sorted.span
        var low = 0
        var high = count - 1
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The number of rank ⌊count/2⌋ and the distance from it of rank ⌊count/2⌋, ranks from 0; (0, 0) while empty.
    ///
    /// - Complexity: O(log `length`).
    public func medianAndDeviation() -> (median: Double, deviation: Double) {
        guard count > 0 else { return (0, 0) }
        let numbers = sorted.span
        let middle = count / 2
        let median = Double(numbers[middle])
        // The `middle` + 1 numbers nearest to the median are a stretch; its worse end is the deviation of that rank.
        let stretch = middle + 1
        var low = 0
        var high = count - stretch
        while low < high {
            let start = (low + high) / 2
            if median - Double(numbers[start]) > Double(numbers[start + stretch]) - median {
                low = start + 1
            } else {
                high = start
            }
        }
        return (median, max(median - Double(numbers[low]), Double(numbers[low + stretch - 1]) - median))
    }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { 8 * length }

    /// Writes the window, the oldest number first.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt32(count))
        for offset in 0..<count { writer.write(ring[(head + offset) % length]) }
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader, length: Int) throws(StateCodingError) {
        self.init(length: length)
        let stored = Int(try reader.read(UInt32.self))
        guard stored <= length else { throw .invalid("\(stored) numbers in a window of \(length)") }
        for place in 0..<stored {
            ring[place] = try reader.readFloat()
            guard ring[place].isFinite else { throw .invalid("\(ring[place]) in a window") }
        }
        count = stored
        sorted.replaceSubrange(0..<stored, with: ring[0..<stored].sorted())
    }

    /// Two windows are equal when they hold the same numbers in the same order, wherever these lie in the ring.
    public static func == (left: Self, right: Self) -> Bool {
        left.length == right.length && left.count == right.count
            && (0..<left.count).allSatisfy {
                left.ring[(left.head + $0) % left.length] == right.ring[(right.head + $0) % right.length]
            }
    }
}
