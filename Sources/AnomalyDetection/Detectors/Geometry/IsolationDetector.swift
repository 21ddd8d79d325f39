public import TimeSeries

/// Where hardly any sample was before: the mass that 25 random trees give to the place of this one.
///
/// Streaming half-space trees (Tan, Ting and Liu 2011, "Fast Anomaly Detection for Streaming Data", IJCAI,
/// doi 10.5591/978-1-57735-516-8/IJCAI11-254). Each tree halves the space at random coordinates, seven times; how many of the
/// past windows went each way is its mass profile. A sample goes down to a leaf, or to where the mass falls below 1/64,
/// and m = mass · 2^depth, 1 for uniform mass, says how crowded its place is. The score is ln of the largest possible mean of
/// m over the mean that was found: 0 in the most crowded place there can be, 11.8 in an empty one.
///
/// We differ in three things. The coordinates of a channel are z and its changes over 1, 4 and 16 samples (above eight
/// channels over 1 sample), these over their usual size: on the axes z, z′, z″ … a series that moves slowly lies on the
/// diagonal, where cuts along the axes isolate nothing. Each coordinate c enters as c/(1 + |c|), so that halving an interval
/// a little wider than ±1 spends most cuts within two scales and still tells 8 from 50. And the reference mass is not
/// replaced by each period's, but moves 1/16 of the way to it every 64 windows, so that a thousand samples are remembered.
///
/// Trees are drawn from the seed and need not be stored; masses are integers. State 38,400 bytes, and 72 bytes a channel
/// up to eight channels, 28 above. A sample costs 175 steps down the trees, learning it 25 additions. Scores 0 before 64
/// windows and while the window is not full. At a cut on a missing channel the sample goes where most went, which counts
/// as no cut. Behind a closed gate nothing is counted.
public struct IsolationDetector: Detector {
    /// Number of trees.
    static let trees = 25
    /// Cuts on each way down.
    static let depth = 7
    static let leaves = 1 << depth
    /// Windows of a period.
    static let period = 64
    /// Units that a window of the first period weighs: the reference keeps six bits behind the point.
    static let unit = 64
    private static let longestMemory = 16
    private static let smallestMass = unit * period / 64

    private let seed: UInt64
    private let views: Int
    private var window: DelayWindow
    private var usual: [RunningDeviation]
    /// The coordinates of the sample, `[views · d]`, within ±1.
    private var place: [Float]
    /// `[trees, 128]`: coordinate and place of the cut at inner node 1 ..< 128; 2n and 2n + 1 are below n.
    private var coordinates: [UInt16]
    private var cuts: [Float]
    /// `[trees, 256]`: reference mass of nodes 1 ..< 256.
    private var masses: [UInt16]
    /// `[trees, 128]`: windows of this period in each leaf.
    private var latest: [UInt16]
    private var leaf: [UInt8]
    private var parts: [Double]
    private var periods = 0
    private var counted = 0
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// "isolation".
    public var name: String { "isolation" }
    /// Until the window is full and the first period is over.
    public var minimumSamples: Int { window.lags - 1 + Self.period }

    /// Creates a detector with trees and without mass.
    ///
    /// - Parameter seed: decides the cuts.
    public init(channelCount: Int, seed: UInt64) {
        self.seed = seed
        views = channelCount <= 8 ? 4 : 2
        window = DelayWindow(channelCount: channelCount, lags: channelCount <= 8 ? 17 : 2)
        usual = Array(repeating: RunningDeviation(), count: (views - 1) * channelCount)
        place = Array(repeating: 0, count: views * channelCount)
        coordinates = Array(repeating: 0, count: Self.trees * Self.leaves)
        cuts = Array(repeating: 0, count: Self.trees * Self.leaves)
        masses = Array(repeating: 0, count: Self.trees * 2 * Self.leaves)
        latest = Array(repeating: 0, count: Self.trees * Self.leaves)
        leaf = Array(repeating: 0, count: Self.trees)
        parts = Array(repeating: 0, count: channelCount)
        var generator = SeededGenerator(seed: splitMix(seed))
        for tree in 0..<Self.trees { grow(tree, &generator) }
    }

    /// Draws a tree: each inner node halves the interval that is left of a random coordinate.
    private mutating func grow(_ tree: Int, _ generator: inout SeededGenerator) {
        let width = place.count
        // Uneven ends put the first cuts of the trees at different places.
        var low = [[Float]](repeating: [], count: Self.leaves)
        var high = low
        low[1] = (0..<width).map { _ in -1 - Float(0.6 * generator.uniform()) }
        high[1] = (0..<width).map { _ in 1 + Float(0.6 * generator.uniform()) }
        for node in 1..<Self.leaves {
            let coordinate = min(width - 1, Int(generator.uniform() * Double(width)))
            let cut = (low[node][coordinate] + high[node][coordinate]) / 2
            coordinates[tree * Self.leaves + node] = UInt16(truncatingIfNeeded: coordinate)
            cuts[tree * Self.leaves + node] = cut
            guard 2 * node < Self.leaves else { continue }
            for side in [2 * node, 2 * node + 1] {
                low[side] = low[node]
                high[side] = high[node]
            }
            high[2 * node][coordinate] = cut
            low[2 * node + 1][coordinate] = cut
        }
    }

    /// ln of the largest possible over the mean mass · 2^depth; 0 before the first period is over.
    public mutating func score(_ frame: Frame) -> Float {
        window.stage(frame)
        for channel in parts.indices { parts[channel] = 0 }
        guard window.isFull, frame.presentCount > 0 else { return 0 }
        locate(frame)
        var sum: Float = 0
        for tree in 0..<Self.trees { sum += descend(tree, frame) }
        guard periods > 0 else { return 0 }
        let largest = Float(Self.leaves)
        return Float(
            max(0, Transcendental.log(Double((largest + 0.001) / (sum / Float(Self.trees) + 0.001)))))
    }

