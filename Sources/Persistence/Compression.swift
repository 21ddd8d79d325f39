import CZlib

/// zlib over whole blobs: stored parts shrink to a half or less, and an eMMC wears by what is written.
///
/// Either form has a sum over its bytes: SQLite checks the order of its pages and not what is in them, and a piece of which
/// the disk has changed a bit would go on as another state.
enum Compression {
    private static let smallest = 512
    static let largest = 1 << 30

    /// The bytes behind a mark: 1, their length, and zlib's form of them; or 2, their CRC-32, and they themselves. Earlier
    /// versions wrote 0 and the bytes.
    static func pack(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= smallest else { return plain(bytes) }
        var length = compressBound(UInt(bytes.count))
        var packed = [UInt8](repeating: 0, count: Int(length))
        // zlib writes at most `length` bytes, which it sets to what it wrote.
        let code = unsafe packed.withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe compress2(target.baseAddress, &length, source.baseAddress, UInt(source.count), 1)
            }
        }
        guard code == Z_OK, Int(length) + 9 < bytes.count else { return plain(bytes) }
        var result: [UInt8] = [1]
        for shift in stride(from: 0, to: 64, by: 8) { result.append(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
        return result + packed[..<Int(length)]
    }

    private static func plain(_ bytes: [UInt8]) -> [UInt8] {
        let sum = checksum(bytes[...])
        return [2] + stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: sum >> $0) } + bytes
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        // zlib reads the bytes it is given, and of none only that there are none.
        unsafe bytes.withUnsafeBufferPointer { UInt32(unsafe crc32_z(0, $0.baseAddress, $0.count)) }
    }

    /// What ``pack(_:)`` was given; `nil` when the bytes are damaged.
    static func unpack(_ packed: [UInt8]) -> [UInt8]? {
        switch packed.first {
        case 0: return Array(packed.dropFirst())
        case 1:
            guard packed.count >= 9 else { return nil }
            var count = 0
            for index in 0..<8 { count |= Int(packed[1 + index]) << (8 * index) }
            guard (0...largest).contains(count) else { return nil }
            var bytes = [UInt8](repeating: 0, count: count)
            var length = UInt(count)
            let code = unsafe bytes.withUnsafeMutableBufferPointer { target in
                unsafe packed.withUnsafeBufferPointer { source in
                    guard let start = source.baseAddress else { return Z_DATA_ERROR }
                    return unsafe uncompress(target.baseAddress, &length, start + 9, UInt(source.count - 9))
                }
            }
            return code == Z_OK && Int(length) == count ? bytes : nil
        case 2:
            guard packed.count >= 5 else { return nil }
            let sum = (0..<4).reduce(UInt32(0)) { $0 | UInt32(packed[1 + $1]) << (8 * UInt32($1)) }
            return checksum(packed[5...]) == sum ? Array(packed[5...]) : nil
        default: return nil
        }
    }
}
