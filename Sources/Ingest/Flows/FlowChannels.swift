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

    // Behind the channels a sample has measures. By them hosts are compared, and no detector sees them: most hosts have zeros there
    // for weeks.

    /// Bytes to peers outside that hardly anything came back for: what exceeds ten times that.
    public static let uploads = 14
    /// What the failures in a row of a service inside weigh that the host fails at, in powers of ten (``ServiceAnswers``).
    public static let failures = 15
    /// How long the host has said nothing to anybody, in distances of its fastest regular contact.
    public static let silence = 16
    /// How often a new peer was met regularly (``NewContacts``).
    public static let newContact = 17
    /// Values of a sample: channels and measures.
    public static let valueCount = 18

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

    /// What grows with an attack or a failure: how much there is of it, how many, and how long it lasts. In simulated networks counts that exceed a host's peak do so
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
        Extent(name: "uploads", channel: bytesOut, measure: uploads, unit: 50_000, usualExcess: 2),
        Extent(
            name: "failures", channel: failed, measure: failures, unit: 2, usualExcess: 1, scale: .linear, course: .run),
        ofSilence,
        Extent(
            name: "new_contact", channel: regularity, measure: newContact, unit: 1, usualExcess: 3, scale: .linear,
            course: .run),
    ]

    /// Only of hosts that have been watched for a week, nights and a weekend among it, and never were silent for more than five of their
    /// distances: what is switched off now and then says nothing by its silence.
    private static let ofSilence: Extent = {
        var extent = Extent(
            name: "silence", channel: flows, measure: silence, unit: 2, usualExcess: 1, scale: .linear, course: .run)
        extent.age = 7 * 86_400
        extent.calm = 2.5
        extent.isLow = true
        return extent
    }()
}
