import TimeSeries

/// What is stored of a piece, known by hashes of its blocks: enough to tell which bytes have changed since, in a thirtieth
/// of its memory.
///
/// A series' state is its rings for the most part, of which a minute changes a few bytes: written whole each time, a
/// hundred series would wear out an eMMC in a year. What changed is stored as a patch behind the piece; when the patches
/// since the piece was stored whole come to as much as it is, it is stored whole again.
public struct PieceImage: Equatable, Sendable {
    /// Bytes that are compared, and stored, together: a patch holds whole blocks.
    static let blockBytes = 256

    private var hashes: [UInt64] = []
    private var length = 0
    /// Bytes of the patches since the piece was stored whole.
    private var patched = 0
    /// Pieces that grow alike are not stored whole at once: each has its own limit, by a number of its own.
    private let jitter: UInt64

    /// Creates the image of a piece of which nothing is stored.
    ///
    /// - Parameter number: any number, different for pieces that are stored together.
    public init(number: Int = 0) { jitter = splitMix(UInt64(truncatingIfNeeded: number)) >> 40 }

    /// Creates the image of a stored piece.
    public init(of bytes: [UInt8], number: Int = 0) {
        self.init(number: number)
        hashes = Self.hashes(of: bytes)
        length = bytes.count
    }

    /// What is to be stored for a piece to be these bytes; `nil` when it is them already.
    ///
    /// - Returns: what to store, and the image of the piece once that is stored.
    public func change(to bytes: [UInt8]) -> (content: PieceContent, image: PieceImage)? {
        var image = self
        image.hashes = Self.hashes(of: bytes)
        image.length = bytes.count
        guard length > 0 else {
            image.patched = 0
            return (.whole(bytes), image)
        }
        guard image.hashes != hashes || bytes.count != length else { return nil }
        let patch = PiecePatch(
            blocks: image.hashes.indices.filter { $0 >= hashes.count || image.hashes[$0] != hashes[$0] }, of: bytes)
        image.patched += patch.bytes.count
        // Between three and five quarters.
        let most = (bytes.count * (3 * (1 << 24) + 2 * Int(jitter))) >> 26
        guard image.patched <= most else {
            image.patched = 0
            return (.whole(bytes), image)
        }
        return (.patch(patch.bytes), image)
    }

    /// Bytes that the image of a piece of so many takes.
    public static func bytes(ofPiece length: Int) -> Int { MemoryLayout<Self>.size + length / blockBytes * 8 }

    private static func hashes(of bytes: [UInt8]) -> [UInt64] {
        var hashes: [UInt64] = []
        hashes.reserveCapacity((bytes.count + blockBytes - 1) / blockBytes)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + blockBytes)
            hashes.append(BlockHash.hash(bytes, from: start, to: end))
            start = end
        }
        return hashes
    }
}

/// What is stored of a piece in one go.
public enum PieceContent: Equatable, Sendable {
    /// All its bytes.
    case whole([UInt8])
    /// The bytes of a patch, which make the piece as stored before into the new one.
    case patch([UInt8])
    /// The piece is no more.
    case removed
}

/// Blocks of a piece that replace those at their places: the new length, then runs of offset, count and bytes.
struct PiecePatch {
    /// As they are stored.
    private(set) var bytes: [UInt8] = []

    /// Takes blocks out of a piece; neighbours make one run.
    init(blocks: [Int], of piece: [UInt8]) {
        append(UInt32(clamping: piece.count))
        var index = 0
        while index < blocks.count {
            var last = index
            while last + 1 < blocks.count, blocks[last + 1] == blocks[last] + 1 { last += 1 }
            let start = blocks[index] * PieceImage.blockBytes
            let end = min(piece.count, (blocks[last] + 1) * PieceImage.blockBytes)
            append(UInt32(clamping: start))
            append(UInt32(clamping: end - start))
            bytes += piece[start..<end]
            index = last + 1
        }
    }

    /// Applies stored bytes to a piece; whether they were whole. A piece they do not fit is left in an unknown state.
    static func apply(_ patch: [UInt8], to piece: inout [UInt8]) -> Bool {
        var position = 0
        func number() -> Int? {
            guard patch.count - position >= 4 else { return nil }
            defer { position += 4 }
            return (0..<4).reduce(0) { $0 | Int(patch[position + $1]) << (8 * $1) }
        }
        guard let length = number(), length <= Compression.largest else { return false }
        if length < piece.count { piece.removeLast(piece.count - length) }
        // What a patch lengthens it also fills: the rest may not be longer than the patch.
        guard length - piece.count <= patch.count else { return false }
        piece += [UInt8](repeating: 0, count: length - piece.count)
        while position < patch.count {
            guard let start = number(), let count = number(), start <= length, count <= length - start,
                count <= patch.count - position
            else { return false }
            piece.replaceSubrange(start..<start + count, with: patch[position..<position + count])
            position += count
        }
        return true
    }

    private mutating func append(_ number: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}

/// A 64-bit hash of some bytes; for telling what changed, not against an adversary.
enum BlockHash {
    /// Multiply and fold, eight bytes at a time.
    static func hash(_ bytes: [UInt8], from start: Int, to end: Int) -> UInt64 {
        var state = splitMix(UInt64(end - start))
        // Within the array, as the callers' bounds are checked by the slice; unaligned loads are of plain bytes.
        unsafe bytes[start..<end].withUnsafeBytes { buffer in
            var offset = 0
            while offset + 8 <= buffer.count {
                let word = unsafe buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                state = folded(state ^ word)
                offset += 8
            }
            var rest: UInt64 = 0
            while offset < buffer.count {
                rest = rest << 8 | UInt64(unsafe buffer[offset])
                offset += 1
            }
            state = folded(state ^ rest)
        }
        return splitMix(state)
    }

    private static func folded(_ word: UInt64) -> UInt64 {
        let product = word.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return product.high ^ product.low &+ 0x2545_f491_4f6c_dd1d
    }
}
