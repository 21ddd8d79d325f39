import Glibc

@testable import NeuralNet

/// The forecaster's forward pass in Double, out of the textbook's formulas.
struct ReferenceForecaster {
    let shape: ForecasterShape
    let sequenceLength: Int
    let burnIn: Int
    let batch: Int

    /// - Returns: outputs of the scored steps, `[T − burnIn, B, h, 2, d]`, log sigma not clamped.
    func outputs(_ p: [Double], inputs: [Float]) -> [Double] {
        let states = shape.cell == .cnn ? convolution(p, inputs: inputs) : recurrence(p, inputs: inputs)
        return states[burnIn...].joined().flatMap { h in
            (0..<shape.outputCount).map { n in
                var sum = p[shape.headBiasOffset + n]
                for u in h.indices { sum += p[shape.headOffset + u * shape.outputWidth + n] * h[u] }
                return sum
            }
        }
    }

    /// - Returns: what the layers leave for the head, `[T][B][H]`, each layer written as a sum over taps.
    private func convolution(_ p: [Double], inputs: [Float]) -> [[[Double]]] {
        let (I, H) = (shape.inputSize, shape.hiddenSize)
        var values = (0..<sequenceLength).map { step in
            (0..<batch).map { b in (0..<I).map { Double(inputs[(step * batch + b) * I + $0]) } }
        }
        var first = 0
        for layer in 0..<3 {
            let (spacing, width) = (1 << layer, values[0][0].count)
            let biases = first + 3 * width * H
            let below = values
            for step in 0..<sequenceLength {
                for b in 0..<batch {
                    values[step][b] = (0..<H).map { u in
                        var sum = p[biases + u]
                        for tap in 0..<3 where step - (2 - tap) * spacing >= 0 {
                            for k in 0..<width {
                                sum += p[first + (tap * width + k) * H + u] * below[step - (2 - tap) * spacing][b][k]
                            }
                        }
                        return tanh(sum) + (layer == 0 ? 0 : below[step][b][u])
                    }
                }
            }
            first = biases + H
        }
        return values
    }

    private func recurrence(_ p: [Double], inputs: [Float]) -> [[[Double]]] {
        let (I, H) = (shape.inputSize, shape.hiddenSize)
        var h = [Double](repeating: 0, count: batch * H)
        var c = h
        var result: [[[Double]]] = []
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
                    let sums = (0..<shape.cell.biases).map {
                        ofInputs[$0] + ofState[$0] + p[shape.biasIndex(sum: $0, unit: u)]
                    }
                    switch shape.cell {
                    case .lstm:
                        let next = logistic(sums[1]) * c[b * H + u] + logistic(sums[0]) * tanh(sums[2])
                        c[b * H + u] = next
                        h[b * H + u] = logistic(sums[3]) * tanh(next)
                    case .gru:
                        let candidate = tanh(sums[0] + logistic(sums[1]) * sums[3])
                        let update = logistic(sums[2])
                        h[b * H + u] = (1 - update) * candidate + update * before[u]
                    case .rnn, .cnn: h[b * H + u] = tanh(sums[0])
                    }
                }
            }
            result.append((0..<batch).map { Array(h[$0 * H..<($0 + 1) * H]) })
        }
        return result
    }

    /// The documented gradient of the outputs, zero where a target is NaN, shared among all numbers.
    func dOutputs(_ outputs: [Double], targets: [Float]) -> [Double] {
        let d = shape.channels
        var result = [Double](repeating: 0, count: outputs.count)
        let share = 1 / Double((sequenceLength - burnIn) * batch * d * shape.horizon)
        for row in 0..<(outputs.count / (2 * d)) {
            for channel in 0..<d {
                let target = Double(targets[burnIn * batch * shape.horizon * d + row * d + channel])
                guard !target.isNaN else { continue }
                let at = row * 2 * d + channel
                let slopes = ReferenceHead(head: shape.variant.head)
                    .preconditioned(target, location: outputs[at], logScale: outputs[at + d])
                result[at] = slopes.location * share
                result[at + d] = slopes.logScale * share
            }
        }
        return result
    }

    /// The mean loss of the scored targets.
    func loss(_ p: [Double], inputs: [Float], targets: [Float]) -> Double {
        let (d, values) = (shape.channels, outputs(p, inputs: inputs))
        let rows = values.count / (2 * d)
        let sum = (0..<rows * d).reduce(0.0) { sum, number in
            let at = number / d * 2 * d + number % d
            return sum
                + ReferenceHead(head: shape.variant.head).loss(
                    Double(targets[burnIn * batch * shape.horizon * d + number]), location: values[at],
                    logScale: values[at + d])
        }
        return sum / Double(rows * d)
    }

    private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

/// The losses of the forecaster's heads, out of their definitions.
struct ReferenceHead {
    let head: OutputHead

    /// The loss, but for a constant.
    func loss(_ target: Double, location: Double, logScale: Double) -> Double {
        locationLoss(target, location: location, logScale: logScale)
            + (head == .quantile ? scaleLoss(target, location: location, logScale: logScale) : 0)
    }

    /// The part whose slope the location gets: all of a likelihood, the median's of the pinball losses.
    func locationLoss(_ target: Double, location: Double, logScale: Double) -> Double {
        let e = (target - location) * exp(-logScale)
        switch head {
        case .student: return logScale + 2.5 * log(1 + e * e / 4)
        case .gaussian: return logScale + e * e / 2
        case .quantile: return pinball(target - location, 0.5)
        }
    }

    /// The part whose slope the scale gets.
    func scaleLoss(_ target: Double, location: Double, logScale: Double) -> Double {
        guard head == .quantile else { return loss(target, location: location, logScale: logScale) }
        return pinball((target - location).magnitude - exp(logScale), 0.8)
    }

    private func pinball(_ u: Double, _ level: Double) -> Double { max(level * u, (level - 1) * u) }

    /// The documented slopes: of a likelihood the location's times the scale and the logarithm's times one half, of the pinball
    /// losses the logarithm's over the scale.
    func preconditioned(
        _ target: Double, location: Double, logScale: Double
    ) -> (location: Double, logScale: Double) {
        let e = (target - location) * exp(-logScale)
        switch head {
        case .student:
            let w = 5 / (4 + e * e)
            return (-w * e, 0.5 * (1 - w * e * e))
        case .gaussian: return (-e, 0.5 * (1 - e * e))
        case .quantile: return (e > 0 ? -0.5 : 0.5, e.magnitude < 1 ? 0.2 : -0.8)
        }
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
