import TimeSeries

/// log10(n + ½), which every rank asks for: looked up for as many scores as any calibrator remembers. 64 KB for all series.
enum RankLogarithm {
    private static let known = (0...DetectionRecipe.slowCalibrationLength).map(computed)

    static func of(_ count: Int) -> Double { count < known.count ? known[count] : computed(count) }

    private static func computed(_ count: Int) -> Double { Transcendental.log10(Double(count) + 0.5) }
}
