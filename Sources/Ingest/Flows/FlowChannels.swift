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

    static let flows = 0
    static let bytesOut = 1
    static let bytesIn = 2
    static let packetsOut = 3
    static let packetsIn = 4
    static let duration = 5
    static let failed = 6
    static let peers = 7
    static let ports = 8
    static let peerEntropy = 9
    static let portEntropy = 10
    static let synOnly = 11
    static let newPeers = 12
    static let regularity = 13

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
}
