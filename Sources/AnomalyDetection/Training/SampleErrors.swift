/// How far the forecaster was off on one sample before it was learned, beside doing without it; in scales.
///
/// Means over the channels that were there, each clipped at 10. NaN where there is nothing to learn from: behind a closed
/// gate, at a missed tick, and before anything was forecast.
struct SampleErrors: Equatable, Sendable {
    /// |z − forecast|.
    var forecast: Float = .nan
    /// |z − previous z|: the forecast "it stays as it is".
    var persistence: Float = .nan

    init() {}

    init(forecast: Float, persistence: Float) {
        self.forecast = forecast
        self.persistence = persistence
    }

    /// The means of what a sample added to a report.
    init(_ part: LearningReport) {
        guard part.forecastCount > 0 else { return }
        forecast = Float(part.forecastError / part.forecastCount)
        persistence = Float(part.persistenceError / part.forecastCount)
    }
}
