import TimeSeries

/// What share of a host's recent flows failed, was a SYN alone, or went to new peers.
///
/// Recent flows weigh by e^(−age / 2 min), and one flow in which nothing was wrong is taken for granted: a single bad flow of a
/// quiet host is a share of a half, not of all.
struct RecentShares: Equatable, Sendable {
    /// Seconds in which a flow loses all but 1/e of its weight.
    private static let memory = 120.0

    private var flows = 0.0
    private var failed = 0.0
    private var synOnly = 0.0
    private var newPeers = 0.0

    /// Takes the counts of a bin of so many seconds.
    mutating func take(flows: Double, failed: Double, synOnly: Double, newPeers: Double, seconds: Double) {
        let keep = Transcendental.exp(-seconds / Self.memory)
        self.flows = self.flows * keep + flows
        self.failed = self.failed * keep + failed
        self.synOnly = self.synOnly * keep + synOnly
        self.newPeers = self.newPeers * keep + newPeers
    }

    /// Share that failed.
    var failedShare: Double { failed / (flows + 1) }
    /// Share of a SYN alone.
    var synOnlyShare: Double { synOnly / (flows + 1) }
    /// Share to new peers.
    var newPeerShare: Double { newPeers / (flows + 1) }

    init() {}

    /// Writes the shares.
    func encode(to writer: inout StateWriter) {
        writer.write(flows)
        writer.write(failed)
        writer.write(synOnly)
        writer.write(newPeers)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        flows = try reader.readDouble()
        failed = try reader.readDouble()
        synOnly = try reader.readDouble()
        newPeers = try reader.readDouble()
        guard flows >= 0, failed >= 0, synOnly >= 0, newPeers >= 0 else { throw .invalid("shares of recent flows") }
    }
}
