import TimeSeries

/// Lets through only what begins: evidence above 1.1 times the largest of the last 120 samples.
///
/// An anomaly that lasts is one event at its first samples, not one at each. A later, stronger stage passes again.
/// A short memory keeps the maxima of blocks of eight samples: it looks 120 to 127 samples back, in 64 bytes.
struct OnsetFilter: Sendable, Equatable {
    private static let blockLength: UInt8 = 8

    /// `nil` of a short memory.
    private var recent: SlidingMaximum?
    /// Maxima of the last 15 blocks, and of the one in progress in the first place; −1 before there was any.
    private var blocks = SIMD16<Float>(repeating: -1)
    private var inBlock: UInt8 = 0

    init(memory: ScoreMemory = .long) {
        recent = memory == .long ? SlidingMaximum(length: DetectionRecipe.onsetLength) : nil
    }

    /// Whether something begins at this sample; then remembers its evidence.
    mutating func admit(_ evidence: Double) -> Bool {
        // Compared with `nil` the ring would be held, for each sample.
        if case .some = recent { return evidence > DetectionRecipe.onsetFactor * (recent?.push(evidence) ?? -1) }
        let before = Double(blocks.max())
        if inBlock == Self.blockLength {
            // The blocks move up by one place, the oldest falls out.
            for place in stride(from: 15, to: 0, by: -1) { blocks[place] = blocks[place - 1] }
            blocks[0] = -1
            inBlock = 0
        }
        blocks[0] = max(blocks[0], Float(evidence))
        inBlock += 1
        return evidence > DetectionRecipe.onsetFactor * before
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int { recent == nil ? 0 : DetectionRecipe.onsetLength * 16 }

    /// Writes the filter.
    func encode(to writer: inout StateWriter) {
        if let recent { return recent.encode(to: &writer) }
        writer.write(blocks.indices.map { blocks[$0] })
        writer.write(inBlock)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, memory: ScoreMemory = .long) throws(StateCodingError) {
        self.init(memory: memory)
        if memory == .long {
            recent = try SlidingMaximum(from: &reader, length: DetectionRecipe.onsetLength)
            return
        }
        let stored = try reader.readFloats()
        inBlock = try reader.read(UInt8.self)
        guard stored.count == blocks.scalarCount, inBlock <= Self.blockLength, stored.allSatisfy({ $0 >= -1 }) else {
            throw .invalid("\(stored.count) maxima of an onset")
        }
        for place in stored.indices { blocks[place] = stored[place] }
    }
}
