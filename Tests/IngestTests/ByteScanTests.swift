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
        for length in 0...40 {
            for delimiter in [9, 44, 0, 255] as [UInt8] {
                let pool = [delimiter, delimiter &+ 1, delimiter ^ 1, delimiter ^ 128, 65]
                for _ in 0..<40 {
                    let bytes = (0..<length).map { _ in pool.randomElement(using: &random) ?? 0 }
                    let expected = bytes.indices.filter { bytes[$0] == delimiter } + [length, length]
                    var ends = FieldEnds(delimiter: delimiter)
                    var found: [Int] = []
                    for _ in expected { found.append(ends.next(bytes.span)) }
                    #expect(found == expected, "\(bytes)")
                }
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
