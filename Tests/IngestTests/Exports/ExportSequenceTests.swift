import Testing

@testable import Ingest

@Suite struct ExportSequenceTests {
    /// What each number of a row says.
    private func steps(_ version: ExportVersion, _ numbers: [(UInt32, UInt32?)]) -> [ExportSequence.Step] {
        var sequence = ExportSequence(version)
        return numbers.map { number, records in
            let step = sequence.look(at: number)
            sequence.take(number, records: records, step)
            return step
        }
    }

    @Test func `the first number is as good as any, and numbers go round`() {
        #expect(steps(.five, [(.max - 1, 3), (1, 2), (3, 1)]) == [.next, .next, .next])
        #expect(steps(.nine, [(.max, 3), (0, 2)]) == [.next, .next])
    }

    @Test func `a number ahead is a gap up to a million, and beyond that a beginning`() {
        #expect(steps(.five, [(0, 1), (11, 1), (12, 1)]) == [.next, .gap(10), .next])
        #expect(steps(.ipfix, [(0, 1), (1_000_000, 1), (1_000_001, 1)]) == [.next, .gap(999_999), .next])
        #expect(steps(.ipfix, [(0, 1), (1_000_001, 1), (1_000_002, 1)]) == [.next, .restart, .next])
    }

    @Test func `a number behind is late when it is near, and the numbers go on before it`() {
        #expect(steps(.five, [(100, 10), (120, 10), (110, 10), (130, 10)]) == [.next, .gap(10), .late, .next])
        #expect(steps(.five, [(100_000, 10), (0, 10), (10, 10)]) == [.next, .restart, .next])
        #expect(steps(.five, [(100, 10), (0, 10), (10, 10), (20, 10)]) == [.next, .late, .restart, .next])
    }

    @Test func `whether v9 numbers datagrams or records shows with the first that holds several`() {
        #expect(
            steps(.nine, [(5, 1), (6, 1), (9, 30), (10, 30), (40, 30)]) == [.next, .next, .gap(2), .next, .gap(29)])
        #expect(steps(.nine, [(0, 30), (30, 30), (60, 12), (73, 30)]) == [.next, .next, .next, .gap(1)])
        // Two datagrams of 2 records with one missing between them look like numbers of records, until they do not.
        #expect(steps(.nine, [(0, 2), (2, 2), (3, 2), (6, 2)]) == [.next, .next, .next, .gap(2)])
    }

    @Test func `templates alone have no number among records, and one among datagrams`() {
        #expect(steps(.nine, [(7, 0), (7, 30), (37, 0), (37, 2)]) == [.next, .next, .next, .next])
        #expect(steps(.nine, [(7, 0), (8, 30), (9, 0), (12, 2)]) == [.next, .next, .next, .gap(2)])
        #expect(steps(.nine, [(7, 0), (57, 30)]) == [.next, .gap(49)])
    }

    @Test func `behind records that nobody could count no gap is told`() {
        #expect(steps(.ipfix, [(0, nil), (40, 1), (45, 1)]) == [.next, .next, .gap(4)])
    }

    @Test func `an exporter that numbers messages by their last record loses nothing`() {
        var sequence = ExportSequence(.ipfix)
        let numbers: [(UInt32, UInt32)] = [(24, 24), (54, 30), (60, 6), (84, 24), (100, 10)]
        let steps: [ExportSequence.Step] = numbers.map { number, records in
            let step = sequence.look(at: number, own: records)
            sequence.take(number, records: records, step)
            return step
        }
        // Of the last 16 numbers 10 are its own, 24 would be the one before; by neither it goes on.
        #expect(steps.prefix(4) == [.next, .next, .next, .next])
        #expect(steps.last != .next)
    }
}
