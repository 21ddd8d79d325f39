import Glibc

@testable import NeuralNet

/// The autoencoders' forward passes and losses in Double, out of their papers' formulas.
struct ReferenceReconstruction {
    let shape: AutoencoderShape
    let p: [Double]

    /// What is made of a window: one Double for each Float of ``Reconstruction``.
    struct Result {
        var rebuilt: [Double]
        var error: [Double]
        var latent: [Double]
    }

    func result(_ x: [Double]) -> Result {
        switch shape.architecture {
        case .dense, .convolutional, .lstm:
            let (rebuilt, latent) = rebuild(x)
            return Result(rebuilt: rebuilt, error: zip(x, rebuilt).map { $0 - $1 }, latent: latent)
        case .variational:
            let layout = VariationalAutoencoder.Layout(shape)
            let mean = Array(layer(layout.statistics, layer(layout.encoder, x)).prefix(shape.latentSize))
            let output = layer(layout.output, layer(layout.decoder, mean))
            let error = x.indices.map { index in
                let logSigma = clamp(output[x.count + index], -2, 2)
                let e = (x[index] - output[index]) / exp(logSigma)
                // Minus twice the log density of a Gaussian, above that of the narrowest at its middle.
                let size = (e * e + 2 * (logSigma + 2)).squareRoot()
                return e < 0 ? -size : size
            }
            return Result(rebuilt: Array(output.prefix(x.count)), error: error, latent: mean)
        case .adversarial:
            let layout = AdversarialAutoencoder.Layout(shape)
            let latent = layer(layout.narrow, layer(layout.encoder, x))
            let first = decode(layout.decoders.0, latent)
            let both = decode(layout.decoders.1, layer(layout.narrow, layer(layout.encoder, first)))
            let error = x.indices.map { index in
                let (a, b) = (x[index] - first[index], x[index] - both[index])
                return (a < 0 ? -1 : 1) * (0.5 * a * a + 0.5 * b * b).squareRoot()
            }
            return Result(rebuilt: first, error: error, latent: latent)
        }
    }

    /// The mean loss over a minibatch.
    func loss(_ windows: [[Double]], phase: TrainingPhase) -> Double {
        var sum = 0.0
        for (row, x) in windows.enumerated() {
            switch shape.architecture {
            case .dense, .convolutional, .lstm: sum += huber(x, rebuild(x).rebuilt)
            case .variational: sum += evidence(x, row: row, noise: phase.noise)
            case .adversarial: sum += adversarial(x, phase: phase)
            }
        }
        return sum / Double(windows.count)
    }

    // MARK: Losses

    private func huber(_ x: [Double], _ y: [Double]) -> Double {
        4 / Double(x.count)
            * zip(x, y).reduce(0.0) { sum, pair in
                let e = (pair.1 - pair.0).magnitude
                return sum + (e <= 2 ? e * e / 2 : 2 * e - 2)
            }
    }

    private func evidence(_ x: [Double], row: Int, noise: UInt64) -> Double {
        let layout = VariationalAutoencoder.Layout(shape)
        let statistics = layer(layout.statistics, layer(layout.encoder, x))
        var random = InitialWeights(seed: noise &+ UInt64(row) &* 0xd1b5_4a32_d192_ed03)
        var divergence = 0.0
        let z = (0..<shape.latentSize).map { index in
            let logVariance = clamp(statistics[shape.latentSize + index], -8, 4)
            divergence += 0.5 * (statistics[index] * statistics[index] + exp(logVariance) - logVariance - 1)
            return statistics[index] + exp(logVariance / 2) * Double(random.normal())
        }
        let output = layer(layout.output, layer(layout.decoder, z))
        let fit = x.indices.reduce(0.0) { sum, index in
            let logSigma = clamp(output[x.count + index], -2, 2)
            let e = (x[index] - output[index]) / exp(logSigma)
            return sum + e * e / 2 + logSigma
        }
        return (fit + 0.1 * divergence) / Double(x.count)
    }

    private func adversarial(_ x: [Double], phase: TrainingPhase) -> Double {
        let layout = AdversarialAutoencoder.Layout(shape)
        let plain = 1 / Double(AdversarialAutoencoder.epoch(steps: phase.steps))
        let latent = layer(layout.narrow, layer(layout.encoder, x))
        let first = decode(layout.decoders.0, latent)
        let both = decode(layout.decoders.1, layer(layout.narrow, layer(layout.encoder, first)))
        if phase.number == 0 { return plain * huber(x, first) + (1 - plain) * huber(x, both) }
        return plain * huber(x, decode(layout.decoders.1, latent)) - (1 - plain) * huber(x, both)
    }

