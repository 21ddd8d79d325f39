import Testing
import TimeSeries

@Suite struct StatePartsTests {
    /// Three parts of a number each, of these versions, and a number behind them.
    private func piece(_ versions: [UInt8] = [1, 1, 1]) -> [UInt8] {
        var writer = StateWriter()
        writer.write(UInt8(versions.count))
        for (index, version) in versions.enumerated() {
            writer.writePart(version: version) { $0.write(UInt32(index + 10)) }
        }
        writer.write(UInt8(99))
        return writer.bytes
    }

    private func read(_ bytes: [UInt8], parts count: Int = 3) throws -> (values: [UInt32?], anew: [String], rest: UInt8)
    {
        var reader = StateReader(bytes)
        var parts = try StateParts(from: &reader)
        var values: [UInt32?] = []
        for index in 0..<count {
            values.append(try parts.read("part \(index)") { (part) throws(StateCodingError) in try part.read() })
        }
        let anew = parts.anew
        var rest = try parts.finish()
        return (values, anew, try rest.read(UInt8.self))
    }

    @Test func `parts are read in their order, and what is behind them`() throws {
        let found = try read(piece())
        #expect(found.values == [10, 11, 12] && found.anew.isEmpty && found.rest == 99)
    }

    @Test(arguments: 0..<3) func `a part in another form begins anew, and the others do not`(changed: Int) throws {
        var versions: [UInt8] = [1, 1, 1]
        versions[changed] = 2
        let found = try read(piece(versions))
        #expect(found.values == (0..<3).map { $0 == changed ? nil : UInt32($0 + 10) })
        #expect(found.anew == ["part \(changed)"] && found.rest == 99)
    }

    @Test func `a part that is not stored yet is not told, and one that is not known any more is passed over`() throws {
        let longer = try read(piece([1, 1]), parts: 3)
        #expect(longer.values == [10, 11, nil] && longer.anew.isEmpty && longer.rest == 99)
        let shorter = try read(piece([1, 1, 7]), parts: 2)
        #expect(shorter.values == [10, 11] && shorter.anew.isEmpty && shorter.rest == 99)
    }

    @Test func `a version within a part that is not known counts, and damage is refused`() throws {
        func parts() throws -> StateParts {
            var reader = StateReader(piece())
            return try StateParts(from: &reader)
        }
        var first = try parts()
        let inner: UInt32? = try first.read("the first") { (_) throws(StateCodingError) in
            throw .unknownVersion(of: "it")
        }
        #expect(inner == nil && first.anew == ["the first"])
        var second = try parts()
        #expect(throws: StateCodingError.invalid("no")) {
            _ = try second.read("the first") { (_) throws(StateCodingError) -> UInt32 in throw .invalid("no") }
        }
        #expect(second.anew.isEmpty)
    }

    @Test func `every truncation is refused`() {
        let bytes = piece()
        for length in 0..<bytes.count {
            #expect(throws: StateCodingError.self) { _ = try read(Array(bytes[..<length])) }
        }
    }

    @Test func `what was written without frames is read in one go`() throws {
        var writer = StateWriter()
        for number in [10, 11] as [UInt32] { writer.write(number) }
        writer.write(UInt8(99))
        var parts = StateParts(unframed: StateReader(writer.bytes))
        for number in [10, 11] as [UInt32] {
            #expect(try parts.read("it", { (part) throws(StateCodingError) in try part.read(UInt32.self) }) == number)
        }
        #expect(throws: StateCodingError.unknownVersion(of: "it")) {
            _ = try parts.read("it") { (_) throws(StateCodingError) -> UInt32 in throw .unknownVersion(of: "it") }
        }
        var rest = try parts.finish()
        #expect(try rest.read(UInt8.self) == 99 && rest.remaining == 0)
    }
}
