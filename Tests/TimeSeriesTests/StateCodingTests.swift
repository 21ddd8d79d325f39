import Testing
import TimeSeries

@Suite struct StateCodingTests {
    @Test func `everything reads back in order`() throws {
        var writer = StateWriter()
        writer.write(UInt8(200))
        writer.write(Int64.min)
        writer.write(true)
        writer.write(Double.nan)
        writer.write(-0.0 as Float)
        writer.write([1.5, -2] as [Float])
        writer.write([Double.infinity])
        writer.write([UInt16](0..<300))
        writer.write("Grüße")
        var reader = StateReader(writer.bytes)
        #expect(try reader.read(UInt8.self) == 200)
        #expect(try reader.read(Int64.self) == .min)
        #expect(try reader.readBool())
        #expect(try reader.readDouble().isNaN)
        #expect(try reader.readFloat().sign == .minus)
        #expect(try reader.readFloats() == [1.5, -2])
        #expect(try reader.readDoubles() == [.infinity])
        #expect(try reader.readIntegers(UInt16.self) == [UInt16](0..<300))
        #expect(try reader.readString() == "Grüße")
        #expect(reader.remaining == 0)
    }

    @Test func `numbers are little-endian whatever the machine`() {
        var writer = StateWriter()
        writer.write(UInt32(0x0102_0304))
        #expect(writer.bytes == [4, 3, 2, 1])
    }

    @Test func `every truncation is refused without a large allocation`() throws {
        var writer = StateWriter()
        writer.write([1, 2, 3] as [Float])
        for length in 0..<writer.bytes.count {
            var reader = StateReader(Array(writer.bytes.prefix(length)))
            #expect(throws: StateCodingError.self) { try reader.readFloats() }
        }
        var lying = StateReader([0xff, 0xff, 0xff, 0xff, 0, 0])
        #expect(throws: StateCodingError.truncated(reading: "4294967295 × Double")) { try lying.readDoubles() }
    }

    @Test func `a Boolean is 0 or 1`() {
        var reader = StateReader([2])
        #expect(throws: StateCodingError.invalid("2 where a Boolean is due")) { try reader.readBool() }
    }
}
