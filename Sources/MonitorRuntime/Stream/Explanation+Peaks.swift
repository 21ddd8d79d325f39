import AnomalyDetection
import TimeSeries

extension Explanation {
    /// Says what a sample's channels had to do with its exceeding the series' own peaks, where that is rarer than what the
    /// detectors say: it is what the sample is told for, under the name of the extent that says most.
    ///
    /// - Parameter evidence: `[extents + 1]`, as of ``OwnPeaks/evidence``.
    mutating func rest(on evidence: [Double], of extents: [Extent]) {
        let own = evidence.prefix(extents.count)
        let sum = own.reduce(0, +)
        guard sum > 0, let leading = own.indices.max(by: { own[$0] < own[$1] }), own[leading] >= evidence.last ?? 0
        else { return }
        for part in channels.indices {
            let channel = channels[part].channel
            let said = zip(extents, evidence).reduce(0) { $1.0.channel == channel ? $0 + $1.1 : $0 }
            channels[part].share = said / sum
            if said > 0 { channels[part].direction = extents[leading].isLow ? .low : .high }
        }
        // Stable: those without a share stay in the order they had.
        let order = channels.indices.sorted { (-channels[$0].share, $0) < (-channels[$1].share, $1) }
        channels = order.map { channels[$0] }
        detectors = [Vote(name: extents[leading].name, score: own[leading], weight: 1)]
    }
}