    // MARK: Passes

    private func layer(_ layer: DenseLayer, _ x: [Double]) -> [Double] {
        (0..<layer.outputs).map { n in
            var y = p[layer.biases + n]
            for k in 0..<layer.inputs { y += p[layer.weights + k * layer.width + n] * x[k] }
            return layer.isSquashed ? tanh(y) : y
        }
    }

    private func decode(_ decoder: AdversarialAutoencoder.Layout.Decoder, _ latent: [Double]) -> [Double] {
        layer(decoder.output, layer(decoder.hidden, latent)).map { 6 * tanh($0 / 6) }
    }

    private func rebuild(_ x: [Double]) -> (rebuilt: [Double], latent: [Double]) {
        switch shape.architecture {
        case .convolutional: return rebuildByConvolution(x)
        case .lstm: return rebuildByRecurrence(x)
        default:
            let latent = layer(shape.layers.1, layer(shape.layers.0, x))
            return (layer(shape.layers.3, layer(shape.layers.2, latent)), latent)
        }
    }

    private func rebuildByConvolution(_ x: [Double]) -> (rebuilt: [Double], latent: [Double]) {
        let layout = ConvolutionalAutoencoder.Layout(shape)
        /// Row r of patch p is row 2p + r − 1 of the input, zero outside.
        func convolve(_ convolution: DenseLayer, _ x: [Double], channels: Int) -> [Double] {
            let rows = x.count / channels
            return (0..<((rows + 1) / 2)).flatMap { patch in
                layer(
                    convolution,
                    (0..<4).flatMap { place in
                        let row = 2 * patch + place - 1
                        return (0..<channels).map { row >= 0 && row < rows ? x[row * channels + $0] : 0 }
                    })
            }
        }
        func spread(_ convolution: DenseLayer, _ h: [Double], rows: Int, channels: Int, bias: Int) -> [Double] {
            var result = (0..<rows).flatMap { _ in (0..<channels).map { p[bias + $0] } }
            let filters = convolution.inputs
            for patch in 0..<(h.count / filters) {
                for place in 0..<4 {
                    let row = 2 * patch + place - 1
                    guard row >= 0, row < rows else { continue }
                    for channel in 0..<channels {
                        for filter in 0..<filters {
                            let weight = convolution.weights + filter * convolution.width + place * channels + channel
                            result[row * channels + channel] += h[patch * filters + filter] * p[weight]
                        }
                    }
                }
            }
            return result
        }
        let encoded = convolve(layout.second, convolve(layout.first, x, channels: shape.channels), channels: 16)
        let latent = layer(layout.narrow, encoded)
        let middle = spread(
            layout.third, layer(layout.expansion, latent), rows: layout.rows.1, channels: 16, bias: layout.thirdBias
        ).map { tanh($0) }
        let rebuilt = spread(
            layout.fourth, middle, rows: shape.rows, channels: shape.channels, bias: layout.fourthBias)
        return (rebuilt, latent)
    }

    private func rebuildByRecurrence(_ x: [Double]) -> (rebuilt: [Double], latent: [Double]) {
        let layout = LSTMAutoencoder.Layout(shape)
        let size = shape.hiddenSize
        func step(_ recurrent: LSTMAutoencoder.Recurrent, _ inputs: [Double], _ h: inout [Double], _ c: inout [Double])
        {
            let row = inputs + h
            for unit in 0..<size {
                let sums = (0..<4).map { gate in
                    row.indices.reduce(p[recurrent.biases + unit / 16 * 64 + gate * 16 + unit % 16]) { sum, k in
                        let panel = (unit / 16 * recurrent.width + k) * 64 + gate * 16 + unit % 16
                        return sum + p[recurrent.panels + panel] * row[k]
                    }
                }
                c[unit] = logistic(sums[1]) * c[unit] + logistic(sums[0]) * tanh(sums[2])
                h[unit] = logistic(sums[3]) * tanh(c[unit])
            }
        }
        var h = [Double](repeating: 0, count: size)
        var c = h
        for row in 0..<shape.rows {
            step(layout.encoder, Array(x[row * shape.channels..<(row + 1) * shape.channels]), &h, &c)
        }
        let latent = h
        c = [Double](repeating: 0, count: size)
        var rows: [[Double]] = []
        for _ in 0..<shape.rows {
            step(layout.decoder, [], &h, &c)
            rows.append(layer(layout.output, h))
        }
        return (rows.reversed().flatMap { $0 }, latent)
    }

    private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    private func clamp(_ x: Double, _ low: Double, _ high: Double) -> Double { min(high, max(low, x)) }
}
