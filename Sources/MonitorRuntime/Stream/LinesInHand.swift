import AnomalyDetection
import Ingest

/// Lines of one round that the shards score, while the pipeline numbers the lines behind them and tells those before.
///
/// A shard takes its parts one after another, in the order of the input: each waits for the one before. So nothing that comes
/// of the lines depends on how many of them are in hand.
struct LinesInHand: Sendable {
    /// What becomes of the lines of a part.
    typealias Process = @Sendable (_ lines: [StreamSequencer.Step], _ part: Int) async -> [LineOutcome]

    private var parts: RoundParts
    /// By part; `nil` for one without a line.
    private let tasks: [Task<[LineOutcome], Never>?]

    /// Gives lines to the shards.
    ///
    /// - Parameter earlier: the lines given before, unless all of them are scored.
    init(_ parts: RoundParts, behind earlier: LinesInHand?, _ process: @escaping Process) {
        self.parts = parts
        tasks = parts.steps.enumerated().map { index, lines in
            let before = earlier?.tasks[index]
            guard !lines.isEmpty else { return before }
            return Task {
                _ = await before?.value
                return await process(lines, index)
            }
        }
    }

    /// What came of all lines, in the order of the input, once all are scored.
    func outcomes() async -> [LineOutcome] {
        var parts = parts
        for (index, task) in tasks.enumerated() where !parts.steps[index].isEmpty {
            parts.outcomes[index] = await task?.value ?? []
        }
        return parts.inOrder()
    }

    /// Waits until nobody scores them any more.
    func end() async { for task in tasks { _ = await task?.value } }
}
