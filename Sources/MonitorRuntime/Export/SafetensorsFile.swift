import Alerting
import NeuralNet

/// The bytes of a file of tensors in the safetensors format.
///
///     8 bytes          length N of the header, little-endian
///     N bytes          JSON: {"__metadata__":{texts}, "name":{"dtype":"F32","shape":[…],"data_offsets":[begin,end]}, …}
///     the rest         the numbers of all tensors, one after another, little-endian
///
/// Blanks behind the JSON take the numbers to a multiple of 8 bytes, as the format's own library does it.
/// https://github.com/huggingface/safetensors#format
enum SafetensorsFile {
    /// Writes tensors of 32-bit floats.
    ///
    /// - Parameters:
    ///   - tensors: names differ, and none is `__metadata__`.
    ///   - metadata: texts about them, in their order.
    static func bytes(_ tensors: [NamedTensor], metadata: [(key: String, text: String)]) -> [UInt8] {
        let header = header(of: tensors, metadata: metadata)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + header.count + tensors.reduce(0) { $0 + 4 * $1.values.count })
        bytes.appendLittleEndian(UInt64(header.count))
        bytes += header
        for tensor in tensors {
            for value in tensor.values { bytes.appendLittleEndian(value.bitPattern) }
        }
        return bytes
    }

    private static func header(of tensors: [NamedTensor], metadata: [(key: String, text: String)]) -> [UInt8] {
        var json = JSONWriter()
        var members: [(String, JSONWriter.Value?)] = []
        if !metadata.isEmpty {
            members.append(("__metadata__", .object(metadata.map { ($0.key, .text($0.text)) })))
        }
        var begin = 0
        for tensor in tensors {
            let end = begin + 4 * tensor.values.count
            members.append(
                (
                    tensor.name,
                    .object([
                        ("dtype", .text("F32")), ("shape", .list(tensor.shape.map { .integer($0) })),
                        ("data_offsets", .list([.integer(begin), .integer(end)])),
                    ])
                ))
            begin = end
        }
        json.write(.object(members))
        let text = Array(json.text.utf8)
        return text + Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    }
}

extension [UInt8] {
    /// Appends a number, its lowest byte first.
    mutating func appendLittleEndian(_ number: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}
