/// What the members say of the sample in hand, one number for each ``DetectorKind``: working memory, the same for all series.
struct Evidence: Equatable, Sendable {
    /// Raw scores.
    var raw: [Float]
    /// Raw scores as ln(1 + raw).
    var transformed: [Double]
    /// −log10 of the probability on the fast clock; 0 for members without a calibrator there.
    var fast: [Double]
    /// The same on the slow clock.
    var slow: [Double]

    /// Creates memory in which nothing is said.
    init() {
        raw = Array(repeating: 0, count: DetectorKind.count)
        transformed = Array(repeating: 0, count: DetectorKind.count)
        fast = transformed
        slow = transformed
    }

    /// Nothing is said any more.
    mutating func clear() {
        for index in fast.indices { fast[index] = 0 }
        for index in slow.indices { slow[index] = 0 }
    }
}
