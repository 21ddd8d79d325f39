import AnomalyDetection
import Ingest

/// How the lines of a round go to the shards of several cores, and what comes of them back into the order of the input.
extension Pipeline {
    /// Fewest lines of a round that are worth waking another core for.
    private static let fewestShared = 64
    /// Lines that shards of several cores get at once: while they have them, the next are numbered and those before are told.
    static let linesInHand = 256

    /// Whether several shards have the samples of a group.
    var isShared: Bool { shardCount > 1 && places.count > 1 }

    /// Gives lines to the shards and tells what came of those before.
    func begin(
        _ steps: inout [StreamSequencer.Step], of batch: RecordBatch, behind inHand: inout LinesInHand?
    ) async throws {
        let earlier = inHand
        let begun = LinesInHand(parts(of: steps), behind: earlier, processing(batch))
        inHand = begun
        steps.removeAll(keepingCapacity: true)
        guard let earlier else { return }
        do { try await tell(await earlier.outcomes(), of: batch) } catch {
            await begun.end()
            throw error
        }
    }

    /// Scores and tells all that is left of a round's or batch's lines.
    func score(
        _ steps: inout [StreamSequencer.Step], of batch: RecordBatch, behind inHand: inout LinesInHand?
    ) async throws {
        if inHand != nil {
            try await begin(&steps, of: batch, behind: &inHand)
            if let last = inHand.take() { try await tell(await last.outcomes(), of: batch) }
        } else if !steps.isEmpty {
            try await tell(await outcomes(of: steps, in: batch), of: batch)
            steps.removeAll(keepingCapacity: true)
        }
    }

    /// Scores lines of one round; each shard its own series, all at once.
    private func outcomes(of steps: [StreamSequencer.Step], in batch: RecordBatch) async -> [LineOutcome] {
        if groups.count == 1, !isShared {
            return await groups[0].shards[0].process(
                steps, of: batch, places: places, models: groups[0].models, tails: groups[0].tails,
                feedback: groups[0].activeFeedback)
        }
        var parts = parts(of: steps)
        let process = processing(batch)
        guard isShared, steps.count >= Self.fewestShared else {
            for (index, part) in parts.steps.enumerated() where !part.isEmpty {
                parts.outcomes[index] = await process(part, index)
            }
            return parts.inOrder()
        }
        return await LinesInHand(parts, behind: nil, process).outcomes()
    }

    /// Lines by the shard that has their series.
    private func parts(of steps: [StreamSequencer.Step]) -> RoundParts {
        var parts = RoundParts(count: groups.count * shardCount)
        for step in steps {
            // A line that belongs to no series goes with the first shard of the first group.
            let place = places.indices.contains(step.series) ? places[step.series] : SeriesPlace(group: 0, member: 0)
            parts.append(step, to: place.group * shardCount + place.member % shardCount)
        }
        return parts
    }

    /// How the shards score lines of this batch, with what this round is scored with.
    private func processing(_ batch: RecordBatch) -> LinesInHand.Process {
        { [groups, places, shardCount] lines, part in
            let group = groups[part / shardCount]
            return await group.shards[part % shardCount].process(
                lines, of: batch, places: places, models: group.models, tails: group.tails,
                feedback: group.activeFeedback)
        }
    }
}
