import Ingest
import TimeSeries

/// A stream of flow records.
extension Pipeline {
    /// Puts the records of a batch together, and scores the samples that are complete.
    func processFlows(_ batch: RecordBatch, _ schema: StreamSchema) async throws {
        if groups.isEmpty {
            sequencer.declare(interval: flowSettings.interval)
            await meetFlows(schema, of: batch)
        }
        var done = 0
        var place = batch
        while done < batch.rows.count {
            // What a line shows of the source is told between what came before it and what came after.
            var end = done
            var flaws: InputWatch.Change?
            while end < batch.rows.count, shown.isEmpty, flaws == nil {
                hear(batch.rows[end], of: batch)
                flaws = watch.observe(isUsable: batch.rows[end].malformed == nil)
                end += 1
            }
            let changes = shown
            shown.removeAll(keepingCapacity: true)
            let last = changes.isEmpty ? end : end - 1
            try await gather(batch, rows: done..<last, schema, into: &place)
            for change in changes {
                try await closeTick()
                try await tell(change, names: [])
            }
            if !changes.isEmpty { try await gather(batch, rows: last..<end, schema, into: &place) }
            if let flaws { try await tell(flaws, at: flows?.latest ?? batch.arrival ?? lastTime) }
            done = end
        }
        reading.take(place)
    }

    /// The source has spoken, in one of its bins: within one, how often it does says nothing.
    private func hear(_ row: RecordBatch.Row, of batch: RecordBatch) {
        guard row.malformed == nil, let time = row.time, let bin = flows?.binStart(of: time), bin != heardBin else {
            return
        }
        heardBin = bin
        silence.hear(at: bin, into: &shown)
    }

    private func gather(
        _ batch: RecordBatch, rows: Range<Int>, _ schema: StreamSchema, into place: inout RecordBatch
    ) async throws {
        var next = rows.lowerBound
        while next < rows.upperBound, let (gathered, stop) = flows?.gather(batch, from: next, to: rows.upperBound) {
            next = stop
            await meet(schema, of: gathered)
            if let flowCounts { flowNotices.look(at: flowCounts, stream: name) }
            if !gathered.rows.isEmpty { try await score(gathered, isBehind: batch.isBehind) }
            (place.seriesNames, place.seriesGroups, place.candidates) =
                (gathered.seriesNames, gathered.seriesGroups, gathered.candidates)
        }
    }

    /// What became of the records so far; `nil` of a stream of others.
    var flowCounts: FlowCounts? {
        flows.map {
            FlowCounts(
                records: $0.counts, series: $0.seriesCounts, candidates: $0.candidateCount, bins: $0.binCount)
        }
    }

    /// Makes the group, and goes on from what is stored.
    private func meetFlows(_ schema: StreamSchema, of batch: RecordBatch) async {
        flows = restoredFlows() ?? FlowGatherer(flowSettings, admission: admission, writesTimes: observer != nil)
        var first = batch
        // The series are the gatherer's, not the lines'.
        (first.seriesNames, first.seriesGroups) = ([], [])
        if let known = stored?.header.place.decoding {
            (first.seriesNames, first.seriesGroups) = (known.seriesNames, known.seriesGroups)
        }
        await meet(schema, of: first)
    }

    private func restoredFlows() -> FlowGatherer? {
        guard let bytes = stored?.flows else { return nil }
        var reader = StateReader(bytes)
        do {
            let restored = try FlowGatherer(
                flowSettings, admission: admission, writesTimes: observer != nil, from: &reader)
            flows = restored
            if let flowCounts { flowNotices.goOn(from: flowCounts) }
            return restored
        } catch {
            tell(state: "the flows of \(name) cannot be gone on from: \(error); learning begins anew")
            stored = nil
            return nil
        }
    }
}
