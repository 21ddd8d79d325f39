public import TimeSeries

/// The channels of a flow series, in the order of a sample's values.
///
/// Counts and sums are watched by their logarithm (``Channel/Scale/logarithmic``): hosts differ by orders of magnitude, and
/// so do the minutes of one host. Shares are missing while there are fewer than ``fewestFlowsForShare`` flows to take a share of;
/// the entropies are 0 bits for none or one.
public enum FlowChannels {
    /// Flows that a share needs.
    static let fewestFlowsForShare = 4

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
        Channel(name: "flows", scale: .logarithmic),
        Channel(name: "bytes_out", unit: "B", scale: .logarithmic),
        Channel(name: "bytes_in", unit: "B", scale: .logarithmic),
        Channel(name: "packets_out", scale: .logarithmic),
        Channel(name: "packets_in", scale: .logarithmic),
        Channel(name: "duration", unit: "s", scale: .logarithmic),
        Channel(name: "failed"),
        Channel(name: "peers", scale: .logarithmic),
        Channel(name: "ports", scale: .logarithmic),
        Channel(name: "peer_entropy", unit: "bit"),
        Channel(name: "port_entropy", unit: "bit"),
        Channel(name: "syn_only"),
        Channel(name: "new_peers"),
        Channel(name: "regularity"),
    ]
}
