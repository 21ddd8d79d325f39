extension NetworkWeights where Shape == AutoencoderShape {
    /// The weights by name, in PyTorch's shapes: `Linear` `[outputs, inputs]`, `Conv1d` `[outputs, inputs, taps]`,
    /// `ConvTranspose1d` `[inputs, outputs, taps]`, `LSTM` `[4 H, inputs]` with gates i, f, g, o. Each layer has `NAME.weight`
    /// and `NAME.bias`; where the narrow layer meets a whole window, that lies row by row.
    ///
    ///     dense           encoder.hidden  encoder.latent      decoder.hidden  decoder.output
    ///     convolutional   encoder.conv1  encoder.conv2  encoder.latent  decoder.expansion  decoder.conv1  decoder.conv2
    ///     lstm            encoder.{weight_ih_l0, weight_hh_l0, bias_ih_l0}  decoder.{weight_hh_l0, bias_ih_l0}  output
    ///     variational     encoder.hidden  encoder.statistics  decoder.hidden  decoder.output
    ///     adversarial     encoder.hidden  encoder.latent      decoder1.hidden  decoder1.output  decoder2.…
    public var tensors: [NamedTensor] {
        let values = parameters
        switch shape.architecture {
        case .dense:
            let layers = shape.layers
            return layers.0.tensors("encoder.hidden", of: values) + layers.1.tensors("encoder.latent", of: values)
                + layers.2.tensors("decoder.hidden", of: values) + layers.3.tensors("decoder.output", of: values)
        case .convolutional: return ConvolutionalAutoencoder.Layout(shape).tensors(of: values, shape: shape)
        case .lstm: return LSTMAutoencoder.Layout(shape).tensors(of: values)
        case .variational:
            let layout = VariationalAutoencoder.Layout(shape)
            return layout.encoder.tensors("encoder.hidden", of: values)
                + layout.statistics.tensors("encoder.statistics", of: values)
                + layout.decoder.tensors("decoder.hidden", of: values)
                + layout.output.tensors("decoder.output", of: values)
        case .adversarial:
            let layout = AdversarialAutoencoder.Layout(shape)
            func decoder(_ name: String, _ decoder: AdversarialAutoencoder.Layout.Decoder) -> [NamedTensor] {
                decoder.hidden.tensors("\(name).hidden", of: values)
                    + decoder.output.tensors("\(name).output", of: values)
            }
            return layout.encoder.tensors("encoder.hidden", of: values)
                + layout.narrow.tensors("encoder.latent", of: values)
                + decoder("decoder1", layout.decoders.0) + decoder("decoder2", layout.decoders.1)
        }
    }
}

extension AutoencoderShape {
    /// Smallest and largest logarithm of a scale that a variational autoencoder states.
    public static var statedLogScales: ClosedRange<Float> { VariationalAutoencoder.logSigmaRange }
    /// What an adversarial autoencoder rebuilds stays within ± this.
    public static var adversarialRange: Float { AdversarialAutoencoder.range }
}

extension ConvolutionalAutoencoder.Layout {
    fileprivate func tensors(of values: [Float], shape: AutoencoderShape) -> [NamedTensor] {
        let (filters, channels) = (shape.hiddenSize, shape.channels)
        return [
            convolution(first, inputs: channels, "encoder.conv1", values),
            first.biasTensor("encoder.conv1", of: values),
            convolution(second, inputs: filters, "encoder.conv2", values),
            second.biasTensor("encoder.conv2", of: values),
        ] + narrow.tensors("encoder.latent", of: values) + expansion.tensors("decoder.expansion", of: values) + [
            transposed(third, outputs: filters, "decoder.conv1", values),
            third.biasTensor("decoder.conv1", of: values, count: filters),
            transposed(fourth, outputs: channels, "decoder.conv2", values),
            fourth.biasTensor("decoder.conv2", of: values, count: channels),
        ]
    }

    /// A layer over patches `[taps][inputs]`.
    private func convolution(_ layer: DenseLayer, inputs: Int, _ name: String, _ values: [Float]) -> NamedTensor {
        let taps = ConvolutionalAutoencoder.kernel
        let numbers = (0..<(layer.outputs * inputs * taps)).map { place in
            let (output, input, tap) = (place / (inputs * taps), place / taps % inputs, place % taps)
            return values[layer.weights + (tap * inputs + input) * layer.width + output]
        }
        return NamedTensor("\(name).weight", [layer.outputs, inputs, taps], numbers)
    }

    /// A layer that gives patches `[taps][outputs]`.
    private func transposed(_ layer: DenseLayer, outputs: Int, _ name: String, _ values: [Float]) -> NamedTensor {
        let taps = ConvolutionalAutoencoder.kernel
        let numbers = (0..<(layer.inputs * outputs * taps)).map { place in
            let (input, output, tap) = (place / (outputs * taps), place / taps % outputs, place % taps)
            return values[layer.weights + input * layer.width + tap * outputs + output]
        }
        return NamedTensor("\(name).weight", [layer.inputs, outputs, taps], numbers)
    }
}

extension LSTMAutoencoder.Layout {
    fileprivate func tensors(of values: [Float]) -> [NamedTensor] {
        encoder.tensors("encoder", of: values) + decoder.tensors("decoder", of: values)
            + output.tensors("output", of: values)
    }
}

extension LSTMAutoencoder.Recurrent {
    /// Of a layer without inputs the state's weights and the biases.
    fileprivate func tensors(_ name: String, of values: [Float]) -> [NamedTensor] {
        func matrix(_ kind: String, _ columns: Range<Int>) -> NamedTensor {
            NamedTensor("\(name).\(kind)", rows: 4 * size, columns: columns.count) { row, column in
                let (gate, unit) = (row / size, row % size)
                let input = columns.lowerBound + column
                return values[panels + (unit / 16 * width + input) * 64 + gate * 16 + unit % 16]
            }
        }
        let bias = (0..<(4 * size)).map { row in
            values[biases + row % size / 16 * 64 + row / size * 16 + row % size % 16]
        }
        return (inputs > 0 ? [matrix("weight_ih_l0", 0..<inputs)] : [])
            + [matrix("weight_hh_l0", inputs..<width), NamedTensor("\(name).bias_ih_l0", [4 * size], bias)]
    }
}
