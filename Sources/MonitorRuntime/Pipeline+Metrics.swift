import Ingest
import TimeSeries

/// A stream of metrics (StatsD).
extension Pipeline {
    /// Puts the readings of a batch together, and scores the samples that are complete.
    func processMetrics(_ batch: RecordBatch, _ schema: StreamSchema) async throws {
        if metrics == nil {
            sequencer.declare(interval: flushInterval)
            metrics = restoredMetrics() ?? MetricGatherer(interval: flushInterval, writesTimes: observer != nil)
        }
        await meet(schema, of: batch)
        var done = 0
        while done < batch.rows.count {
            // What a line shows of the input is told between what came before it and what came after.
            var end = done
            var flaws: InputWatch.Change?
            while end < batch.rows.count, shown.isEmpty, flaws == nil {
                hearMetric(batch.rows[end], arrival: batch.arrival)
                flaws = watch.observe(isUsable: batch.rows[end].malformed == nil)
                end += 1
            }
            let changes = shown
            shown.removeAll(keepingCapacity: true)
            let last = changes.isEmpty ? end : end - 1
            try await gatherMetrics(batch, rows: done..<last)
            for change in changes {
                try await closeTick()
                try await tell(change, names: [])
            }
            try await gatherMetrics(batch, rows: last..<end)
            if let flaws { try await tell(flaws, at: metrics?.latest ?? lastTime) }
            done = end
        }
        reading.take(batch)
    }

    /// The source has spoken, in one of its intervals: within one, how often it does says nothing.
    private func hearMetric(_ row: RecordBatch.Row, arrival: Timestamp?) {
        guard let start = metrics?.start(of: row, arrival: arrival), start != heardBin else { return }
        heardBin = start
        silence.hear(at: start, into: &shown)
    }

    private func gatherMetrics(_ batch: RecordBatch, rows: Range<Int>) async throws {
        guard !rows.isEmpty, let gathered = metrics?.gather(batch, rows: rows), !gathered.rows.isEmpty else { return }
        try await score(gathered, isBehind: batch.isBehind)
    }

    private func restoredMetrics() -> MetricGatherer? {
        guard let bytes = stored?.metrics else { return nil }
        var reader = StateReader(bytes)
        do {
            return try MetricGatherer(interval: flushInterval, writesTimes: observer != nil, from: &reader)
        } catch {
            tell(state: "the metrics of \(name) cannot be gone on from: \(error); what they held begins anew")
            return nil
        }
    }
}
