import Glibc

@testable import NeuralNet

/// The forecaster's forward pass in Double, out of the textbook's formulas.
struct ReferenceForecaster {
    let shape: ForecasterShape
    let sequenceLength: Int
    let burnIn: Int
    let batch: Int

    /// - Returns: outputs of the scored steps, `[T − burnIn, B, 2 d]`, log sigma not clamped.
    func outputs(_ p: [Double], inputs: [Float]) -> [Double] {
        let (I, H, d) = (shape.inputSize, shape.hiddenSize, shape.channels)
        var h = [Double](repeating: 0, count: batch * H)
        var c = h
        var result: [Double] = []
        for step in 0..<sequenceLength {
            for b in 0..<batch {
                let x = (0..<I).map { Double(inputs[(step * batch + b) * I + $0]) } + h[b * H..<(b + 1) * H]
                let before = Array(h[b * H..<(b + 1) * H])
                for u in 0..<H {
                    // Of the four sums the inputs' part and the state's, the bias with the part that every sum has.
                    var (ofInputs, ofState) = ([0.0, 0, 0, 0], [0.0, 0, 0, 0])
                    for k in 0..<(I + H) {
                        for sum in shape.sums(fedBy: k) {
                            let product = p[shape.panelIndex(sum: sum, unit: u, input: k)] * x[k]
                            if k < I { ofInputs[sum] += product } else { ofState[sum] += product }
                        }
                    }
                    let sums = (0..<4).map { ofInputs[$0] + ofState[$0] + p[shape.biasIndex(sum: $0, unit: u)] }
                    switch shape.cell {
                    case .lstm:
                        let next = logistic(sums[1]) * c[b * H + u] + logistic(sums[0]) * tanh(sums[2])
                        c[b * H + u] = next
                        h[b * H + u] = logistic(sums[3]) * tanh(next)
                    case .gru:
                        let candidate = tanh(sums[0] + logistic(sums[1]) * sums[3])
                        let update = logistic(sums[2])
                        h[b * H + u] = (1 - update) * candidate + update * before[u]
                    }
                }
                guard step >= burnIn else { continue }
                for n in 0..<(2 * d) {
                    var sum = p[shape.headBiasOffset + n]
                    for u in 0..<H { sum += p[shape.headOffset + u * shape.outputWidth + n] * h[b * H + u] }
                    result.append(sum)
                }
            }
        }
        return result
    }

    /// The documented gradient of the outputs, zero where a target is NaN: −w e and ½ (1 − w e²), shared among all numbers.
    func dOutputs(_ outputs: [Double], targets: [Float]) -> [Double] {
        let d = shape.channels
        var result = [Double](repeating: 0, count: outputs.count)
        let share = 1 / Double((sequenceLength - burnIn) * batch * d)
        for row in 0..<(outputs.count / (2 * d)) {
            for channel in 0..<d {
                let target = Double(targets[(burnIn * batch + row) * d + channel])
                guard !target.isNaN else { continue }
                let at = row * 2 * d + channel
                let slopes = StudentT.preconditioned(target, mean: outputs[at], logSigma: outputs[at + d])
                result[at] = slopes.mean * share
                result[at + d] = slopes.logSigma * share
            }
        }
        return result
    }

    private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

/// The Student-t model of the forecaster's head, ν = 4.
enum StudentT {
    /// Minus the log likelihood, but for a constant.
    static func loss(_ target: Double, mean: Double, logSigma: Double) -> Double {
        let e = (target - mean) * exp(-logSigma)
        return logSigma + 2.5 * log(1 + e * e / 4)
    }

    /// The documented slopes: of the mean times sigma, of log sigma times one half.
    static func preconditioned(_ target: Double, mean: Double, logSigma: Double) -> (mean: Double, logSigma: Double) {
        let e = (target - mean) * exp(-logSigma)
        let w = 5 / (4 + e * e)
        return (-w * e, 0.5 * (1 - w * e * e))
    }
}

/// The autoencoder's loss in Double.
struct ReferenceAutoencoder {
    let shape: AutoencoderShape
    let batch: Int

    /// Huber's loss with its corner at 2, times 4 / D, averaged over the batch.
    func loss(_ p: [Double], windows: [Float]) -> Double {
        let (first, second, third, fourth) = shape.layers
        var sum = 0.0
        for b in 0..<batch {
            let window = windows[b * shape.inputSize..<(b + 1) * shape.inputSize].map(Double.init)
            var values = window
            for layer in [first, second, third, fourth] {
                values = (0..<layer.outputs).map { n in
                    var y = p[layer.biases + n]
                    for k in 0..<layer.inputs { y += p[layer.weights + k * layer.width + n] * values[k] }
                    return layer.isSquashed ? tanh(y) : y
                }
            }
            for (y, x) in zip(values, window) {
                let e = (y - x).magnitude
                sum += e <= 2 ? e * e / 2 : 2 * e - 2
            }
        }
        return sum * 4 / Double(shape.inputSize * batch)
    }
}
