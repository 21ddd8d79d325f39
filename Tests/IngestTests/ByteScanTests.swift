import Testing
import TimeSeries

@testable import Ingest

@Suite struct ByteScanTests {
    /// Bytes that are alike but for one bit, and those that a carry or borrow could fool.
    private static let pool: [UInt8] = [0, 1, 8, 9, 10, 13, 31, 32, 33, 44, 45, 46, 127, 128, 137, 138, 159, 160, 255]

    @Test func `a byte is found where a look at each byte finds it`() {
        var random = SeededGenerator(seed: 5)
        for length in 0...40 {
            for _ in 0..<60 {
                let bytes = (0..<length).map { _ in
                    Bool.random(using: &random) ? 65 : Self.pool.randomElement(using: &random) ?? 0
                }
                for start in [0, length / 3, length] {
                    let control = bytes.indices.first { $0 >= start && bytes[$0] < 32 && bytes[$0] != 9 } ?? length
                    let found = bytes.span.firstControl(from: start)
                    #expect(found == control, "\(bytes) from \(start)")
                    for byte in [0, 9, 44, 128, 255] as [UInt8] {
                        let place = bytes.indices.first { $0 >= start && bytes[$0] == byte } ?? length
                        let found = bytes.span.first(byte, from: start)
                        #expect(found == place, "\(byte) in \(bytes) from \(start)")
                    }
                }
            }
        }
    }

    @Test func `fields end at their delimiters and at the end of the line`() {
        var random = SeededGenerator(seed: 6)
        for length in Array(0...80) + [120, 126, 127, 128, 129, 136, 190, 200] {
            for delimiter in [9, 44, 0, 255] as [UInt8] {
                let pool = [delimiter, delimiter &+ 1, delimiter ^ 1, delimiter ^ 128, 65]
                for _ in 0..<20 {
                    let bytes = (0..<length).map { _ in pool.randomElement(using: &random) ?? 0 }
                    let expected = bytes.indices.filter { bytes[$0] == delimiter } + [length, length]
                    var ends = FieldEnds(delimiter: delimiter)
                    var found: [Int] = []
                    for _ in expected { found.append(ends.next(bytes.span)) }
                    #expect(found == expected, "\(bytes)")
                    // Those that are left behind any of them.
                    let given = Int.random(in: 0..<expected.count - 1, using: &random)
                    var rest = FieldEnds(delimiter: delimiter)
                    for _ in 0..<given { _ = rest.next(bytes.span) }
                    let (left, none) = (rest.countRest(bytes.span), rest.countRest(bytes.span))
                    #expect(left == expected.count - 2 - given && none == 0, "\(bytes) from \(given)")
                }
            }
        }
    }

    @Test func `digits are read at once as one after the other`() {
        var random = SeededGenerator(seed: 7)
        // Digits, and the bytes beside them in the table and in each of their bits.
        let pool: [UInt8] = Array(48...57) + Array(48...57) + [47, 58, 63, 32, 46, 0, 112, 176, 255]
        for _ in 0..<20_000 {
            let bytes = (0..<20).map { _ in
                UInt8.random(in: 0...9, using: &random) < 9
                    ? UInt8.random(in: 48...57, using: &random) : pool.randomElement(using: &random) ?? 0
            }
            let start = Int.random(in: 0...20, using: &random)
            let end = Int.random(in: start...20, using: &random)
            let text = String(decoding: bytes[start..<end], as: UTF8.self)
            let isRead =
                (1...8).contains(end - start) && end >= 8 && bytes[start..<end].allSatisfy { (48...57).contains($0) }
            let found = bytes.span.digits(start..<end)
            #expect(found == (isRead ? UInt64(text) : nil), "\(bytes[start..<end])")
        }
    }

    @Test func `bytes are packed wherever they stand`() {
        let bytes = Array("0123456789abcdefghi".utf8)
        for start in 0...bytes.count {
            for end in start...bytes.count {
                let expected = bytes[start..<end].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let found = bytes.span.packed(start..<end)
                #expect(found == (end - start > 8 ? nil : expected))
            }
        }
    }

    @Test func `bytes stand at a place or do not`() {
        let bytes = Array("timestamp,value 1234567890".utf8)
        for start in bytes.indices {
            for end in start..<bytes.count {
                let part = Array(bytes[start...end])
                #expect(has(bytes, part, at: start) && !has(bytes, part + [255], at: start))
                for place in part.indices {
                    var other = part
                    other[place] ^= 1
                    #expect(!has(bytes, other, at: start))
                }
            }
        }
        #expect(has(bytes, [], at: bytes.count))
        let (four, nine) = (bytes.span.packed(0..<4), bytes.span.packed(0..<9))
        #expect(four == 0x656d_6974 && nine == nil)
    }

    private func has(_ bytes: [UInt8], _ expected: [UInt8], at place: Int) -> Bool {
        bytes.span.has(expected.span, at: place)
    }
}
