import TimeSeries

/// What the flows of one series came to in one bin.
struct FlowAccumulator: Sendable, Equatable {
    private(set) var flows = 0.0
    private var failed = 0.0
    private var synOnly = 0.0
    private var newPeers = 0.0
    private var bytesOut = 0.0
    private var bytesIn = 0.0
    private var packetsOut = 0.0
    private var packetsIn = 0.0
    private var seconds = 0.0
    /// To peers outside: what exceeds ten times what came back, of records that say both, and both of those that say one.
    private var uploads = 0.0
    private var outOneWay = 0.0
    private var inOneWay = 0.0
    private var peers = KeyedCounts<NetworkAddress>()
    private var services = KeyedCounts<UInt32>()

    /// Counts a flow by its beginning or its end, not what it carried.
    mutating func count(_ flow: FlowRecord, peer: NetworkAddress, isNew: Bool) {
        flows += 1
        if flow.outcome == .unanswered || flow.outcome == .refused { failed += 1 }
        if flow.outcome == .unanswered, flow.transport == 6 { synOnly += 1 }
        if isNew { newPeers += 1 }
        seconds += flow.end.seconds(since: flow.start)
        let bytes = Double(flow.bytesOut) + Double(flow.bytesIn)
        peers.add(peer, hash: Self.hash(peer), count: 1, bytes: bytes)
        let service = Self.service(of: flow)
        services.add(service, hash: splitMix(UInt64(service)), count: 1, bytes: bytes)
    }

    /// Bytes back for which as many bytes out as this are no upload.
    private static let answerShare = 10.0

    /// Adds a part of what a flow carried.
    ///
    /// - Parameter goesOutside: whether it is from a host inside to a peer outside.
    mutating func add(_ flow: FlowRecord, share: Double, goesOutside: Bool) {
        bytesOut += Double(flow.bytesOut) * share
        bytesIn += Double(flow.bytesIn) * share
        packetsOut += Double(flow.packetsOut) * share
        packetsIn += Double(flow.packetsIn) * share
        guard goesOutside else { return }
        if flow.isOneWay {
            outOneWay += Double(flow.bytesOut) * share
            inOneWay += Double(flow.bytesIn) * share
        } else {
            uploads += max(0, Double(flow.bytesOut) - Self.answerShare * Double(flow.bytesIn)) * share
        }
    }

    /// A further record of a flow that was counted: its bytes belong to the peer and the service too.
    mutating func continueFlow(_ flow: FlowRecord, peer: NetworkAddress) {
        let bytes = Double(flow.bytesOut) + Double(flow.bytesIn)
        peers.add(peer, hash: Self.hash(peer), count: 0, bytes: bytes)
        let service = Self.service(of: flow)
        services.add(service, hash: splitMix(UInt64(service)), count: 0, bytes: bytes)
    }

    /// The answer of a flow that had been counted as unanswered has come.
    mutating func correctUnanswered(_ flow: FlowRecord) {
        failed = max(0, failed - 1)
        if flow.transport == 6 { synOnly = max(0, synOnly - 1) }
    }

    static func hash(_ address: NetworkAddress) -> UInt64 { splitMix(address.low ^ splitMix(address.high)) }

    private static func service(of flow: FlowRecord) -> UInt32 {
        UInt32(flow.transport) << 16 | UInt32(flow.destinationPort)
    }

    /// Appends the values of all ``FlowChannels`` and their measures.
    ///
    /// - Parameters:
    ///   - shares: of the series, which take this bin in.
    ///   - course: of its contacts at the end of the bin.
    ///   - seconds: of the bin.
    func append(to values: inout [Double], shares: inout RecentShares, course: FlowCourse, seconds interval: Double) {
        shares.take(flows: flows, failed: failed, synOnly: synOnly, newPeers: newPeers, seconds: interval)
        values.append(flows)
        values.append(bytesOut)
        values.append(bytesIn)
        values.append(packetsOut)
        values.append(packetsIn)
        values.append(flows > 0 ? seconds / flows : 0)
        values.append(shares.failedShare)
        values.append(peers.distinct)
        values.append(services.distinct)
        values.append(peers.entropy)
        values.append(services.entropy)
        values.append(shares.synOnlyShare)
        values.append(shares.newPeerShare)
        values.append(course.regularity)
        values.append(uploads + max(0, outOneWay - Self.answerShare * inOneWay))
        values.append(course.failures)
        values.append(course.silence)
        values.append(course.newContact)
    }

    /// Whom it talked to most.
    var evidence: FlowEvidence {
        var evidence = FlowEvidence()
        evidence.flows = UInt32(min(flows, Double(UInt32.max)))
        evidence.peers = peers.top(FlowEvidence.mostItems).map {
            FlowEvidence.Item(name: "\($0.key)", flows: $0.count, bytes: $0.bytes, isLocal: $0.key.isLocal)
        }
        evidence.services = services.top(FlowEvidence.mostItems).map {
            let name = FlowEvidence.serviceName(
                transport: UInt8(truncatingIfNeeded: $0.key >> 16), port: UInt16(truncatingIfNeeded: $0.key))
            return FlowEvidence.Item(name: name, flows: $0.count, bytes: $0.bytes, isLocal: nil)
        }
        return evidence
    }

    init() {}

    /// Writes what the bin came to so far.
    func encode(to writer: inout StateWriter) {
        writer.write([
            flows, failed, synOnly, newPeers, bytesOut, bytesIn, packetsOut, packetsIn, seconds, uploads,
            outOneWay, inOneWay,
        ])
        peers.encode(to: &writer) { address, writer in
            writer.write(address.high)
            writer.write(address.low)
        }
        services.encode(to: &writer) { service, writer in writer.write(service) }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let sums = try reader.readDoubles()
        guard sums.count == 12, sums.allSatisfy({ $0 >= 0 && $0 < .infinity }) else {
            throw .invalid("the sums of a bin of flows")
        }
        (flows, failed, synOnly, newPeers) = (sums[0], sums[1], sums[2], sums[3])
        (bytesOut, bytesIn, packetsOut, packetsIn, seconds) = (sums[4], sums[5], sums[6], sums[7], sums[8])
        (uploads, outOneWay, inOneWay) = (sums[9], sums[10], sums[11])
        peers = try KeyedCounts(from: &reader) { reader throws(StateCodingError) in
            NetworkAddress(high: try reader.read(), low: try reader.read())
        }
        services = try KeyedCounts(from: &reader) { reader throws(StateCodingError) in try reader.read() }
    }

    /// Begins anew.
    mutating func removeAll() {
        (flows, failed, synOnly, newPeers, seconds) = (0, 0, 0, 0, 0)
        (bytesOut, bytesIn, packetsOut, packetsIn) = (0, 0, 0, 0)
        (uploads, outOneWay, inOneWay) = (0, 0, 0)
        peers.removeAll()
        services.removeAll()
    }
}

/// What goes on from bin to bin of a series, at the end of one.
struct FlowCourse {
    /// Of ``FlowChannels/regularity``.
    var regularity: Double
    /// Of ``FlowChannels/failures``.
    var failures: Double
    /// Of ``FlowChannels/silence``.
    var silence: Double
    /// Of ``FlowChannels/newContact``.
    var newContact: Double
}
