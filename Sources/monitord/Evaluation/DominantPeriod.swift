/// The dominant period of a channel, in rows: how wide a buffer ``VolumeUnderSurface`` gives around its anomalies.
enum DominantPeriod {
    /// Where no period is found.
    static let standard = 125
    private static let mostRows = 20_000
    private static let mostLags = 400

    /// The lag from 6 to 303 at which the autocorrelation has its highest local maximum, else ``standard``; the rule of
    /// the TSB-AD benchmark (Liu and Paparrizos 2024, https://openreview.net/forum?id=R6kJtWsTGy), over the first 20,000
    /// rows.
    ///
    /// - Complexity: O(400 n).
    static func rows(_ values: [Double]) -> Int {
        let head = values.prefix(mostRows)
        guard head.count >= 8 else { return standard }
        let mean = head.reduce(0, +) / Double(head.count)
        let centred = head.map { $0 - mean }
        guard centred.contains(where: { $0 != 0 }) else { return standard }
        let lags = min(mostLags, centred.count - 1)
        let correlation = (0...lags).map { lag in
            var sum = 0.0
            for row in lag..<centred.count { sum += centred[row] * centred[row - lag] }
            return sum
        }
        guard correlation.count >= 6 else { return standard }
        var best: Int?
        for lag in 4..<(correlation.count - 1)
        where correlation[lag] > correlation[lag - 1] && correlation[lag] > correlation[lag + 1] {
            if best.map({ correlation[lag] > correlation[$0] }) ?? true { best = lag }
        }
        guard let best, (6...303).contains(best) else { return standard }
        return best
    }
}
