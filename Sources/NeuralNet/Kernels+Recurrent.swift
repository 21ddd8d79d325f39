import CKernels

/// The recurrent kernels over one flat memory of a network, checked at the door as those of ``Kernels`` for layers are.
extension Kernels {
    /// One LSTM step of `used` sequences.
    ///
    /// - Parameters:
    ///   - rows: `[used][I + H]`, inputs and the state before the step.
    ///   - next: the rows whose state is written.
    ///   - cells: `[2 · used][H]`: cell states before the step, then those after it.
    ///   - gates: `[used][4 H]`, kept for the way back; `nil` when nobody goes back.
    ///   - squashed: `[used][H]`, tanh of the new cell states, likewise.
    func step(
        _ layer: LSTMAutoencoder.Recurrent, of parameters: Span<Float>, used: Int, rows: Rows, next: Rows, cells: Rows,
        gates: Int?, squashed: Int, in memory: inout [Float]
    ) {
        let size = layer.size
        precondition(layer.panels >= 0 && layer.end <= parameters.count, "\(layer) of \(parameters.count) parameters")
        let kept = max(squashed + used * size, (gates ?? 0) + (gates == nil ? 0 : 4 * used * size))
        let end = max(
            max(rows.at(used - 1, layer.width), next.at(used - 1, layer.width)), max(cells.at(2 * used - 1, size), kept)
        )
        precondition(end <= memory.count, "a step of \(used) sequences that ends at \(end) of \(memory.count)")
        unsafe parameters.withUnsafeBufferPointer { parameters in
            unsafe memory.withUnsafeMutableBufferPointer { memory in
                guard let weights = parameters.baseAddress, let base = memory.baseAddress else { return }
                // All ends were checked above; with no inputs the first pointer is not read.
                unsafe table.pointee.lstm_step(
                    used, layer.inputs, size, weights + layer.panels, weights + layer.biases, base + rows.start,
                    rows.stride, base + rows.start + layer.inputs, rows.stride, base + cells.start,
                    base + cells.at(used), base + next.start + layer.inputs, next.stride,
                    gates.map { unsafe base + $0 },
                    gates == nil ? nil : base + squashed)
            }
        }
    }

    /// Back through the gates of one step: from `dState` `[used][H]` and `dCell` (of the new cell states, then of the old)
    /// to `dGates` `[used][4 H]`.
    func backStep(
        _ layer: LSTMAutoencoder.Recurrent, used: Int, gates: Int, squashed: Int, cells: Int, dState: Int, dCell: Int,
        dGates: Int, in memory: inout [Float]
    ) {
        let count = used * layer.size
        let end = max(max(gates, dGates) + 4 * count, max(max(squashed, cells), max(dState, dCell)) + count)
        precondition(end <= memory.count, "a step back that ends at \(end) of \(memory.count)")
        unsafe memory.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            // As above.
            unsafe table.pointee.lstm_gates_backward(
                used, layer.size, base + gates, base + squashed, base + cells, base + dState, base + dCell,
                base + dGates)
        }
    }

    /// Adds the sum of `count` rows to a run of the gradient.
    func addRows(
        _ rows: Rows, count: Int, width: Int, in memory: borrowing [Float], to place: Int,
        of gradient: inout MutableSpan<Float>
    ) {
        precondition(place >= 0 && place + width <= gradient.count, "\(width) numbers at \(place) of the gradient")
        precondition(rows.start >= 0 && rows.at(count - 1, width) <= memory.count, "\(count) rows at \(rows)")
        unsafe gradient.withUnsafeMutableBufferPointer { gradient in
            unsafe memory.withUnsafeBufferPointer { memory in
                guard let result = gradient.baseAddress, let base = memory.baseAddress else { return }
                // As above.
                unsafe table.pointee.add_rows(count, width, base + rows.start, rows.stride, result + place)
            }
        }
    }
}
