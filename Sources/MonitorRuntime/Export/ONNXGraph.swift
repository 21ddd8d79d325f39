import NeuralNet

/// A network as an ONNX graph, put together operation by operation, and the bytes of a model of it.
///
/// Operations are those of opset 17, the file is of IR version 8 (ONNX 1.12, 2022): what every runtime since then reads.
/// https://onnx.ai/onnx/repo-docs/IR.html; field numbers are those of `onnx/onnx.proto`.
struct ONNXGraph: Sendable {
    /// A named number of an operation.
    enum Attribute: Equatable, Sendable {
        case integer(String, Int64)
        case integers(String, [Int64])
    }

    /// One dimension of an input or output.
    enum Dimension: Equatable, Sendable {
        /// So many.
        case count(Int)
        /// As many as are given, under a name.
        case any(String)
    }

    private struct Node: Sendable {
        var operation: String
        var inputs: [String]
        var outputs: [String]
        var attributes: [Attribute]
    }

    private static let irVersion: Int64 = 8
    private static let opset: Int64 = 17
    private static let floatType: Int64 = 1
    private static let integerType: Int64 = 7

    private let name: String
    private var nodes: [Node] = []
    private var constants: [ProtobufWriter] = []
    private var inputs: [ProtobufWriter] = []
    private var outputs: [ProtobufWriter] = []
    private var weightNames: Set<String> = []
    private var names = 0

    /// Creates an empty graph.
    init(name: String) { self.name = name }

    // MARK: Putting it together

    /// Declares an input of floats and returns its name.
    mutating func input(_ name: String, _ shape: [Dimension]) -> String {
        inputs.append(Self.value(name, shape))
        return name
    }

    /// Declares that something computed is an output of floats.
    mutating func output(_ value: String, as name: String, _ shape: [Dimension]) {
        nodes.append(Node(operation: "Identity", inputs: [value], outputs: [name], attributes: []))
        outputs.append(Self.value(name, shape))
    }

    /// Adds weights under their own name, once however often they are used.
    mutating func weights(_ tensor: NamedTensor) -> String {
        guard weightNames.insert(tensor.name).inserted else { return tensor.name }
        constant(tensor.name, tensor.shape, Self.floatType) { data in
            for value in tensor.values { data.appendLittleEndian(value.bitPattern) }
        }
        return tensor.name
    }

    /// Adds a list of integers, or a single one without dimensions.
    mutating func integers(_ values: [Int64], isScalar: Bool = false) -> String {
        let name = freshName("integers")
        constant(name, isScalar ? [] : [values.count], Self.integerType) { data in
            for value in values { data.appendLittleEndian(UInt64(bitPattern: value)) }
        }
        return name
    }

    /// Adds a single float.
    mutating func number(_ value: Float) -> String {
        let name = freshName("number")
        constant(name, [], Self.floatType) { $0.appendLittleEndian(value.bitPattern) }
        return name
    }

    /// Adds an operation of several results and returns their names. An input that is left out is the empty text.
    mutating func apply(
        _ operation: String, _ inputs: [String], results: Int, _ attributes: [Attribute] = []
    ) -> [String] {
        let outputs = (0..<results).map { _ in freshName(operation) }
        nodes.append(Node(operation: operation, inputs: inputs, outputs: outputs, attributes: attributes))
        return outputs
    }

    /// Adds an operation of one result and returns its name.
    mutating func apply(_ operation: String, _ inputs: String..., attributes: [Attribute] = []) -> String {
        let output = freshName(operation)
        nodes.append(Node(operation: operation, inputs: inputs, outputs: [output], attributes: attributes))
        return output
    }

    private mutating func freshName(_ kind: String) -> String {
        names += 1
        return "\(kind.lowercased())_\(names)"
    }

    private mutating func constant(
        _ name: String, _ shape: [Int], _ type: Int64, _ fill: (inout [UInt8]) -> Void
    ) {
        var data: [UInt8] = []
        fill(&data)
        var tensor = ProtobufWriter()
        for dimension in shape { tensor.integer(1, Int64(dimension)) }
        tensor.integer(2, type)
        tensor.text(8, name)
        tensor.data(9, data)
        constants.append(tensor)
    }

    // MARK: Writing it

    /// The bytes of a model of the graph.
    ///
    /// - Parameters:
    ///   - version: of monitord, which is named as the producer.
    ///   - metadata: texts about the model.
    func bytes(version: String, metadata: [(key: String, text: String)]) -> [UInt8] {
        var model = ProtobufWriter()
        model.integer(1, Self.irVersion)
        model.text(2, "monitord")
        model.text(3, version)
        model.message(7) { graph in
            for node in nodes { graph.message(1) { Self.write(node, to: &$0) } }
            graph.text(2, name)
            for tensor in constants { graph.data(5, tensor.bytes) }
            for input in inputs { graph.data(11, input.bytes) }
            for output in outputs { graph.data(12, output.bytes) }
        }
        model.message(8) { $0.integer(2, Self.opset) }
        for (key, text) in metadata {
            model.message(14) { entry in
                entry.text(1, key)
                entry.text(2, text)
            }
        }
        return model.bytes
    }

    private static func write(_ node: Node, to writer: inout ProtobufWriter) {
        for input in node.inputs { writer.text(1, input) }
        for output in node.outputs { writer.text(2, output) }
        writer.text(4, node.operation)
        for attribute in node.attributes {
            writer.message(5) { writer in
                switch attribute {
                case .integer(let name, let value):
                    writer.text(1, name)
                    writer.integer(3, value)
                    writer.integer(20, 2)
                case .integers(let name, let values):
                    writer.text(1, name)
                    for value in values { writer.integer(8, value) }
                    writer.integer(20, 7)
                }
            }
        }
    }

    /// A name with its type: floats of these dimensions.
    private static func value(_ name: String, _ shape: [Dimension]) -> ProtobufWriter {
        var value = ProtobufWriter()
        value.text(1, name)
        value.message(2) { type in
            type.message(1) { tensor in
                tensor.integer(1, floatType)
                tensor.message(2) { dimensions in
                    for dimension in shape {
                        dimensions.message(1) { writer in
                            switch dimension {
                            case .count(let count): writer.integer(1, Int64(count))
                            case .any(let name): writer.text(2, name)
                            }
                        }
                    }
                }
            }
        }
        return value
    }
}
