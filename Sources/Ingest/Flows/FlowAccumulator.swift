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

    /// Adds a part of what a flow carried.
    mutating func add(_ flow: FlowRecord, share: Double) {
        bytesOut += Double(flow.bytesOut) * share
        bytesIn += Double(flow.bytesIn) * share
        packetsOut += Double(flow.packetsOut) * share
        packetsIn += Double(flow.packetsIn) * share
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

    /// Appends the values of all ``FlowChannels`` but the regularity.
    func append(to values: inout [Double]) {
        let hasShares = flows >= Double(FlowChannels.fewestFlowsForShare)
        values.append(flows)
        values.append(bytesOut)
        values.append(bytesIn)
        values.append(packetsOut)
        values.append(packetsIn)
        values.append(flows > 0 ? seconds / flows : 0)
        values.append(hasShares ? failed / flows : .nan)
        values.append(peers.distinct)
        values.append(services.distinct)
        values.append(peers.entropy)
        values.append(services.entropy)
        values.append(hasShares ? synOnly / flows : .nan)
        values.append(hasShares ? newPeers / flows : .nan)
    }

    /// Whom it talked to most.
    var evidence: FlowEvidence {
        var evidence = FlowEvidence()
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

    /// Begins anew.
    mutating func removeAll() {
        (flows, failed, synOnly, newPeers, seconds) = (0, 0, 0, 0, 0)
        (bytesOut, bytesIn, packetsOut, packetsIn) = (0, 0, 0, 0)
        peers.removeAll()
        services.removeAll()
    }
}
