/// Why a stored state could not be read.
public enum StateCodingError: Error, Equatable, CustomStringConvertible {
    /// The bytes ended before the value did.
    case truncated(reading: String)
    /// A value that cannot be: a wrong tag, a negative count, another shape than the configuration's.
    case invalid(String)
    /// A piece, or a part of one, whose coding is another than this build's.
    case unknownVersion(of: String)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .truncated(let what): "stored state ends within \(what)"
        case .invalid(let why): "stored state is not usable: \(why)"
        case .unknownVersion(let piece): "stored state is not usable: unknown version of \(piece)"
        }
    }
}

/// Writes the pieces of a state as little-endian bytes, the same on every machine.
///
/// There is no self-description: what writes and what reads are neighbours in one file, and begin with a version.
public struct StateWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// Creates an empty writer.
    public init() {}

    /// Appends an integer of fixed width, at most 64 bits.
    @inlinable
    public mutating func write<Number: FixedWidthInteger>(_ number: Number) {
        append(UInt64(truncatingIfNeeded: number), width: Number.bitWidth / 8)
    }

    /// Appends a Boolean as one byte.
    public mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    /// Appends the bits of a Double; NaN and infinities survive.
    public mutating func write(_ value: Double) { write(value.bitPattern) }

    /// Appends the bits of a Float.
    public mutating func write(_ value: Float) { write(value.bitPattern) }

    /// Appends a count and the bits of each number.
    public mutating func write(_ values: [Float]) {
        write(UInt32(values.count))
        appendBits(of: values)
    }

    /// Appends a count and the bits of each number.
    public mutating func write(_ values: [Double]) {
        write(UInt32(values.count))
        appendBits(of: values)
    }

    /// Appends a count and each integer, of at most 64 bits.
    @inlinable
    public mutating func write<Number: FixedWidthInteger & BitwiseCopyable>(_ values: [Number]) {
        write(UInt32(values.count))
        appendBits(of: values)
    }

    /// Appends a count and the bytes.
    public mutating func write(_ values: [UInt8]) {
        write(UInt32(values.count))
        bytes.append(contentsOf: values)
    }

    /// Appends a count and the UTF-8 bytes.
    public mutating func write(_ text: String) { write(Array(text.utf8)) }

    /// Appends what `write` writes, behind its length, so that a reader can pass over it.
    public mutating func writePart(_ write: (inout StateWriter) -> Void) {
        let start = bytes.count
        self.write(UInt32(0))
        write(&self)
        let length = UInt32(bytes.count - start - 4)
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
    }

    /// Appends a part that begins anew alone when its coding changes; ``StateParts`` reads it.
    ///
    /// - Parameter version: of the part's coding, counted up with each change that older bytes do not fit.
    public mutating func writePart(version: UInt8, _ write: (inout StateWriter) -> Void) {
        self.write(version)
        writePart(write)
    }

    /// Empties the writer; its memory is used again.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    // What is generic is compiled where it is used, and leads here.

    @usableFromInline
    mutating func append(_ bits: UInt64, width: Int) {
        // A number's bytes in memory are the bytes to write: the machines that monitord runs on are little-endian.
        // The buffer is the local's for the call, and a width is at most its eight bytes.
        unsafe withUnsafeBytes(of: bits.littleEndian) { unsafe bytes.append(contentsOf: $0.prefix(width)) }
    }

    /// Appends numbers as they lie in memory: a state of thousands of series is megabytes, and is written while they wait.
    ///
    /// `Number` is a Float, a Double or an integer of fixed width, which have no padding.
    @usableFromInline
    mutating func appendBits<Number: BitwiseCopyable>(of values: [Number]) {
        // Bytes of trivial numbers, read within the call.
        unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
}

#if !_endian(little)
    #error("StateCoding writes numbers as they lie in memory, which must be little-endian")
#endif

/// Reads what ``StateWriter`` wrote; every read is bounded by the bytes that are left.
public struct StateReader: Sendable {
    private let bytes: [UInt8]
    private var position = 0

    /// Creates a reader at the first byte.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Bytes not yet read.
    public var remaining: Int { bytes.count - position }

    /// Reads an integer of the width asked for, at most 64 bits.
    @inlinable
    public mutating func read<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(StateCodingError)
        -> Number
    {
        guard let bits = take(Number.bitWidth / 8) else { throw .truncated(reading: "\(type)") }
        return Number(truncatingIfNeeded: bits)
    }

    @usableFromInline
    mutating func take(_ width: Int) -> UInt64? {
        guard remaining >= width else { return nil }
        var bits: UInt64 = 0
        for index in 0..<width { bits |= UInt64(bytes[position + index]) << (8 * UInt64(index)) }
        position += width
        return bits
    }

    /// Numbers as they lie in memory, as ``StateWriter`` appended them.
    @usableFromInline
    mutating func takeBits<Number: BitwiseCopyable>(_ count: Int, zero: Number) -> [Number]? {
        let length = count * MemoryLayout<Number>.stride
        guard remaining >= length else { return nil }
        var values = Array(repeating: zero, count: count)
        // Any bits are a number of these types; source and target are as long, as was just seen.
        unsafe values.withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes {
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + length]))
            }
        }
        position += length
        return values
    }

    /// Reads a Boolean; any byte but 0 and 1 is refused.
    public mutating func readBool() throws(StateCodingError) -> Bool {
        switch try read(UInt8.self) {
        case 0: return false
        case 1: return true
        case let other: throw .invalid("\(other) where a Boolean is due")
        }
    }

    /// Reads a Double.
    public mutating func readDouble() throws(StateCodingError) -> Double { Double(bitPattern: try read()) }

    /// Reads a Float.
    public mutating func readFloat() throws(StateCodingError) -> Float { Float(bitPattern: try read()) }

    /// Reads a count and as many Floats.
    public mutating func readFloats() throws(StateCodingError) -> [Float] { try readArray(zero: 0) }

    /// Reads a count and as many Doubles.
    public mutating func readDoubles() throws(StateCodingError) -> [Double] { try readArray(zero: 0) }

    /// Reads a count and as many integers.
    @inlinable
    public mutating func readIntegers<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type = Number.self)
        throws(StateCodingError) -> [Number]
    { try readArray(zero: 0) }

    /// Reads a count and as many UTF-8 bytes; ill-formed bytes become U+FFFD.
    public mutating func readString() throws(StateCodingError) -> String {
        String(decoding: try readIntegers(UInt8.self), as: UTF8.self)
    }

    /// Reads a part that ``StateWriter/writePart(_:)`` wrote.
    public mutating func readPart() throws(StateCodingError) -> StateReader {
        StateReader(try readIntegers(UInt8.self))
    }

    @usableFromInline
    mutating func readArray<Number: BitwiseCopyable>(zero: Number) throws(StateCodingError) -> [Number] {
        let count = Int(try read(UInt32.self))
        // Checked before the array is made, so that a damaged count cannot ask for gigabytes.
        guard let values = takeBits(count, zero: zero) else { throw .truncated(reading: "\(count) × \(Number.self)") }
        return values
    }
}
