public import TimeSeries

/// Far from all usual shapes: distance of the last samples to the nearest of eight centres, against that centre's
/// usual.
///
/// Sequential k-means (MacQueen 1967, "Some methods for classification and analysis of multivariate observations",
/// https://projecteuclid.org/euclid.bsmsp/1200512992) on delay windows: the nearest centre moves by 1/(n+1) of the way
/// to the window, here at least by 1/1000, so that old shapes are forgotten. The distance is taken over the usual
/// distance of that centre's own windows, since a tight cluster makes a small distance large; a young centre borrows
/// the usual distance of all, with the weight of 20 windows.
///
/// The first eight centres are every 8th of the first 64 windows. They can fall together, so at 128, 256, 512, 1,024
/// learned windows and every 1,024 from then on the least visited centre, when it got fewer than 4 of these windows, is
/// put between the most spread one and the window at hand: the splitting of Linde, Buzo and Gray 1980 (doi
/// 10.1109/TCOM.1980.1094577), one centre at a time.
///
/// Windows are max(1, ⌊24/d⌋) samples, `D` = that times d numbers. State 36 D + 224 + 8d bytes: 1.1 KB at d = 1. A
/// sample costs 8 · D differences and squares twice. Scores 0 before 64 windows are learned and while the window is not
/// full. A missing channel is left out of the distances and its coordinates of the centre do not move. Behind a closed
/// gate nothing moves.
public struct ClusterDetector: Detector {
    /// Number of centres.
    static let clusters = 8
    private static let initialWindows: UInt64 = 64
    private static let horizon = 1_000.0
    private static let borrowedWeight = 20.0
    private static let smallestScale = 0.02
    private static let longestReview: UInt64 = 1_024
    private static let fewestVisits: UInt32 = 4

    private var window: DelayWindow
    /// `[8, D]`.
    private var centres: [Float]
    private var counts: [Double]
    private var visits: [UInt32]
    private var usual: [RunningDeviation]
    private var overall = RunningDeviation()
    private var parts: [Double]
    private var nearest = 0
    private var distance = 0.0
    private var centreCount = 0
    private var learned: UInt64 = 0
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// "k-means".
    public var name: String { "k-means" }
    /// Until the window is full and 64 are learned.
    public var minimumSamples: Int { window.lags - 1 + Int(Self.initialWindows) }

    /// Creates a detector without centres.
    public init(channelCount: Int) {
        window = DelayWindow(channelCount: channelCount, lags: max(1, 24 / channelCount))
        centres = Array(repeating: 0, count: window.width * Self.clusters)
        counts = Array(repeating: 0, count: Self.clusters)
        visits = Array(repeating: 0, count: Self.clusters)
        usual = Array(repeating: RunningDeviation(), count: Self.clusters)
        parts = Array(repeating: 0, count: channelCount)
    }

    /// Distance to the nearest centre over the usual distance there.
    public mutating func score(_ frame: Frame) -> Float {
        window.stage(frame)
        for channel in parts.indices { parts[channel] = 0 }
        guard window.isFull, learned >= Self.initialWindows, frame.presentCount > 0 else { return 0 }
        findNearest(frame)
        let scale = scale(of: nearest)
        attribute(frame, share: 1 / (Double(frame.presentCount * window.lags) * scale * scale))
        return Float(distance / scale)
    }

    /// Scores the window with some channels at their usual place in all of its samples but the newest.
    public mutating func rescore(_ frame: Frame, without isAside: [Bool]) -> Float {
        window.putAside(isAside)
        return score(frame)
    }

    private func scale(of cluster: Int) -> Double {
        let own = usual[cluster]
        let borrowed = Self.borrowedWeight * overall.mean
        return (own.weight * own.mean + borrowed) / (own.weight + Self.borrowedWeight) + Self.smallestScale
    }

    /// The nearest centre and its root mean square difference a number, over the channels that are there.
    private mutating func findNearest(_ frame: Frame) {
        var best = Float.infinity
        for cluster in 0..<centreCount {
            var square: Float = 0
            for lag in 0..<window.lags {
                let start = lag * window.channelCount
                for channel in 0..<window.channelCount where frame.isPresent[channel] {
                    let difference =
                        window.vector[start + channel] - centres[cluster * window.width + start + channel]
                    square += difference * difference
                }
            }
            if square < best {
                best = square
                nearest = cluster
            }
        }
        distance = (Double(best) / Double(frame.presentCount * window.lags)).squareRoot()
    }

