/// A layer's place in a network's flat buffer: weights `[inputs][width]`, then biases `[width]`.
///
/// `width` is the number of outputs rounded up to 16; the padding stays zero, its gradient being zero.
struct DenseLayer: Equatable, Sendable {
    var inputs: Int
    var outputs: Int
    var weights: Int
    var isSquashed: Bool
    var width: Int { roundedUp(outputs) }
    var biases: Int { weights + inputs * width }
    var end: Int { biases + width }

    /// Fills the weights with normal numbers scaled by `scale` / √inputs; biases stay as they are.
    func initialise(_ values: inout [Float], random: inout InitialWeights, scale: Float = 1) {
        let spread = scale / Float(inputs).squareRoot()
        for input in 0..<inputs {
            for output in 0..<outputs { values[weights + input * width + output] = random.normal() * spread }
        }
    }
}
