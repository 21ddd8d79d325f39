import TimeSeries

/// A threshold that spends an alarm budget, and the scale on which evidence becomes a score.
///
/// Peaks over threshold (Pickands 1975; Siffer et al. 2017, SPOT) on **block maxima**: evidence is dependent from sample
/// to sample, its maxima over 120 samples much less so. The last 400 maxima give u, their 70 % quantile, and β, their
/// mean excess over it, both drawn towards a prior that holds until there is data:
///
///     u* = (u·n + u₀·m) / (n + m)        β* = (Σ excess + m·β₀) / (k + m)
///
/// A block exceeds τ = u* + β* ln(0.3 / p) with probability p; for a rate r per sample p = 120 r. Excesses are cut at
/// twice their 90 % quantile, so that past anomalies do not lift the threshold. Exponential tail, as in
/// ``TailCalibrator``. Memory 6.4 KB when full; fitted once a block, in time linear in the blocks.
struct BlockMaximaThreshold: Sendable, Equatable {
    /// What is believed before there is data.
    struct Prior: Sendable, Equatable {
        /// u before the first blocks.
        var level: Double
        /// β before the first blocks.
        var scale: Double
        /// How many blocks the prior is worth.
        var blocks: Double
    }

    /// Samples in a block.
    static let blockLength = 120
    /// Blocks remembered.
    static let rememberedBlocks = 400
    /// Where the excesses begin.
    static let quantile = 0.7
    /// Blocks before the data has a say.
    static let fewestBlocks = 4

    let prior: Prior
    /// u*, the level that 30 % of the blocks exceed.
    private(set) var level: Double
    /// β*, the mean excess above it.
    private(set) var scale: Double
    private var maxima: [Double] = []
    private var sorted: [Double] = []
    private var oldest = 0
    private var current = 0.0
    private var currentCount = 0

    init(prior: Prior) {
        self.prior = prior
        level = prior.level
        scale = prior.scale
    }

    /// Takes a sample's evidence, 0 or more; a full block renews the fit.
    mutating func push(_ evidence: Double) {
        current = max(current, evidence)
        currentCount += 1
        guard currentCount == Self.blockLength else { return }
        remember(current)
        current = 0
        currentCount = 0
        fit()
    }

    private mutating func remember(_ maximum: Double) {
        if maxima.count < Self.rememberedBlocks {
            maxima.append(maximum)
        } else {
            sorted.remove(at: position(of: maxima[oldest]))
            maxima[oldest] = maximum
            oldest = oldest + 1 == Self.rememberedBlocks ? 0 : oldest + 1
        }
        sorted.insert(maximum, at: position(of: maximum))
    }

    /// First place in `sorted` that does not hold less.
    private func position(of value: Double) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func fit() {
        guard sorted.count >= Self.fewestBlocks else { return }
        let start = quantile(Self.quantile, from: 0)
        var first = position(of: start)
        while first < sorted.count, sorted[first] <= start { first += 1 }
        let excesses = sorted.count - first
        var limit = Double.infinity
        if excesses > 4 { limit = 2 * (quantile(0.9, from: first) - start) + 1e-9 }
        var sum = 0.0
        for index in first..<max(first, sorted.count) { sum += min(sorted[index] - start, limit) }
        scale = (sum + prior.blocks * prior.scale) / (Double(excesses) + prior.blocks)
        let count = Double(sorted.count)
        level = (start * count + prior.level * prior.blocks) / (count + prior.blocks)
    }

    /// Quantile of the sorted maxima from a place on, by linear interpolation between the two neighbours.
    private func quantile(_ share: Double, from first: Int) -> Double {
        let position = share * Double(sorted.count - first - 1)
        let index = first + Int(position)
        guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[index] + (position - position.rounded(.down)) * (sorted[index + 1] - sorted[index])
    }

    /// The evidence that a normal sample exceeds at this rate per sample.
    func threshold(rate: Double) -> Double {
        let share = min(0.5, rate * Double(Self.blockLength))
        return level + scale * max(0, Transcendental.log((1 - Self.quantile) / max(share, 1e-300)))
    }

    /// −log10 of the rate per sample at which normal samples exceed this evidence.
    ///
    /// Above u* it is the inverse of ``threshold(rate:)``; below, a straight line from 0, so that it stays monotone.
    func score(_ evidence: Double) -> Double {
        // −log10((1 − 0.7) / 120): the rate at u*.
        let atLevel = 2.6020599913279625
        guard evidence >= level else { return evidence / level * atLevel }
        return atLevel + (evidence - level) / scale * 0.4342944819032518
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int { (maxima.capacity + sorted.capacity) * 8 }

    /// Writes the maxima; the fit follows from them.
    func encode(to writer: inout StateWriter) {
        writer.write(maxima)
        writer.write(UInt32(oldest))
        writer.write(current)
        writer.write(UInt32(currentCount))
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, prior: Prior) throws(StateCodingError) {
        self.init(prior: prior)
        maxima = try reader.readDoubles()
        oldest = Int(try reader.read(UInt32.self))
        current = try reader.readDouble()
        currentCount = Int(try reader.read(UInt32.self))
        guard maxima.count <= Self.rememberedBlocks, oldest < max(1, maxima.count), currentCount < Self.blockLength,
            maxima.allSatisfy({ $0 >= 0 })
        else { throw .invalid("\(maxima.count) block maxima from \(oldest) on, \(currentCount) samples in the last") }
        sorted = maxima.sorted()
        fit()
    }
}
