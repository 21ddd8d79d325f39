import Testing
import TimeSeries

/// A named run of parameters.
struct Block {
    var name: String
    var range: Range<Int>
}

/// Compares every `stride`-th parameter of each block, and the slope along random directions through all of it.
func checkGradient(
    _ gradient: [Float], at parameters: [Float], blocks: [Block], chain: Int, stride: Int, place: String,
    of function: ([Double]) -> Double
) {
    let h = 1e-5
    let base = parameters.map(Double.init)
    var random = SeededGenerator(seed: 21)
    for block in blocks {
        let largest = Double(block.range.map { gradient[$0].magnitude }.max() ?? 0)
        #expect(largest > 1e-4, "\(place), \(block.name): all gradients are tiny")
        let tolerance = Double(chain) * 0x1p-24 * largest
        var worst = (distance: -1.0, index: 0, expected: 0.0)
        for index in Swift.stride(from: block.range.lowerBound, to: block.range.upperBound, by: stride) {
            var moved = base
            moved[index] += h
            let above = function(moved)
            moved[index] -= 2 * h
            let expected = (above - function(moved)) / (2 * h)
            let distance = (Double(gradient[index]) - expected).magnitude
            if distance > worst.distance || distance.isNaN { worst = (distance, index, expected) }
        }
        let found = gradient[worst.index]
        #expect(
            worst.distance <= tolerance,
            "\(place), \(block.name)[\(worst.index)]: \(found), not \(worst.expected): \(worst.distance) > \(tolerance)"
        )

        // Along a direction of signs the errors add up as a random walk, at most six deviations long; the larger step
        // that the sum would allow is not taken.
        var (up, down, slope) = (base, base, 0.0)
        for index in block.range {
            let sign = random.next() & 1 == 0 ? 1.0 : -1.0
            up[index] += sign * h
            down[index] -= sign * h
            slope += sign * Double(gradient[index])
        }
        let expected = (function(up) - function(down)) / (2 * h)
        let allowed = tolerance * 6 * Double(block.range.count).squareRoot()
        #expect(
            (slope - expected).magnitude <= allowed,
            "\(place), along \(block.name): \(slope), not \(expected), \(allowed) allowed")
    }
}
