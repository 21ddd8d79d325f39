/// Writes a message in the protocol buffers' wire format, as far as ONNX needs it.
///
/// A field is a key, `number << 3 | kind`, and its value: kind 0 a varint (7 bits a byte, the lowest first, the top bit set
/// on all but the last), kind 2 a length and so many bytes, kind 5 four bytes, little-endian.
/// https://protobuf.dev/programming-guides/encoding/
struct ProtobufWriter: Equatable, Sendable {
    /// What was written.
    private(set) var bytes: [UInt8] = []

    /// Writes an integer; a negative one takes ten bytes, as its 64 bits in two's complement.
    mutating func integer(_ field: UInt64, _ value: Int64) {
        varint(field << 3)
        varint(UInt64(bitPattern: value))
    }

    /// Writes a 32-bit float.
    mutating func float(_ field: UInt64, _ value: Float) {
        varint(field << 3 | 5)
        bytes.appendLittleEndian(value.bitPattern)
    }

    /// Writes a text or bytes.
    mutating func data(_ field: UInt64, _ value: some Collection<UInt8>) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    /// Writes a text.
    mutating func text(_ field: UInt64, _ value: String) { data(field, Array(value.utf8)) }

    /// Writes a message within the message.
    mutating func message(_ field: UInt64, _ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        data(field, inner.bytes)
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
