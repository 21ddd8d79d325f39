import TimeSeries

/// A slow change of one channel.
public struct Drift: Equatable, Sendable {
    /// What has moved.
    public enum Quantity: UInt8, Sendable, CaseIterable {
        /// Where the channel is.
        case level
        /// How much it changes from sample to sample.
        case roughness
    }

    /// Position among the series' channels.
    public var channel: Int
    /// What has moved.
    public var quantity: Quantity
    /// Where it was, in the channel's unit.
    public var from: Double
    /// Where it is now, in the channel's unit.
    public var to: Double
    /// Samples that it took, counted as they were learned.
    public var samples: Int
}

/// What happens to the drift of a series.
public enum DriftChange: Equatable, Sendable {
    /// A channel is found to be moving.
    case begins(Drift)
    /// It moves no longer: ``Drift/to`` is where it is now.
    case ends(Drift)
}

/// Tells a slow change of a channel's level or roughness, which the detectors follow, from an anomaly.
///
/// Of each channel the means over 64 samples are taken, of its values and of the sizes of its changes, and from these the
/// means over 128, 256 … 8,192 samples; each length has its own test, ``TrendScale``. Only samples that are learned count,
/// and each is clipped at six scales from the block before. A drift is told of when it took an hour at least and moved the
/// level by a scale or the roughness by half: less is nobody's business. One drift of a series is told of at a time, and it
/// is over when that channel moves no longer.
///
/// 1,000 bytes a channel; a sample costs an addition, every 64th some hundred operations.
struct DriftWatch: Equatable, Sendable {
    /// Samples of the shortest block.
    static let blockLength = 64
    /// Lengths of blocks, each twice the one before.
    static let scaleCount = 8
    /// Shortest drift, in seconds.
    static let shortestSeconds = 3_600.0
    /// Least part of the smaller of two roughnesses that they differ by.
    static let leastGrowth = 0.5
    private static let clip = 6.0
    private static let quantities = Drift.Quantity.allCases.count

    /// The block in hand of a channel's quantity.
    private struct Block: Equatable, Sendable {
        var sum = 0.0
        var count: UInt32 = 0
        /// Mean of the block before; NaN before the first.
        var before = Double.nan
        /// What is taken off the means, so that a Float holds them.
        var origin = Double.nan

        /// Takes a value, clipped at `limit` from the block before.
        ///
        /// - Returns: whether the block is full.
        mutating func take(_ value: Double, limit: Double) -> Bool {
            sum += before == before ? max(before - limit, min(before + limit, value)) : value
            count += 1
            return Int(count) == DriftWatch.blockLength
        }
    }

    private let channelCount: Int
    private var blocks: [Block]
    /// `[d, quantities, scaleCount]`.
    private var scales: [TrendScale]
    /// The drift that is told of, and its place in `scales`.
    private(set) var current: (drift: Drift, place: Int)?
    /// What the last sample changed.
    private(set) var change: DriftChange?

    init(channelCount: Int) {
        self.channelCount = channelCount
        blocks = Array(repeating: Block(), count: channelCount * Self.quantities)
        scales = Array(repeating: TrendScale(), count: blocks.count * Self.scaleCount)
    }

    /// A sample passes: what the last one changed is history.
    mutating func clear() { change = nil }

    /// Learns a sample that is as usual.
    ///
    /// - Parameters:
    ///   - scalers: know the scale of each channel.
    ///   - interval: seconds between samples.
    mutating func learn(_ frame: Frame, scalers: [ChannelScaler], interval: Double) {
        guard Self.take(frame, scalers: scalers, into: &blocks) else { return }
        for block in blocks.indices where Int(blocks[block].count) == Self.blockLength {
            complete(block, scale: scalers[block / Self.quantities].ownScale, interval: interval)
        }
    }

    /// Adds a sample to the blocks of its channels.
    ///
    /// - Returns: whether one of them is full.
    private static func take(_ frame: Frame, scalers: [ChannelScaler], into blocks: inout [Block]) -> Bool {
        let scalers = scalers.span
        var isComplete = false
        var blocks = blocks.mutableSpan
        for channel in scalers.indices where frame.isPresent[channel] && frame.isScaled[channel] {
            let limit = clip * scalers[channel].ownScale
            let block = channel * quantities
            isComplete = blocks[block].take(frame.values[channel], limit: limit) || isComplete
            guard frame.hasChange[channel] else { continue }
            let change =
                Double((frame.scaled[channel] - frame.previousScaled[channel]).magnitude) * frame.scale[channel]
            isComplete = blocks[block + 1].take(change, limit: limit) || isComplete
        }
        return isComplete
    }

