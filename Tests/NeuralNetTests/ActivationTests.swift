import CKernels
import Glibc
import Testing
import TimeSeries

@testable import NeuralNet

/// The kernels' own exponential, logistic function and tangent against libm in Double, and Adam against Adam in Double.
@Suite struct ActivationTests {
    private func activate(_ kernels: Kernels, _ kind: CInt, _ values: [Float]) -> [Float] {
        let x = Misaligned(values)
        let y = Misaligned(values)
        // Both hold `values.count` floats, a multiple of 16.
        unsafe kernels.table.pointee.activate(kind, values.count, x.base, y.base)
        return y.values
    }

    /// 24 576 arguments over −30 … 30.
    private let arguments: [Float] = (0..<24_576).map { Float($0) / 24_575 * 60 - 30 }

    /// The reduction x − n ln 2 has one constant for ln 2, off by 1.9 · 10⁻⁹ for each n = x / ln 2: 2.8 · 10⁻⁹ |x|. Unfused,
    /// the product n ln 2 is rounded as well: 2⁻²⁴ |x| at most. The rest is the polynomial: 2 · 10⁻⁷ with its last rounding,
    /// 2⁻²⁴ / √½ = 0.84 · 10⁻⁷, those before it, and the fit.
    @Test(arguments: Levels.names)
    func `exp is within 2e-7 of its value, and what its reduction of x leaves`(name: String) throws {
        let kernels = try #require(Kernels.named(name))
        let results = activate(kernels, 0, arguments)
        let slope = kernels.arithmeticClass == .fused ? 2.8e-9 : 2.8e-9 + 0x1p-24
        var worst = (share: 0.0, error: 0.0, x: Float(0))
        for (x, y) in zip(arguments, results) where x.magnitude <= 28 {
            let error = (Double(y) / exp(Double(x)) - 1).magnitude
            let share = error / (2e-7 + slope * Double(x.magnitude))
            if share > worst.share || share.isNaN { worst = (share, error, x) }
        }
        #expect(
            worst.share <= 1, "\(name): relative error \(worst.error) at \(worst.x), \(worst.share) of what is allowed")
    }

    @Test(arguments: Levels.names)
    func `sigmoid is within 1e-7 and tanh within 1.4e-7`(name: String) throws {
        let kernels = try #require(Kernels.named(name))
        let sigmoids = activate(kernels, 1, arguments)
        let tangents = activate(kernels, 2, arguments)
        var worst = (sigmoid: 0.0, sigmoidAt: Float(0), tanh: 0.0, tanhAt: Float(0))
        for (index, x) in arguments.enumerated() {
            let sigmoid = (Double(sigmoids[index]) - 1 / (1 + exp(-Double(x)))).magnitude
            let tangent = (Double(tangents[index]) - tanh(Double(x))).magnitude
            if sigmoid > worst.sigmoid || sigmoid.isNaN { (worst.sigmoid, worst.sigmoidAt) = (sigmoid, x) }
            if tangent > worst.tanh || tangent.isNaN { (worst.tanh, worst.tanhAt) = (tangent, x) }
        }
        #expect(worst.sigmoid <= 1e-7, "\(name): \(worst)")
        #expect(worst.tanh <= 1.4e-7, "\(name): \(worst)")
    }

    @Test(arguments: Levels.names)
    func `NaN passes through, and beyond 28 nothing changes any more`(name: String) throws {
        let kernels = try #require(Kernels.named(name))
        let values: [Float] = [
            .nan, 28, 28.5, 1e30, .infinity, -28, -28.5, -1e30, -.infinity, -.nan, 0, -0.0, 0, 0, 0, 0,
        ]
        for kind: CInt in 0...2 {
            let y = activate(kernels, kind, values)
            #expect(y[0].isNaN && y[9].isNaN, "\(name), kind \(kind): \(y)")
            #expect(y[2...4].allSatisfy { $0 == y[1] || kind == 2 && $0 == 1 }, "\(name), kind \(kind): \(y)")
            #expect(y[6...8].allSatisfy { $0 == y[5] || kind == 2 && $0 == -1 }, "\(name), kind \(kind): \(y)")
            #expect(y[1...8].allSatisfy { $0.isFinite }, "\(name), kind \(kind): \(y)")
            let middle: Float = kind == 0 ? 1 : kind == 1 ? 0.5 : 0
            #expect(
                (y[10] - middle).magnitude <= 1.2e-7 && y[10] == y[11], "\(name), kind \(kind): \(y[10]), not \(middle)"
            )
        }
    }

    /// Per step the parameter is rounded once (|p| ≤ 2: 2⁻²⁴ · 2). The update is at most lr · 4 in size: the gradients lie in
    /// 0.5 … 2, so that no mean is more than four times another's root mean square. Its relative error: at most four roundings
    /// a step in each moment, and eight for rate, root and quotient: (4 t + 8) 2⁻²⁴. Summed over ten steps.
    @Test(arguments: Levels.names)
    func `ten steps of Adam follow a hand-written Adam in Double`(name: String) throws {
        let kernels = try #require(Kernels.named(name))
        var random = SeededGenerator(seed: 5)
        let count = 32
        let configuration = AdamConfiguration(learningRate: 0.01, clipNorm: 1e9)
        var adam = Adam(parameterCount: count, configuration: configuration)
        adam.parameters.assign(random.floats(count))
        var p = adam.parameters.array(count: count).map(Double.init)
        var (m, v) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        let (beta1, beta2) = (Double(configuration.beta1), Double(configuration.beta2))
        var tolerance = 0.0
        for step in 1...10 {
            let gradient = (0..<count).map { _ in
                Float(0.5 + 1.5 * random.uniform()) * (random.uniform() < 0.5 ? -1 : 1)
            }
            adam.gradient.assign(gradient)
            let hasStepped = adam.step(kernels: kernels, loss: 1)
            #expect(hasStepped)
            for index in 0..<count {
                let g = Double(gradient[index])
                m[index] = beta1 * m[index] + (1 - beta1) * g
                v[index] = beta2 * v[index] + (1 - beta2) * g * g
                let mean = m[index] / (1 - pow(beta1, Double(step)))
                let square = v[index] / (1 - pow(beta2, Double(step)))
                p[index] -=
                    Double(configuration.learningRate) * mean / (square.squareRoot() + Double(configuration.epsilon))
            }
            tolerance += 0x1p-24 * (2 + 0.04 * (4 * Double(step) + 8))
            let distances = zip(adam.parameters.array(count: count), p).map { (Double($0) - $1).magnitude }
            let distance = distances.reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 }
            #expect(distance <= tolerance, "\(name), step \(step): \(distance) apart, \(tolerance) allowed")
        }
        let counts = [adam.steps, adam.skippedSteps]
        #expect(counts == [10, 0])
    }
}