    /// Value and changes of each channel, squeezed into ±1.
    private mutating func locate(_ frame: Frame) {
        let channels = window.channelCount
        let newest = window.width - channels
        for channel in 0..<channels {
            let value = window.vector[newest + channel]
            place[channel * views] = value / (1 + value.magnitude)
            for view in 1..<views {
                let change = change(channel, view, newest)
                let size = Float(Double(change) / usual[channel * (views - 1) + view - 1].scale)
                place[channel * views + view] = size / (1 + size.magnitude)
            }
        }
    }

    @inline(__always)
    private func change(_ channel: Int, _ view: Int, _ newest: Int) -> Float {
        // 1, 4 and 16 samples back.
        window.vector[newest + channel]
            - window.vector[newest + channel - (1 << (2 * (view - 1))) * window.channelCount]
    }

    /// Goes down a tree, notes the leaf, and returns mass · 2^depth.
    private mutating func descend(_ tree: Int, _ frame: Frame) -> Float {
        let inner = tree * Self.leaves
        let all = 2 * inner
        var node = 1
        var crowd: Float = 1
        while node < Self.leaves {
            let coordinate = Int(coordinates[inner + node])
            let channel = coordinate / views
            guard frame.isPresent[channel] else {
                node = 2 * node + (masses[all + 2 * node + 1] > masses[all + 2 * node] ? 1 : 0)
                continue
            }
            let above = Int(masses[all + node])
            node = 2 * node + (place[coordinate] > cuts[inner + node] ? 1 : 0)
            guard above > Self.smallestMass else { continue }
            let share = 2 * Float(masses[all + node]) / Float(above)
            crowd *= share
            if share < 1 { parts[channel] += Double(1 - share) }
        }
        leaf[tree] = UInt8(truncatingIfNeeded: node - Self.leaves)
        return crowd
    }

    /// Moves the window on and, behind an open gate, counts the sample in the leaves where `score` put it.
    public mutating func learn(_ frame: Frame, weight: Double) {
        window.stage(frame)
        samples += 1
        defer { window.commit() }
        guard weight > 0, window.isFull, frame.presentCount > 0 else { return }
        for tree in 0..<Self.trees { latest[tree * Self.leaves + Int(leaf[tree])] += 1 }
        let newest = window.width - window.channelCount
        for channel in 0..<window.channelCount where frame.isPresent[channel] {
            for view in 1..<views {
                usual[channel * (views - 1) + view - 1].update(Double(change(channel, view, newest)), gain: weight)
            }
        }
        counted += 1
        if counted == Self.period { endPeriod() }
    }

    /// Moves the reference mass of the leaves towards the period's and adds up the nodes above.
    private mutating func endPeriod() {
        counted = 0
        periods = min(periods + 1, Self.longestMemory)
        for tree in 0..<Self.trees {
            let all = 2 * tree * Self.leaves
            for place in 0..<Self.leaves {
                let index = tree * Self.leaves + place
                let old = Int(masses[all + Self.leaves + place])
                // Rounded down, so that a leaf that gets nothing empties.
                let new = (old * (periods - 1) + Self.unit * Int(latest[index])) / periods
                masses[all + Self.leaves + place] = UInt16(truncatingIfNeeded: new)
                latest[index] = 0
            }
            for node in stride(from: Self.leaves - 1, through: 1, by: -1) {
                masses[all + node] = masses[all + 2 * node] &+ masses[all + 2 * node + 1]
            }
        }
    }

    /// Reference mass of a node of a tree, in windows of a period, and its children's: for tests.
    func mass(tree: Int, node: Int) -> Double {
        Double(masses[2 * tree * Self.leaves + node]) / Double(Self.unit)
    }

    /// How much each channel's cuts took the sample away from the crowd: Σ max(0, 1 − 2 · mass on its side / mass) over all
    /// trees. The logarithm of the score's m is a sum over the cuts; this is its first order, where it isolates.
    public func contributions(into parts: inout [Double]) {
        for channel in parts.indices { parts[channel] = self.parts[channel] }
    }

    /// Empties the window; the masses stay.
    public mutating func restart() { window.restart() }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        window.memoryBytes + usual.count * 16 + place.count * 4 + cuts.count * 4 + leaf.count + parts.count * 8
            + (coordinates.count + masses.count + latest.count) * 2
    }

    /// Writes what later scores depend on; the trees come again from the seed.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(seed)
        writer.write(UInt32(periods))
        writer.write(UInt32(counted))
        window.encode(to: &writer)
        usual.encode(to: &writer)
        writer.write(masses)
        writer.write(latest)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let samples = try reader.read(UInt64.self)
        self.init(channelCount: channelCount, seed: try reader.read())
        self.samples = samples
        periods = Int(try reader.read(UInt32.self))
        counted = Int(try reader.read(UInt32.self))
        window = try DelayWindow(from: &reader, channelCount: channelCount, lags: window.lags)
        usual = try [RunningDeviation](from: &reader, count: usual.count)
        let masses = try reader.readIntegers(UInt16.self)
        let latest = try reader.readIntegers(UInt16.self)
        guard periods <= Self.longestMemory, counted < Self.period, masses.count == self.masses.count,
            latest.count == self.latest.count, latest.allSatisfy({ $0 <= Self.period })
        else { throw .invalid("trees with impossible masses") }
        self.masses = masses
        self.latest = latest
    }
}
