public import TimeSeries

/// All pieces of a scope as one block of bytes, to be sent to another machine.
///
/// A sum over the bytes is in it: what arrives changed is refused.
public enum PieceBundle {
    private static let version: UInt8 = 1

    /// The block: the pieces in the order of their names, packed by zlib.
    public static func pack(_ pieces: [String: [UInt8]]) -> [UInt8] {
        var writer = StateWriter()
        writer.write(version)
        writer.write(UInt32(pieces.count))
        for (name, bytes) in pieces.sorted(by: { $0.key < $1.key }) {
            writer.write(name)
            writer.write(bytes)
        }
        return Compression.pack(writer.bytes)
    }

    /// The pieces that ``pack(_:)`` was given.
    ///
    /// - Throws: `StateCodingError` when the block is damaged or of a later version.
    public static func unpack(_ block: [UInt8]) throws(StateCodingError) -> [String: [UInt8]] {
        guard let bytes = Compression.unpack(block) else { throw .invalid("a bundle of pieces that is damaged") }
        var reader = StateReader(bytes)
        guard try reader.read(UInt8.self) == version else { throw .unknownVersion(of: "a bundle of pieces") }
        var pieces: [String: [UInt8]] = [:]
        for _ in 0..<(try reader.read(UInt32.self)) {
            let name = try reader.readString()
            pieces[name] = try reader.readIntegers()
        }
        return pieces
    }
}
