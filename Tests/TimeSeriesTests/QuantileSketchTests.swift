import TestSupport
import Testing
import TimeSeries

@Suite struct QuantileSketchTests {
    /// A distribution to draw from.
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Most error of a quartile, in distances of the quartiles: a little above what was measured.
        let tolerance: Double
        let draw: @Sendable (inout SeededGenerator) -> Double
    }

    static let shapes = [
        Shape(testDescription: "normal", tolerance: 0.03) { 1_000 + 0.01 * normal(&$0) },
        Shape(testDescription: "uniform", tolerance: 0.03) { -5 + 10 * $0.uniform() },
        Shape(testDescription: "very skewed", tolerance: 0.0625) { Transcendental.exp(1.5 * normal(&$0)) },
        Shape(testDescription: "heavy tails", tolerance: 0.03) { normal(&$0) / ($0.uniform() + 0.001) },
        Shape(testDescription: "two hills", tolerance: 0.125) { normal(&$0) + ($0.uniform() < 0.4 ? 0 : 30) },
        Shape(testDescription: "whole numbers", tolerance: 0.125) { (3 * normal(&$0)).rounded() },
    ]

    /// The quartiles of all numbers, each weighed e^(1/2,000) times as much as the one before it.
    private func exact(_ numbers: [Double]) -> (lower: Double, median: Double, upper: Double) {
        // What came 20,000 numbers ago weighs a 20,000th.
        let recent = Array(numbers.suffix(20_000))
        let weighed = recent.indices.map { index in
            (recent[index], Transcendental.exp(Double(index - recent.count) / 2_000))
        }.sorted { $0.0 < $1.0 }
        let total = weighed.reduce(0) { $0 + $1.1 }
        var sum = 0.0
        var found: [Double] = []
        for (number, weight) in weighed {
            sum += weight
            while found.count < 3, sum >= [0.25, 0.5, 0.75][found.count] * total { found.append(number) }
        }
        return (found[0], found[1], found[2])
    }

    @Test(arguments: shapes)
    func `the quartiles are within the stated error of exact ones`(shape: Shape) {
        var sketch = QuantileSketch()
        var generator = SeededGenerator(seed: 31)
        var numbers: [Double] = []
        var worst = 0.0
        for step in 1...12_000 {
            numbers.append(shape.draw(&generator))
            sketch.learn(numbers[step - 1])
            guard step % 1_000 == 0 else { continue }
            let due = exact(numbers)
            for error in [
                sketch.lowerQuartile - due.lower, sketch.median - due.median, sketch.upperQuartile - due.upper,
            ] {
                worst = max(worst, error.magnitude / (due.upper - due.lower))
            }
        }
        #expect(worst < shape.tolerance, "\(worst) of the distance of the quartiles")
        let due = exact(numbers)
        #expect(sketch.width <= (due.upper - due.lower) / 7)
    }

    @Test func `follows a level that jumps and a scatter that grows and shrinks`() {
        var sketch = QuantileSketch()
        var generator = SeededGenerator(seed: 32)
        var numbers: [Double] = []
        for (level, scatter) in [(0.0, 1.0), (5_000, 1), (5_000, 300), (5_000, 0.1), (-2e6, 40)] {
            for _ in 0..<14_000 {
                numbers.append(level + scatter * normal(&generator))
                sketch.learn(numbers[numbers.count - 1])
            }
            let due = exact(numbers)
            let limit = 0.05 * (due.upper - due.lower)
            #expect((sketch.lowerQuartile - due.lower).magnitude < limit, "\(level), \(scatter)")
            #expect((sketch.upperQuartile - due.upper).magnitude < limit, "\(level), \(scatter)")
        }
    }

    @Test func `a fifth of wild numbers on each side costs nothing either`() {
        var sketch = QuantileSketch()
        var generator = SeededGenerator(seed: 36)
        for step in 0..<6_000 {
            sketch.learn(step % 5 == 0 ? 1e80 : step % 5 == 1 ? -1e30 : normal(&generator))
        }
        // Of the normal ones the quartiles are then 1/12 and 11/12: ±1.383.
        #expect((sketch.lowerQuartile + 1.383).magnitude < 0.2, "\(sketch.lowerQuartile)")
        #expect((sketch.upperQuartile - 1.383).magnitude < 0.2, "\(sketch.upperQuartile)")
    }

    @Test func `a wild number costs nothing, a wild first one little`() {
        var sketch = QuantileSketch()
        sketch.learn(1e9)
        var generator = SeededGenerator(seed: 33)
        for step in 0..<6_000 { sketch.learn(step % 100 == 7 ? 1e80 : normal(&generator)) }
        // Quartiles of a normal distribution are at ±0.674; a standard error of 2,000 numbers is 0.03.
        #expect((sketch.lowerQuartile + 0.674).magnitude < 0.15, "\(sketch.lowerQuartile)")
        #expect((sketch.upperQuartile - 0.674).magnitude < 0.15, "\(sketch.upperQuartile)")
    }

    @Test func `a constant has its value for every quartile`() {
        var sketch = QuantileSketch()
        for _ in 0..<5_000 { sketch.learn(20.1) }
        for quartile in [sketch.lowerQuartile, sketch.median, sketch.upperQuartile] {
            #expect((quartile - 20.1).magnitude <= sketch.width)
        }
        #expect(sketch.width < 1e-5)
    }

    @Test func `quantiles rise with their share, and NaN is left out`() {
        var sketch = QuantileSketch()
        #expect(sketch.quantile(0.5) == 0)
        sketch.learn(.nan)
        #expect(sketch.count == 0)
        var generator = SeededGenerator(seed: 34)
        for _ in 0..<3_000 { sketch.learn(normal(&generator)) }
        let found = (0...20).map { sketch.quantile(Double($0) / 20) }
        #expect(zip(found, found.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func `goes on from its bytes and refuses damaged ones`() throws {
        var sketch = QuantileSketch()
        var generator = SeededGenerator(seed: 35)
        for _ in 0..<3_000 { sketch.learn(normal(&generator)) }
        var writer = StateWriter()
        sketch.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var copy = try QuantileSketch(from: &reader)
        #expect(copy == sketch)
        for _ in 0..<40_000 {
            let number = 3 + 2 * normal(&generator)
            sketch.learn(number)
            copy.learn(number)
        }
        #expect(copy == sketch)
        for byte in stride(from: 0, to: writer.bytes.count, by: 3) {
            var damaged = writer.bytes
            damaged[byte] ^= 0xff
            var reader = StateReader(damaged)
            guard var survivor = try? QuantileSketch(from: &reader) else { continue }
            for _ in 0..<200 { survivor.learn(normal(&generator)) }
            #expect(survivor.upperQuartile.isFinite)
        }
    }
}
