/// The inner loops of the geometry detectors, over numbers that lie side by side.
///
/// Each works on every element alone, so that the compiler may take several at once without changing a bit of the
/// result; a sum over the elements could not be reordered. Lengths are compared once at the door, which frees the loop
/// of bounds checks. `row` says where in a larger array the other operand begins; it is as long as the result.
enum VectorLoops {
    /// sums[i] += (values[row + i] − value)².
    static func addSquaredDifferences(_ sums: inout [Float], _ values: [Float], row: Int, value: Float) {
        let count = sums.count
        let others = values.span.extracting(row..<(row + count))
        var results = sums.mutableSpan
        for index in 0..<count {
            let difference = others[index] - value
            results[index] += difference * difference
        }
    }

    /// sums[i] += factor · values[row + i].
    static func addProducts(_ sums: inout [Float], _ values: [Float], row: Int, factor: Float) {
        let count = sums.count
        let others = values.span.extracting(row..<(row + count))
        var results = sums.mutableSpan
        for index in 0..<count { results[index] += factor * others[index] }
    }

    /// averages[row + i] += rate · (left · right[i] − averages[row + i]).
    static func averageProducts(_ averages: inout [Float], row: Int, left: Float, _ right: [Float], rate: Float) {
        let count = right.count
        let others = right.span
        precondition(row >= 0 && row <= averages.count - count, "row at \(row) of \(averages.count) averages")
        var results = averages.mutableSpan
        for index in 0..<count {
            results[row &+ index] += rate * (left * others[index] - results[row &+ index])
        }
    }

    /// products[i] += first · points[entering + i] − last · points[leaving + i].
    static func slideProducts(
        _ products: inout [Int32], _ points: [Int16], entering: Int, by first: Int32, leaving: Int, by last: Int32
    ) {
        let count = products.count
        let newer = points.span.extracting(entering..<(entering + count))
        let older = points.span.extracting(leaving..<(leaving + count))
        var results = products.mutableSpan
        for index in 0..<count {
            results[index] &+= first &* Int32(newer[index]) &- last &* Int32(older[index])
        }
    }
}
