import NeuralNet
import Testing

@testable import MonitorRuntime

/// The writers of both formats against bytes worked out by hand.
@Suite struct ExportFormatTests {
    @Test func `integers are varints, the lowest bits first`() {
        var writer = ProtobufWriter()
        writer.integer(1, 150)
        writer.integer(20, 0)
        writer.integer(2, -1)
        // The first is the example of the format's own description.
        #expect(
            writer.bytes == [0x08, 0x96, 0x01, 0xa0, 0x01, 0x00, 0x10] + Array(repeating: 0xff, count: 9) + [0x01])
    }

    @Test func `texts and messages have their length before them, floats are four bytes`() {
        var writer = ProtobufWriter()
        writer.text(2, "testing")
        writer.message(3) { $0.integer(1, 150) }
        writer.float(5, 1)
        #expect(
            writer.bytes == [0x12, 7] + Array("testing".utf8) + [0x1a, 3, 0x08, 0x96, 0x01] + [0x2d, 0, 0, 0x80, 0x3f])
    }

    @Test func `a graph is a model of nodes, weights, inputs and outputs`() {
        var graph = ONNXGraph(name: "g")
        let x = graph.input("x", [.any("n"), .count(2)])
        let sum = graph.apply("Add", x, graph.weights(NamedTensor("w", [2], [1, -2])))
        graph.output(sum, as: "y", [.any("n"), .count(2)])
        let node: [UInt8] =
            [0x0a, 1, 0x78, 0x0a, 1, 0x77, 0x12, 5] + Array("add_1".utf8) + [0x22, 3] + Array("Add".utf8)
        let last: [UInt8] =
            [0x0a, 5] + Array("add_1".utf8) + [0x12, 1, 0x79, 0x22, 8] + Array("Identity".utf8)
        let weights: [UInt8] = [0x08, 2, 0x10, 1, 0x42, 1, 0x77, 0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]
        func value(_ name: UInt8) -> [UInt8] {
            // float, [n, 2]
            [0x0a, 1, name, 0x12, 15, 0x0a, 13, 0x08, 1, 0x12, 9, 0x0a, 3, 0x12, 1, 0x6e, 0x0a, 2, 0x08, 2]
        }
        func field(_ key: UInt8, _ bytes: [UInt8]) -> [UInt8] { [key, UInt8(bytes.count)] + bytes }
        let inner =
            field(0x0a, node) + field(0x0a, last) + [0x12, 1, 0x67] + field(0x2a, weights) + field(0x5a, value(0x78))
            + field(0x62, value(0x79))
        let expected: [UInt8] =
            [0x08, 8] + field(0x12, Array("monitord".utf8)) + field(0x1a, Array("1".utf8))
            + field(0x3a, inner) + [0x42, 2, 0x10, 17]
            + field(0x72, [0x0a, 1, 0x6b, 0x12, 1, 0x76])
        #expect(graph.bytes(version: "1", metadata: [("k", "v")]) == expected)
    }

    @Test func `a file of tensors is a length, a JSON header and the numbers`() {
        let bytes = SafetensorsFile.bytes(
            [NamedTensor("a", [2, 1], [1, -2]), NamedTensor("b", [1], [0.5])], metadata: [("k", "\"v\"")])
        let json =
            #"{"__metadata__":{"k":"\"v\""},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
            + #""b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#
        let padded = json + String(repeating: " ", count: (8 - json.utf8.count % 8) % 8)
        #expect(bytes.prefix(8) == [UInt8(padded.utf8.count), 0, 0, 0, 0, 0, 0, 0])
        #expect(String(decoding: bytes.dropFirst(8).prefix(padded.utf8.count), as: UTF8.self) == padded)
        #expect(bytes.dropFirst(8 + padded.utf8.count) == [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f])
    }

    @Test func `weights have the shapes that other tools know`() throws {
        let shape = ForecasterShape(cell: .gru, inputSize: 8, channels: 3)
        let weights = ForecasterWeights(shape: shape, seed: 1)
        #expect(
            weights.tensors.map { "\($0.name) \($0.shape)" } == [
                "cell.weight_ih_l0 [96, 8]", "cell.weight_hh_l0 [96, 32]", "cell.bias_ih_l0 [96]",
                "cell.bias_hh_l0 [96]", "head.weight [6, 32]", "head.bias [6]",
            ])
        // The update gate, which begins by keeping, is the second.
        let biases = try #require(weights.tensors.first { $0.name == "cell.bias_ih_l0" })
        #expect(biases.values == (0..<96).map { (32..<64).contains($0) ? 1 : 0 })
    }
}
