import Persistence
import TimeSeries

/// Reads the samples of a series for who looks at it: what is in memory, and before it what is stored.
struct SampleReader: Sendable {
    /// A span of event time, ends included.
    struct Span: Sendable {
        var from = Timestamp(nanoseconds: .min)
        var to = Timestamp(nanoseconds: .max)

        func contains(_ time: Timestamp) -> Bool { from <= time && time <= to }
    }

    /// Pieces of the history that are looked at for one answer.
    private static let mostPieces = 400

    let streams: StreamTable
    let store: StateStore

    /// One series with its last samples in a span.
    ///
    /// - Parameters:
    ///   - most: samples; of more the latest.
    ///   - seconds: the monotonic clock.
    /// - Returns: `nil` when there is no such series.
    /// - Throws: `DatabaseError`; `CancellationError` when the task is cancelled.
    func view(of name: SeriesName, in span: Span, most: Int, at seconds: Double) async throws -> SeriesView? {
        guard var view = await streams.view(of: name, lookingAt: seconds) else { return nil }
        let begins = view.samples.first?.time
        view.samples = view.samples.filter { span.contains($0.time) }
        // What is in memory is the latest without a gap.
        let isWhole = view.samples.count >= most || begins.map { $0 <= span.from } ?? false
        if !isWhole {
            var byTime = try await stored([name.series], of: name.stream, in: span, most: most)[name.series] ?? [:]
            for sample in view.samples { byTime[sample.time.nanoseconds] = sample }
            view.samples = byTime.sorted { $0.key < $1.key }.map(\.value)
        }
        view.samples = Array(view.samples.suffix(most))
        return view
    }

    /// The last scores of some series, oldest first, for small pictures of them: what is at hand, which may be few.
    ///
    /// - Parameter most: scores of each.
    func lastScores(of names: [SeriesName], most: Int) async -> [SeriesName: [Float]] {
        var scores: [SeriesName: [Float]] = [:]
        for (stream, names) in Dictionary(grouping: names, by: \.stream) {
            // A picture that is short does no harm: the history is looked at once, and not where it cannot be read.
            let stored = try? await stored(Set(names.map(\.series)), of: stream, in: Span(), most: most, pieces: 1)
            for name in names {
                var byTime = stored?[name.series] ?? [:]
                let view = await streams.view(of: name, lookingAt: nil)
                for sample in view?.samples ?? [] { byTime[sample.time.nanoseconds] = sample }
                scores[name] = byTime.sorted { $0.key < $1.key }.suffix(most).compactMap(\.value.score)
            }
        }
        return scores
    }

    private func stored(
        _ series: Set<String>, of stream: String, in span: Span, most: Int, pieces: Int = mostPieces
    ) async throws -> [String: [Int64: HistorySample]] {
        var found: [String: [Int64: HistorySample]] = [:]
        var place: Int64?
        for _ in 0..<pieces {
            // Who has waited for too long gets no answer, and nothing more is read for it.
            try Task.checkCancellation()
            let piece = try await store.newestHistory(
                of: stream, series: series, from: span.from.nanoseconds, to: span.to.nanoseconds, below: place)
            for chunk in piece.chunks {
                for sample in (try? SeriesHistory.samples(of: chunk.bytes)) ?? [] where span.contains(sample.time) {
                    // The newest row came first, and of a sample that was stored twice the later counts.
                    if found[chunk.series, default: [:]][sample.time.nanoseconds] == nil {
                        found[chunk.series, default: [:]][sample.time.nanoseconds] = sample
                    }
                }
            }
            guard let next = piece.next, series.contains(where: { (found[$0]?.count ?? 0) < most }) else { break }
            place = next
        }
        return found
    }
}
