import Testing
import TimeSeries

@testable import Ingest

@Suite struct SpaceSavingTests {
    private func count(_ key: String, in sketch: inout SpaceSaving) -> SpaceSaving.Entry {
        let bytes = Array(key.utf8)
        var hash = StableHash()
        hash.combine(key)
        return sketch.count(bytes.span, hash: hash.value)
    }

    @Test func `counts are exact while all keys fit`() {
        var sketch = SpaceSaving(capacity: 8)
        for round in 1...5 {
            for key in ["a", "b", "c"] {
                let entry = count(key, in: &sketch)
                #expect(entry.count == UInt64(round))
                #expect(entry.error == 0)
            }
        }
        #expect(sketch.keyCount == 3)
        #expect(sketch.displaced == 0)
    }

    @Test func `every count lies between the bounds that it states`() {
        var sketch = SpaceSaving(capacity: 16)
        var generator = SeededGenerator(seed: 11)
        var truth: [String: UInt64] = [:]
        for _ in 0..<20_000 {
            // A few heavy keys among many light ones.
            let key =
                generator.uniform() < 0.5 ? "heavy\(generator.next() % 4)" : "light\(generator.next() % 5_000)"
            truth[key, default: 0] += 1
            let entry = count(key, in: &sketch)
            #expect(entry.least <= truth[key] ?? 0)
            #expect(entry.count >= truth[key] ?? 0)
        }
        #expect(sketch.keyCount == 16)
        let kept = Set(sketch.heap.map { String(decoding: $0.key, as: UTF8.self) })
        for heavy in 0..<4 { #expect(kept.contains("heavy\(heavy)"), "more than 1 in 16 of all") }
    }

    @Test func `a flood of keys that come once has none that surely came twice`() {
        var sketch = SpaceSaving(capacity: 64)
        for number in 0..<65_000 {
            #expect(count("10.0.\(number / 250).\(number % 250)", in: &sketch).least == 1)
        }
        #expect(sketch.keyCount == 64)
        #expect(sketch.displaced == 65_000 - 64)
    }

    @Test func `of equal counts the one counted longest ago goes`() {
        var sketch = SpaceSaving(capacity: 2)
        _ = count("a", in: &sketch)
        _ = count("b", in: &sketch)
        _ = count("c", in: &sketch)
        #expect(Set(sketch.heap.map { String(decoding: $0.key, as: UTF8.self) }) == ["b", "c"])
    }

    @Test func `a stored sketch counts on as if nothing had happened`() throws {
        var sketch = SpaceSaving(capacity: 32)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<1_000 { _ = count("key\(generator.next() % 60)", in: &sketch) }
        var writer = StateWriter()
        sketch.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        var restored = try SpaceSaving(from: &reader)
        #expect(restored == sketch)
        for _ in 0..<1_000 {
            let key = "key\(generator.next() % 60)"
            #expect(count(key, in: &restored) == count(key, in: &sketch))
        }
        #expect(restored == sketch)
    }

    @Test func `a damaged sketch is refused and never traps`() throws {
        var sketch = SpaceSaving(capacity: 8)
        for number in 0..<20 { _ = count("key\(number % 9)", in: &sketch) }
        var writer = StateWriter()
        sketch.encode(to: &writer)
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<2_000 {
            var bytes = writer.bytes
            bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            var reader = StateReader(bytes)
            if var damaged = try? SpaceSaving(from: &reader) {
                for number in 0..<20 { _ = count("other\(number)", in: &damaged) }
                #expect(damaged.keyCount <= damaged.capacity)
            }
        }
    }
}
