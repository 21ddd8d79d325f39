public import TimeSeries

/// A shape unlike those remembered: mean distance of the last samples to their 3 nearest among 256 remembered windows.
///
/// The distance of a delay window to its nearest neighbours, as in KNN-CAD (Burnaev and Ishimtsev 2016, "Conformalized
/// density- and distance-based anomaly detection in time-series data", arXiv 1608.04585), which asks nothing of the
/// data but that the usual comes again. We differ in that the distance is Euclidean on scaled values (root mean square
/// a number, so that it reads in scales), that the rank among past distances is left to the calibration, and that the
/// windows are a random sample of the past instead of the last ones: every 2nd window is kept until there are 256, then
/// every 4th takes the place of one drawn by hash of its number. A window so stays for 1,024 learned samples on
/// average, and an anomaly needs a dozen samples before it is its own neighbour.
///
/// Windows are max(1, ⌊24/d⌋) samples long, `D` = that times d numbers. State 4 · (256 · D + D + 256) + 8d bytes: 26 KB
/// up to 24 channels. A sample costs 256 · D subtractions, multiplications and additions, in loops that vectorise.
/// Scores 0 until 20 windows are kept and while the window is not full. A missing channel is left out of every distance
/// and keeps its last value in a window that is kept. Behind a closed gate nothing is kept.
public struct NeighbourDetector: Detector {
    /// Most windows kept.
    static let capacity = 256
    /// Neighbours that count.
    static let neighbours = 3
    private static let leastWindows = 20
    private static let firstStride: UInt64 = 2
    private static let laterStride: UInt64 = 4

    private let seed: UInt64
    private var window: DelayWindow
    /// `[D, capacity]`: a coordinate of all windows lies together, so that distances grow side by side.
    private var windows: [Float]
    private var distances: [Float]
    private var parts: [Double]
    private var kept = 0
    private var learned: UInt64 = 0
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// "neighbours".
    public var name: String { "neighbours" }
    /// Until the window is full and 20 are kept.
    public var minimumSamples: Int { window.lags - 1 + Self.leastWindows * Int(Self.firstStride) }

    /// Creates a detector that remembers nothing.
    ///
    /// - Parameter seed: decides which windows are replaced.
    public init(channelCount: Int, seed: UInt64) {
        self.seed = seed
        window = DelayWindow(channelCount: channelCount, lags: max(1, 24 / channelCount))
        windows = Array(repeating: 0, count: window.width * Self.capacity)
        distances = Array(repeating: 0, count: Self.capacity)
        parts = Array(repeating: 0, count: channelCount)
    }

    /// Mean root mean square difference to the three nearest windows, in scales.
    public mutating func score(_ frame: Frame) -> Float {
        window.stage(frame)
        for channel in parts.indices { parts[channel] = 0 }
        guard window.isFull, kept >= Self.leastWindows, frame.presentCount > 0 else { return 0 }
        measure(frame)
        let coordinates = Double(frame.presentCount * window.lags)
        var sum = 0.0
        for _ in 0..<Self.neighbours {
            let nearest = takeNearest()
            sum += (nearest.square / coordinates).squareRoot()
            attribute(nearest.slot, frame, share: 1 / (coordinates * Double(Self.neighbours)))
        }
        return Float(sum / Double(Self.neighbours))
    }

    /// Scores the window with some channels at their usual place in all of its samples but the newest.
    public mutating func rescore(_ frame: Frame, without isAside: [Bool]) -> Float {
        window.putAside(isAside)
        return score(frame)
    }

    /// Squared distances to all kept windows, over the channels that are there.
    private mutating func measure(_ frame: Frame) {
        for slot in 0..<Self.capacity { distances[slot] = 0 }
        for lag in 0..<window.lags {
            for channel in 0..<window.channelCount where frame.isPresent[channel] {
                let coordinate = lag * window.channelCount + channel
                VectorLoops.addSquaredDifferences(
                    &distances, windows, row: coordinate * Self.capacity, value: window.vector[coordinate])
            }
        }
    }

    /// The smallest distance; it will not be found again.
    private mutating func takeNearest() -> (slot: Int, square: Double) {
        var best = 0
        for slot in 1..<kept where distances[slot] < distances[best] { best = slot }
        defer { distances[best] = .infinity }
        return (best, Double(distances[best]))
    }

    private mutating func attribute(_ slot: Int, _ frame: Frame, share: Double) {
        for lag in 0..<window.lags {
            for channel in 0..<window.channelCount where frame.isPresent[channel] {
                let coordinate = lag * window.channelCount + channel
                let difference = Double(window.vector[coordinate] - windows[coordinate * Self.capacity + slot])
                parts[channel] += share * difference * difference
            }
        }
    }

    /// Moves the window on and, behind an open gate, keeps it now and then.
    public mutating func learn(_ frame: Frame, weight: Double) {
        window.stage(frame)
        samples += 1
        defer { window.commit() }
        guard weight > 0, window.isFull else { return }
        learned += 1
        guard learned % (kept < Self.capacity ? Self.firstStride : Self.laterStride) == 0 else { return }
        var slot = kept
        if kept < Self.capacity {
            kept += 1
        } else {
            slot = Int(splitMix(seed ^ splitMix(learned)) % UInt64(Self.capacity))
        }
        for coordinate in 0..<window.width { windows[coordinate * Self.capacity + slot] = window.vector[coordinate] }
    }

    /// Mean squares of the differences to the three nearest windows; they add up to the mean of the squared distances.
    public func contributions(into parts: inout [Double]) {
        for channel in parts.indices { parts[channel] = self.parts[channel] }
    }

    /// Empties the window; what is remembered stays.
    public mutating func restart() { window.restart() }

    /// Bytes that its arrays take.
    public var memoryBytes: Int {
        window.memoryBytes + windows.count * 4 + distances.count * 4 + parts.count * 8
    }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(seed)
        writer.write(learned)
        writer.write(UInt32(kept))
        window.encode(to: &writer)
        writer.write(windows)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let samples = try reader.readCount()
        self.init(channelCount: channelCount, seed: try reader.read())
        self.samples = samples
        learned = try reader.readCount()
        kept = Int(try reader.read(UInt32.self))
        guard kept <= Self.capacity else { throw .invalid("\(kept) windows of \(Self.capacity)") }
        window = try DelayWindow(from: &reader, channelCount: channelCount, lags: window.lags)
        windows = try reader.readFinite(count: windows.count, within: DelayWindow.limit)
    }
}
