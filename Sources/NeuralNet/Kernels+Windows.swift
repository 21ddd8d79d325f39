import CKernels

/// Windows of rows, each call checked once at the door.
extension Kernels {
    /// Root mean square of each column of a window.
    ///
    /// - Parameters:
    ///   - window: `[rows, columns]`.
    ///   - result: `[columns]`, filled.
    public func rootMeanSquares(of window: Span<Float>, into result: inout [Float]) {
        let columns = result.count
        precondition(columns > 0 && window.count % columns == 0, "\(window.count) numbers in rows of \(columns)")
        unsafe window.withUnsafeBufferPointer { window in
            unsafe result.withUnsafeMutableBufferPointer { result in
                guard let base = window.baseAddress, let target = result.baseAddress else { return }
                // The window is whole rows of as many columns as there is room for.
                unsafe table.pointee.column_rms(window.count / columns, columns, base, target)
            }
        }
    }

    /// Copies rows of a ring one after another, the first numbers of each, within ±`limit`.
    ///
    /// - Parameters:
    ///   - ring: rows of `width` numbers, row n at n mod `capacity`; as many as there are so far.
    ///   - capacity: rows that the ring has when it is full, a power of two.
    ///   - first: number of the first row.
    ///   - columns: numbers to copy of each row.
    ///   - result: `[rows, columns]` of it are filled, from `place` on.
    public func gather(
        rows: Int, columns: Int, of ring: Span<Float>, width: Int, capacity: Int, from first: UInt64, limit: Float,
        into result: inout [Float], at place: Int
    ) {
        precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a ring of \(capacity) rows")
        let slot = Int(first & UInt64(capacity - 1))
        let end = slot + rows > capacity ? capacity : slot + rows
        precondition(rows > 0 && rows <= capacity && end * width <= ring.count, "\(rows) rows from \(slot) on")
        precondition(0 <= columns && columns <= width, "\(columns) columns of \(width)")
        precondition(place >= 0 && place + rows * columns <= result.count, "\(rows) rows at \(place)")
        unsafe ring.withUnsafeBufferPointer { ring in
            unsafe result.withUnsafeMutableBufferPointer { result in
                guard let base = ring.baseAddress, let target = result.baseAddress else { return }
                // The highest row read and the last number written were checked above.
                unsafe table.pointee.gather_clamped(rows, columns, base, capacity, slot, width, limit, target + place)
            }
        }
    }
}