    /// A block is full: its mean goes to the longer ones.
    private mutating func complete(_ block: Int, scale: Double, interval: Double) {
        let mean = blocks[block].sum / Double(Self.blockLength)
        if blocks[block].origin != blocks[block].origin { blocks[block].origin = mean }
        (blocks[block].sum, blocks[block].count, blocks[block].before) = (0, 0, mean)
        var next: Float? = Float(mean - blocks[block].origin)
        for index in 0..<Self.scaleCount {
            guard let mean = next else { break }
            let place = block * Self.scaleCount + index
            next = scales[place].take(mean)
            judge(place, block: block, scale: scale, interval: interval)
        }
    }

    private mutating func judge(_ place: Int, block: Int, scale: Double, interval: Double) {
        let deviations = scales[place].deviations
        let samples = TrendScale.span * Self.blockLength << (place % Self.scaleCount)
        let to = blocks[block].origin + Double(scales[place].last)
        if let current {
            guard current.place == place, deviations < TrendScale.ends else { return }
            var drift = current.drift
            (drift.to, drift.samples) = (to, samples)
            end(drift)
            return
        }
        guard deviations >= TrendScale.begins, Double(samples) * interval >= Self.shortestSeconds,
            let quantity = Drift.Quantity(rawValue: UInt8(block % Self.quantities))
        else { return }
        let moved = Double(scales[place].moved)
        let from = to - moved
        let least = quantity == .level ? scale : Self.leastGrowth * max(0, min(from, to))
        guard moved.magnitude >= least else { return }
        let drift = Drift(channel: block / Self.quantities, quantity: quantity, from: from, to: to, samples: samples)
        current = (drift, place)
        change = .begins(drift)
    }

    private mutating func end(_ drift: Drift) {
        current = nil
        change = .ends(drift)
        // What has been told is not told again by another length.
        let first = drift.channel * Self.quantities * Self.scaleCount
        for place in first..<(first + Self.quantities * Self.scaleCount) { scales[place].restart() }
    }

    /// The drift that has just begun is not told of: it may be when it goes on.
    mutating func dismiss() {
        current = nil
        change = nil
    }

    /// What came before does not precede what comes, after a gap or when another level was taken for usual.
    mutating func restart() {
        for place in scales.indices { scales[place].restart() }
        for block in blocks.indices { (blocks[block].sum, blocks[block].count, blocks[block].before) = (0, 0, .nan) }
        if let current { end(current.drift) }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int {
        blocks.count * MemoryLayout<Block>.stride + scales.count * MemoryLayout<TrendScale>.stride
    }

    static func == (left: DriftWatch, right: DriftWatch) -> Bool {
        var (one, other) = (StateWriter(), StateWriter())
        left.encode(to: &one)
        right.encode(to: &other)
        return one.bytes == other.bytes
    }

    // MARK: State

    func encode(to writer: inout StateWriter) {
        for block in blocks {
            writer.write(block.sum)
            writer.write(block.count)
            writer.write(block.before)
            writer.write(block.origin)
        }
        for scale in scales { scale.encode(to: &writer) }
        writer.write(current != nil)
        guard let current else { return }
        writer.write(UInt32(current.place))
        writer.write(current.drift.from)
        writer.write(current.drift.to)
    }

    init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        for index in blocks.indices {
            blocks[index].sum = try reader.readDouble()
            blocks[index].count = try reader.read()
            blocks[index].before = try reader.readDouble()
            blocks[index].origin = try reader.readDouble()
            guard Int(blocks[index].count) < Self.blockLength else { throw .invalid("a block that is too long") }
        }
        for index in scales.indices { scales[index] = try TrendScale(from: &reader) }
        guard try reader.readBool() else { return }
        let place = Int(try reader.read(UInt32.self))
        let from = try reader.readDouble()
        let to = try reader.readDouble()
        let block = place / Self.scaleCount
        guard scales.indices.contains(place),
            let quantity = Drift.Quantity(rawValue: UInt8(block % Self.quantities))
        else { throw .invalid("a drift of trend \(place)") }
        let samples = TrendScale.span * Self.blockLength << (place % Self.scaleCount)
        current = (
            Drift(channel: block / Self.quantities, quantity: quantity, from: from, to: to, samples: samples), place
        )
    }
}
