import CZlib

/// zlib over whole blobs: stored parts shrink to a half or less, and an eMMC wears by what is written.
enum Compression {
    private static let smallest = 512
    static let largest = 1 << 30

    /// The bytes with a mark and, when compressed, their length before them: 0 plain, 1 zlib.
    static func pack(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= smallest else { return [0] + bytes }
        var length = compressBound(UInt(bytes.count))
        var packed = [UInt8](repeating: 0, count: Int(length))
        // zlib writes at most `length` bytes, which it sets to what it wrote.
        let code = unsafe packed.withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe compress2(target.baseAddress, &length, source.baseAddress, UInt(source.count), 1)
            }
        }
        guard code == Z_OK, Int(length) + 9 < bytes.count else { return [0] + bytes }
        var result: [UInt8] = [1]
        for shift in stride(from: 0, to: 64, by: 8) { result.append(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
        return result + packed[..<Int(length)]
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
        default: return nil
        }
    }
}
