/// The lines of a round by the shard that takes them, and what came of them, put together again in the order of the input.
struct RoundParts {
    /// Lines of each part, in order.
    private(set) var steps: [[StreamSequencer.Step]]
    /// What came of each part's lines, in their order: one for each line.
    var outcomes: [[LineOutcome]]
    /// The part of each line.
    private var order: [Int32] = []

    init(count: Int) {
        steps = Array(repeating: [], count: count)
        outcomes = Array(repeating: [], count: count)
    }

    mutating func append(_ step: StreamSequencer.Step, to part: Int) {
        steps[part].append(step)
        order.append(Int32(part))
    }

    /// The outcomes of all lines, in the order of the input.
    func inOrder() -> [LineOutcome] {
        var next = Array(repeating: 0, count: outcomes.count)
        var all: [LineOutcome] = []
        all.reserveCapacity(order.count)
        for part in order {
            all.append(outcomes[Int(part)][next[Int(part)]])
            next[Int(part)] += 1
        }
        return all
    }
}
