import CZlib

/// Unpacks a gzip file (RFC 1952) as its bytes come, of one member or several one after the other.
///
/// What was unpacked before a damage stays good; after it nothing more comes. Zeros behind the last member are padding, as
/// tapes have it. At most one buffer of unpacked bytes is held.
///
/// Not thread safe: it belongs to the reading thread. Safe to use: zlib's state never leaves it.
@safe final class GzipStream {
    private static let bufferSize = 64 << 10
    /// zlib's window bits with 16 added for "gzip and nothing else".
    private static let gzipOnly: Int32 = 15 + 16

    private var stream = unsafe z_stream()
    private var buffer = [UInt8](repeating: 0, count: bufferSize)
    private var isInMember = false
    private var hasMember = false
    /// Why the file cannot be unpacked further; `nil` while all is well.
    private(set) var damage: String?

    /// Creates a stream before the first member.
    init() {
        let size = Int32(unsafe MemoryLayout<z_stream>.size)
        // zlib only fails here without memory; it then says so at the first byte.
        if unsafe inflateInit2_(&stream, Self.gzipOnly, ZLIB_VERSION, size) != Z_OK { damage = "out of memory" }
    }

    deinit { unsafe _ = inflateEnd(&stream) }

    /// Whether a file that begins with these bytes is one.
    static func isGzip(_ bytes: Span<UInt8>) -> Bool { bytes.count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b }

    /// The program that unpacks a file of another compression, as its first bytes tell; `nil` for none that is known.
    static func otherProgram(_ bytes: Span<UInt8>) -> String? {
        let known: [(magic: [UInt8], program: String)] = [
            ([0x28, 0xb5, 0x2f, 0xfd], "zstdcat"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xzcat"),
            (Array("BZh".utf8), "bzcat"), ([0x50, 0x4b, 0x03, 0x04], "unzip -p"),
        ]
        return known.first { $0.magic.count <= bytes.count && matches(bytes, 0..<$0.magic.count, $0.magic) }?.program
    }

    /// Unpacks the next bytes of the file and hands over what they hold, a buffer at a time.
    func feed(_ bytes: Span<UInt8>, _ emit: (Span<UInt8>) throws -> Void) throws {
        // Held apart while it is lent out: zlib's next call must find it unshared.
        var unpacked: [UInt8] = []
        swap(&unpacked, &buffer)
        defer { swap(&unpacked, &buffer) }
        var start = 0
        while start < bytes.count, damage == nil {
            if !isInMember {
                if bytes[start] == 0, hasMember {
                    start += 1
                    continue
                }
                isInMember = true
            }
            let (taken, given) = inflate(bytes.extracting(start..<bytes.count), into: &unpacked)
            start += taken
            if given > 0 { try emit(unpacked.span.extracting(0..<given)) }
        }
    }

    /// The file has ended: within a member it is cut off.
    func finish() {
        if damage == nil, isInMember { damage = "it is cut off" }
    }

    private func inflate(_ bytes: Span<UInt8>, into buffer: inout [UInt8]) -> (taken: Int, given: Int) {
        let room = buffer.count
        var taken = 0
        var given = 0
        var code = Z_OK
        // zlib reads at most avail_in bytes and writes at most avail_out; both pointers live for the call.
        unsafe bytes.withUnsafeBufferPointer { source in
            unsafe buffer.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = UInt32(target.count)
                code = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
                taken = unsafe source.count - Int(stream.avail_in)
                given = unsafe room - Int(stream.avail_out)
            }
        }
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END:
            isInMember = false
            hasMember = true
            _ = unsafe inflateReset(&stream)
        default: damage = hasMember && taken < 2 ? "what follows its end is no gzip" : "its contents do not add up"
        }
        return (taken, given)
    }
}
