/// Connections that are not over yet, in the order of their ends. Its memory is that of the most at a time.
struct PendingFlows {
    private var queue = TimeQueue()
    private var flows: [SimulatedFlow] = []
    private var free: [Int32] = []
    private var number: UInt64 = 0

    mutating func insert(_ flow: SimulatedFlow) {
        number += 1
        let item: Int32
        if let place = free.popLast() {
            item = place
            flows[Int(place)] = flow
        } else {
            item = Int32(flows.count)
            flows.append(flow)
        }
        queue.insert(TimeQueue.Entry(time: flow.end, number: number, item: item))
    }

    /// The next that ends before a time.
    mutating func next(before time: Int64) -> SimulatedFlow? {
        guard let first = queue.first, first.time < time else { return nil }
        queue.removeFirst()
        free.append(first.item)
        return flows[Int(first.item)]
    }
}
