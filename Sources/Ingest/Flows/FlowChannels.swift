public import TimeSeries

/// The channels of a flow series, in the order of a sample's values.
///
/// Counts and sums are watched by their logarithm (``Channel/Scale/logarithmic(unit:)``): hosts differ by orders of magnitude,
/// and so do the minutes of one host. Below the unit nothing differs by much, and a grain says what means nothing. Shares are of
/// recent flows (``RecentShares``); entropies are 0 bits for no peer or one.
public enum FlowChannels {
    private static let logarithmicGrain = 0.25
    private static let durationGrain = 1.0
    private static let shareGrain = 0.15
    private static let entropyGrain = 0.4

    /// Flows that ended in the bin.
    public static let flows = 0
    /// Bytes that the host sent.
    public static let bytesOut = 1
    /// Bytes that came back.
    public static let bytesIn = 2
    /// Packets that the host sent.
    public static let packetsOut = 3
    /// Packets that came back.
    public static let packetsIn = 4
    /// Mean seconds of those flows.
    public static let duration = 5
    /// Share of recent flows that failed.
    public static let failed = 6
    /// Different peers.
    public static let peers = 7
    /// Different services: protocol and port.
    public static let ports = 8
    /// Entropy of the peers.
    public static let peerEntropy = 9
    /// Entropy of the services.
    public static let portEntropy = 10
    /// Share of recent flows that were a SYN alone.
    public static let synOnly = 11
    /// Share of recent flows to peers not seen for a week or more.
    public static let newPeers = 12
    /// Regularity of the most regular contact.
    public static let regularity = 13

    /// All channels.
    public static let all: [Channel] = [
        Channel(name: "flows", scale: .logarithmic(unit: 3), grain: logarithmicGrain),
        Channel(name: "bytes_out", unit: "B", scale: .logarithmic(unit: 5_000), grain: logarithmicGrain),
        Channel(name: "bytes_in", unit: "B", scale: .logarithmic(unit: 5_000), grain: logarithmicGrain),
        Channel(name: "packets_out", scale: .logarithmic(unit: 10), grain: logarithmicGrain),
        Channel(name: "packets_in", scale: .logarithmic(unit: 10), grain: logarithmicGrain),
        Channel(name: "duration", unit: "s", scale: .logarithmic(unit: 600), grain: durationGrain),
        Channel(name: "failed", grain: shareGrain),
        Channel(name: "peers", scale: .logarithmic(unit: 2), grain: logarithmicGrain),
        Channel(name: "ports", scale: .logarithmic(unit: 2), grain: logarithmicGrain),
        Channel(name: "peer_entropy", unit: "bit", grain: entropyGrain),
        Channel(name: "port_entropy", unit: "bit", grain: entropyGrain),
        Channel(name: "syn_only", grain: shareGrain),
        Channel(name: "new_peers", grain: shareGrain),
        Channel(name: "regularity", grain: shareGrain),
    ]

    /// What grows with an attack: how much there is of it, and how many. In simulated networks counts that exceed a host's peak do so
    /// by .3 to .5 grains on average, bytes and packets by 2 to 3.
    public static let extents: [Extent] = [
        Extent(channel: flows, unit: 3, usualExcess: 1),
        Extent(channel: peers, unit: 2, usualExcess: 1),
        Extent(channel: ports, unit: 2, usualExcess: 1),
        Extent(channel: failed, times: flows, unit: 3, usualExcess: 1),
        Extent(channel: synOnly, times: flows, unit: 3, usualExcess: 1),
        Extent(channel: newPeers, times: peers, unit: 2, usualExcess: 1),
        Extent(channel: bytesOut, unit: 5_000, usualExcess: 2),
        Extent(channel: bytesIn, unit: 5_000, usualExcess: 2),
        Extent(channel: packetsOut, unit: 10, usualExcess: 2),
        Extent(channel: packetsIn, unit: 10, usualExcess: 2),
    ]
}
