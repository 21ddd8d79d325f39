/// Some of the detectors there are, one bit for each ``DetectorKind`` by its number.
///
/// Four bytes where an array of Booleans is 64 on the heap: a series has three of them.
struct DetectorMask: Equatable, Sendable {
    private var bits: UInt32 = 0

    /// None.
    init() {}

    /// Those whose place holds `true`.
    init(_ members: some Sequence<Bool>) {
        for (place, isMember) in members.enumerated() { self[place] = isMember }
    }

    /// Whether the detector of this number is among them.
    subscript(_ number: Int) -> Bool {
        @inline(__always) get { bits & Self.bit(number) != 0 }
        @inline(__always) set { bits = newValue ? bits | Self.bit(number) : bits & ~Self.bit(number) }
    }

    @inline(__always)
    private static func bit(_ number: Int) -> UInt32 {
        // There are fewer than 32 detectors; a shift by 32 or more would be 0, and the detector never heard.
        assert((0..<32).contains(number), "detector \(number) in a mask of 32")
        return 1 << UInt32(truncatingIfNeeded: number)
    }
}