    private mutating func attribute(_ frame: Frame, share: Double) {
        for lag in 0..<window.lags {
            let start = lag * window.channelCount
            for channel in 0..<window.channelCount where frame.isPresent[channel] {
                let difference = Double(
                    window.vector[start + channel] - centres[nearest * window.width + start + channel])
                parts[channel] += share * difference * difference
            }
        }
    }

    /// Moves the window on and, behind an open gate, the nearest centre towards it.
    public mutating func learn(_ frame: Frame, weight: Double) {
        window.stage(frame)
        samples += 1
        defer { window.commit() }
        guard weight > 0, window.isFull, frame.presentCount > 0 else { return }
        if centreCount < Self.clusters, learned % (Self.initialWindows / UInt64(Self.clusters)) == 0 {
            place(centreCount) { _, value in value }
            counts[centreCount] = 1
            centreCount += 1
        } else {
            findNearest(frame)
            usual[nearest].update(distance, gain: weight)
            overall.update(distance, gain: weight)
            visits[nearest] += 1
            moveNearest(frame, weight: weight)
        }
        learned += 1
        if learned >= 2 * Self.initialWindows, learned.nonzeroBitCount == 1 || learned % Self.longestReview == 0 {
            review()
        }
    }

    private mutating func moveNearest(_ frame: Frame, weight: Double) {
        counts[nearest] = min(counts[nearest] + weight, Self.horizon)
        let rate = Float(weight / (counts[nearest] + 1))
        for lag in 0..<window.lags {
            let start = lag * window.channelCount
            for channel in 0..<window.channelCount where frame.isPresent[channel] {
                let coordinate = nearest * window.width + start + channel
                centres[coordinate] += rate * (window.vector[start + channel] - centres[coordinate])
            }
        }
    }

    /// Puts a centre where `position` says, from what it was and the window's value.
    private mutating func place(_ cluster: Int, _ position: (Int, Float) -> Float) {
        for index in 0..<window.width {
            centres[cluster * window.width + index] = position(index, window.vector[index])
        }
    }

    /// Gives an idle centre to the most spread cluster.
    private mutating func review() {
        var idle = 0
        var spread = 0
        for cluster in 1..<Self.clusters {
            if visits[cluster] < visits[idle] { idle = cluster }
            if scatter(cluster) > scatter(spread) { spread = cluster }
        }
        if visits[idle] < Self.fewestVisits, idle != spread {
            for index in 0..<window.width {
                let other = centres[spread * window.width + index]
                centres[idle * window.width + index] = other + 0.5 * (window.vector[index] - other)
            }
            counts[idle] = 1
            usual[idle] = RunningDeviation()
        }
        for cluster in visits.indices { visits[cluster] = 0 }
    }

    private func scatter(_ cluster: Int) -> Double {
        Double(visits[cluster]) * usual[cluster].mean * usual[cluster].mean
    }

    /// Squared differences to the nearest centre over the squared usual distance; they add up to the square of the
    /// score.
    public func contributions(into parts: inout [Double]) {
        for channel in parts.indices { parts[channel] = self.parts[channel] }
    }

    /// Empties the window; the centres stay.
    public mutating func restart() { window.restart() }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        window.memoryBytes + centres.count * 4 + counts.count * 8 + visits.count * 4 + usual.count * 16
            + parts.count * 8
    }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(learned)
        writer.write(UInt32(centreCount))
        window.encode(to: &writer)
        writer.write(centres)
        writer.write(counts)
        writer.write(visits)
        usual.encode(to: &writer)
        overall.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        samples = try reader.readCount()
        learned = try reader.readCount()
        centreCount = Int(try reader.read(UInt32.self))
        window = try DelayWindow(from: &reader, channelCount: channelCount, lags: window.lags)
        centres = try reader.readFinite(count: centres.count, within: DelayWindow.limit)
        counts = try reader.readDoubles(count: counts.count)
        visits = try reader.readIntegers(UInt32.self)
        usual = try [RunningDeviation](from: &reader, count: Self.clusters)
        overall = try RunningDeviation(from: &reader)
        guard centreCount <= Self.clusters, visits.count == Self.clusters,
            visits.allSatisfy({ $0 <= Self.longestReview }), counts.allSatisfy({ $0 >= 0 && $0 <= Self.horizon }),
            centreCount > 0 || learned == 0, centreCount == Self.clusters || learned < Self.initialWindows
        else { throw .invalid("centres that do not belong together") }
    }
}
