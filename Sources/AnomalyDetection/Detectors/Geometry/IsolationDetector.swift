public import TimeSeries

/// Where hardly any sample was before: the mass that 25 random trees give to the place of this one.
///
/// Streaming half-space trees (Tan, Ting and Liu 2011, "Fast Anomaly Detection for Streaming Data", IJCAI, doi
/// 10.5591/978-1-57735-516-8/IJCAI11-254). Each tree halves the space at random coordinates, seven times; how many of
/// the past windows went each way is its mass profile. A sample goes down to a leaf, or to where the mass falls below
/// 1/64, and m = mass · 2^depth, 1 for uniform mass, says how crowded its place is. The score is the mean over the
/// trees of ln(128/(m + 0.01)): 0 in the most crowded place there can be, 9.5 in an empty one.
///
/// We differ in four things. Logarithms are averaged, not masses: of 25 trees those that isolate the sample have a say,
/// where in a sum the few that do not would drown them. A tree cuts along six probes of its own instead of along lags
/// and channels: a channel's newest value, its change over 1, 2, 4, 8 or 16 samples, or its sum or difference with
/// another channel (above eight channels only changes over 1 sample). On the axes z, z′, z″ … what moves slowly or
/// together lies on diagonals, where cuts along the axes isolate nothing; sparse random projections are those of Pevný
/// 2016 (doi 10.1007/s10994-015-5521-0). Each probe p, taken from its mean and over its usual size, enters as p/(1 +
/// |p|), so that halving an interval a little wider than ±1 spends most cuts within two scales and still tells 8 from
/// 50. And the reference mass is not replaced by each period's, but moves 1/16 of the way to it every 64 windows, so
/// that a thousand samples are remembered.
///
/// Trees are drawn from the seed and need not be stored; masses are integers. State 41,375 bytes, and 76 bytes a
/// channel up to eight channels, 16 above. A sample costs 150 probes and 175 steps down the trees, learning it 150
/// running means and 25 additions. Scores 0 before 64 windows and while the window is not full. At a cut on a probe of
/// a missing channel the sample goes where most went, which counts as no cut. Behind a closed gate nothing is counted.
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
    /// Probes that a tree cuts along.
    static let probesOfTree = 6
    private static let probeCount = trees * probesOfTree
    /// Added to each m, which may be 0.
    private static let least = 0.01
    private static let longestMemory = 16
    private static let smallestMass = unit * period / 64

    private let seed: UInt64
    private var window: DelayWindow
    /// `[150]`: first and second place in the window, and the factor of the second; the probe is their sum.
    private var firsts: [UInt32]
    private var seconds: [UInt32]
    private var factors: [Float]
    /// Value of each probe for this sample, its running mean, its usual size, and where in ±1 that puts it.
    private var values: [Float]
    private var means: [Float]
    private var usual: [RunningDeviation]
    private var place: [Float]
    private var isThere: [Bool]
    /// `[trees, 128]`: probe and place of the cut at inner node 1 ..< 128; 2n and 2n + 1 are below n.
    private var probes: [UInt8]
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
        window = DelayWindow(channelCount: channelCount, lags: channelCount <= 8 ? 17 : 2)
        firsts = Array(repeating: 0, count: Self.probeCount)
        seconds = firsts
        factors = Array(repeating: 0, count: Self.probeCount)
        values = factors
        means = factors
        place = factors
        usual = Array(repeating: RunningDeviation(), count: Self.probeCount)
        isThere = Array(repeating: false, count: Self.probeCount)
        probes = Array(repeating: 0, count: Self.trees * Self.leaves)
        cuts = Array(repeating: 0, count: Self.trees * Self.leaves)
        masses = Array(repeating: 0, count: Self.trees * 2 * Self.leaves)
        latest = Array(repeating: 0, count: Self.trees * Self.leaves)
        leaf = Array(repeating: 0, count: Self.trees)
        parts = Array(repeating: 0, count: channelCount)
        var generator = SeededGenerator(seed: splitMix(seed))
        for tree in 0..<Self.trees { grow(tree, &generator) }
    }

    /// Draws a tree: its probes, and for each inner node which probe's interval is halved.
    private mutating func grow(_ tree: Int, _ generator: inout SeededGenerator) {
        for probe in 0..<Self.probesOfTree { draw(tree * Self.probesOfTree + probe, &generator) }
        // Uneven ends put the first cuts of the trees at different places.
        var low = [[Float]](repeating: [], count: Self.leaves)
        var high = low
        low[1] = (0..<Self.probesOfTree).map { _ in -1 - Float(0.6 * generator.uniform()) }
        high[1] = (0..<Self.probesOfTree).map { _ in 1 + Float(0.6 * generator.uniform()) }
        for node in 1..<Self.leaves {
            let probe = Int(generator.next() % UInt64(Self.probesOfTree))
            let cut = (low[node][probe] + high[node][probe]) / 2
            probes[tree * Self.leaves + node] = UInt8(truncatingIfNeeded: tree * Self.probesOfTree + probe)
            cuts[tree * Self.leaves + node] = cut
            guard 2 * node < Self.leaves else { continue }
            for side in [2 * node, 2 * node + 1] {
                low[side] = low[node]
                high[side] = high[node]
            }
            high[2 * node][probe] = cut
            low[2 * node + 1][probe] = cut
        }
    }

    /// Draws a probe: a quarter values, the rest changes of a channel and, with several channels, as many pairs of
    /// them.
    private mutating func draw(_ probe: Int, _ generator: inout SeededGenerator) {
        let channels = window.channelCount
        let newest = window.width - channels
        let channel = Int(generator.next() % UInt64(channels))
        let kind = generator.next() % 8
        let lag = window.lags > 2 ? 1 << Int(generator.next() % 5) : 1
        let other = (channel + 1 + Int(generator.next() % UInt64(max(1, channels - 1)))) % channels
        firsts[probe] = UInt32(truncatingIfNeeded: newest + channel)
        seconds[probe] = firsts[probe]
        if kind >= 5 || kind >= 2 && channels == 1 {
            seconds[probe] = UInt32(truncatingIfNeeded: newest + channel - lag * channels)
            factors[probe] = -1
        } else if kind >= 2 {
            seconds[probe] = UInt32(truncatingIfNeeded: newest + other)
            factors[probe] = kind == 2 ? 1 : -1
        }
    }

    /// Mean of ln(128/(mass · 2^depth)) over the trees; 0 before the first period is over.
    public mutating func score(_ frame: Frame) -> Float {
        window.stage(frame)
        for channel in parts.indices { parts[channel] = 0 }
        guard window.isFull, frame.presentCount > 0 else { return 0 }
        locate(frame)
        // 25 factors between 0.01 and 128 stay far inside a Double: one logarithm for all trees.
        var product = 1.0
        for tree in 0..<Self.trees { product *= Double(descend(tree)) + Self.least }
        guard periods > 0 else { return 0 }
        let largest = Transcendental.log(Double(Self.leaves) + Self.least)
        return Float(max(0, largest - Transcendental.log(product) / Double(Self.trees)))
    }

    /// Scores the window with some channels at their usual place in all of its samples but the newest.
    public mutating func rescore(_ frame: Frame, without isAside: [Bool]) -> Float {
        window.putAside(isAside)
        return score(frame)
    }

    /// Takes the probes and puts them into ±1.
    private mutating func locate(_ frame: Frame) {
        for probe in 0..<Self.probeCount {
            let first = Int(firsts[probe])
            let second = Int(seconds[probe])
            isThere[probe] = isPresent(first, frame) && isPresent(second, frame)
            values[probe] = window.vector[first] + factors[probe] * window.vector[second]
            let size = (values[probe] - means[probe]) / Float(usual[probe].scale)
            place[probe] = size / (1 + size.magnitude)
        }
    }

    @inline(__always)
    private func isPresent(_ index: Int, _ frame: Frame) -> Bool { frame.isPresent[index % window.channelCount] }

    /// Goes down a tree, notes the leaf, and returns mass · 2^depth.
    private mutating func descend(_ tree: Int) -> Float {
        let inner = tree * Self.leaves
        let all = 2 * inner
        var node = 1
        var crowd: Float = 1
        while node < Self.leaves {
            let probe = Int(probes[inner + node])
            guard isThere[probe] else {
                node = 2 * node + (masses[all + 2 * node + 1] > masses[all + 2 * node] ? 1 : 0)
                continue
            }
            let above = Int(masses[all + node])
            node = 2 * node + (place[probe] > cuts[inner + node] ? 1 : 0)
            guard above > Self.smallestMass else { continue }
            let share = 2 * Float(masses[all + node]) / Float(above)
            crowd *= share
            if share < 1 { attribute(probe, Double(1 - share)) }
        }
        leaf[tree] = UInt8(truncatingIfNeeded: node - Self.leaves)
        return crowd
    }

    /// Half of what a probe isolates goes to each of its two channels, which are often one.
    private mutating func attribute(_ probe: Int, _ part: Double) {
        parts[Int(firsts[probe]) % window.channelCount] += part / 2
        parts[Int(seconds[probe]) % window.channelCount] += part / 2
    }

    /// Moves the window on and, behind an open gate, counts the sample in the leaves where `score` put it.
    public mutating func learn(_ frame: Frame, weight: Double) {
        window.stage(frame)
        samples += 1
        defer { window.commit() }
        guard weight > 0, window.isFull, frame.presentCount > 0 else { return }
        for tree in 0..<Self.trees { latest[tree * Self.leaves + Int(leaf[tree])] += 1 }
        for probe in 0..<Self.probeCount where isThere[probe] {
            let difference = values[probe] - means[probe]
            usual[probe].update(Double(difference), gain: weight)
            // 1/(n+1) at first, like the usual size.
            means[probe] += Float(weight * max(1 / usual[probe].weight, 1 / RunningDeviation.horizon)) * difference
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

    /// How much each channel's cuts took the sample away from the crowd: Σ max(0, 1 − 2 · mass on its side / mass) over
    /// all trees. The score is a sum of logarithms over the cuts; this is its first order, where they isolate.
    public func contributions(into parts: inout [Double]) {
        for channel in parts.indices { parts[channel] = self.parts[channel] }
    }

    /// Empties the window; the masses stay.
    public mutating func restart() { window.restart() }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        let floats = factors.count + values.count + means.count + place.count + cuts.count
        let bytes = isThere.count + probes.count + leaf.count
        return window.memoryBytes + (firsts.count + seconds.count + floats) * 4 + bytes + usual.count * 16
            + (masses.count + latest.count) * 2 + parts.count * 8
    }

    /// Writes what later scores depend on; the trees come again from the seed.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(seed)
        writer.write(UInt32(periods))
        writer.write(UInt32(counted))
        window.encode(to: &writer)
        writer.write(means)
        usual.encode(to: &writer)
        writer.write(masses)
        writer.write(latest)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let samples = try reader.readCount()
        self.init(channelCount: channelCount, seed: try reader.read())
        self.samples = samples
        periods = Int(try reader.read(UInt32.self))
        counted = Int(try reader.read(UInt32.self))
        window = try DelayWindow(from: &reader, channelCount: channelCount, lags: window.lags)
        means = try reader.readFinite(count: means.count, within: 4 * DelayWindow.limit)
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
