import NeuralNet

/// What a group's networks learn from in one step: sequences for the forecaster, windows for the autoencoder.
///
/// Made once and filled again from the replay memory.
struct Minibatch {
    private let channelCount: Int
    private let windowLength: Int
    private let kernels: Kernels
    /// `[T, B, 2d + 2]`: half the z within ±6, half its change, sine and cosine of the day.
    private(set) var inputs: [Float]
    /// `[T, B, h, d]`: the change to 1 … h samples later; NaN where it is not known.
    private(set) var targets: [Float]
    /// `[windows, W, d]`: z within ±6.
    private(set) var windows: [Float]

    init(channelCount: Int, horizon: Int, kernels: Kernels) {
        self.channelCount = channelCount
        self.kernels = kernels
        windowLength = DetectionRecipe.windowLength(channelCount: channelCount)
        let steps = GroupTrainer.sequenceLength * GroupTrainer.sequences
        inputs = Array(repeating: 0, count: steps * NetworkShapes.inputSize(channelCount: channelCount))
        targets = Array(repeating: 0, count: steps * horizon * channelCount)
        windows = Array(repeating: 0, count: GroupTrainer.windows * windowLength * channelCount)
    }

    /// Fills a sequence with the rows of a series from a number on.
    mutating func loadSequence(
        of ring: ReplayMemory.Ring, in memory: borrowing ReplayMemory, from start: UInt64, slot: Int
    ) {
        let rows = ring.rows.span
        Self.fill(&inputs, rows, of: memory, from: start, slot: slot, channelCount: channelCount)
        Self.fill(targets: &targets, rows, of: memory, from: start, slot: slot, channelCount: channelCount)
    }

    private static func fill(
        _ inputs: inout [Float], _ rows: Span<Float>, of memory: borrowing ReplayMemory, from start: UInt64, slot: Int,
        channelCount: Int
    ) {
        let width = memory.width
        var inputs = inputs.mutableSpan
        for step in 0..<GroupTrainer.sequenceLength {
            let row = memory.offset(of: start + UInt64(step))
            let input = (step * GroupTrainer.sequences + slot) * width
            for index in 0..<channelCount {
                let value = rows[row + index]
                let change = rows[row + channelCount + index]
                inputs[input + index] = 0.5 * max(-6, min(6, value))
                inputs[input + channelCount + index] = change == change ? 0.5 * change : 0
            }
            inputs[input + 2 * channelCount] = rows[row + 2 * channelCount]
            inputs[input + 2 * channelCount + 1] = rows[row + 2 * channelCount + 1]
        }
    }

    private static func fill(
        targets: inout [Float], _ rows: Span<Float>, of memory: borrowing ReplayMemory, from start: UInt64, slot: Int,
        channelCount: Int
    ) {
        let horizon = targets.count / (GroupTrainer.sequenceLength * GroupTrainer.sequences * channelCount)
        var targets = targets.mutableSpan
        for step in 0..<GroupTrainer.sequenceLength {
            let row = memory.offset(of: start + UInt64(step))
            for lead in 0..<horizon {
                let next = memory.offset(of: start + UInt64(step + lead + 1))
                let target = ((step * GroupTrainer.sequences + slot) * horizon + lead) * channelCount
                for index in 0..<channelCount {
                    // A channel without a change in its row was missing there: nothing to learn from.
                    let isKnown = rows[next + channelCount + index] == rows[next + channelCount + index]
                    targets[target + index] = isKnown ? rows[next + index] - rows[row + index] : .nan
                }
            }
        }
    }

    /// Fills a window with the rows of a series from a number on.
    mutating func loadWindow(
        of ring: ReplayMemory.Ring, in memory: borrowing ReplayMemory, from start: UInt64, slot: Int
    ) {
        kernels.gather(
            rows: windowLength, columns: channelCount, of: ring.rows.span, width: memory.width,
            capacity: memory.capacity, from: start, limit: 6, into: &windows,
            at: slot * windowLength * channelCount)
    }
}
