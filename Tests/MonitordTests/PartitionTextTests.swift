import Testing

@testable import monitord

@Suite("partitions in the status") struct PartitionTextTests {
    private func rows(_ change: (inout StatusAnswer.Partitions) -> Void) -> [String] {
        var partitions = StatusAnswer.Partitions(
            held: [], lag: 0, taken_over: 0, given_up: 0, lost: 0, begun_anew: 0, snapshots: 0)
        change(&partitions)
        return StatusText.rows(partitions)
    }

    @Test func `what is not known is not told as nothing`() {
        #expect(rows { _ in } == ["  none here"])
        #expect(
            rows {
                $0.reachable = false
                $0.problem = "no broker can be reached: 1/1 brokers are down"
            } == [
                "  none here", "  the brokers cannot be reached", "  no broker can be reached: 1/1 brokers are down",
            ])
        #expect(
            rows {
                $0.held = [.init(partition: "t/0", epoch: 1), .init(partition: "t/1", epoch: 1)]
                $0.taken_over = 2
            } == ["  2 here: t/0, t/1", "  2 taken over"])
    }

    @Test func `how far behind it is stands there as long as the brokers say so`() {
        #expect(
            rows {
                $0.held = [.init(partition: "t/0", epoch: 1, lag: 0)]
                $0.taken_over = 1
                $0.reachable = true
            } == ["  1 here: t/0", "  0 messages behind; 1 taken over"])
        #expect(
            rows {
                $0.held = [.init(partition: "t/0", epoch: 1, lag: 7)]
                $0.lag = 7
                $0.reachable = false
            } == ["  1 here: t/0", "  the brokers cannot be reached"])
    }
}
