/// One connection, as conn.log tells of it when it is over. Times are microseconds since 1970, the log's resolution.
struct SimulatedFlow {
    /// How it went.
    enum Outcome: UInt8 {
        case established
        /// Nobody answered.
        case unanswered
        /// The destination said no.
        case refused
    }

    /// The protocol, by its IANA number.
    enum Transport: UInt8 {
        case icmp = 1
        case tcp = 6
        case udp = 17
    }

    var start: Int64
    /// Microseconds; 0 of a single packet.
    var duration: Int64
    /// Of IPv4, the first octet highest.
    var source: UInt32
    var destination: UInt32
    var sourcePort: UInt16
    /// Of ICMP its type × 256.
    var destinationPort: UInt16
    var transport: Transport
    var outcome = Outcome.established
    /// Of the payload.
    var bytesOut: Int
    var bytesIn: Int
    /// Names it in the log, whatever else is in the stream.
    var identity: UInt64

    var end: Int64 { start + duration }

    /// Makes it one that nobody answered: three tries of TCP, one packet of another.
    mutating func fail(_ outcome: Outcome) {
        self.outcome = outcome
        bytesIn = 0
        if transport == .tcp { bytesOut = 0 }
        duration = transport == .tcp && outcome == .unanswered ? 3_000_000 + Int64(identity % 60_000) : 0
        if outcome == .refused { duration = 200 + Int64(identity % 1_500) }
    }
}

/// What connections of one kind look like: medians and the deviation of their logarithm.
struct FlowShape {
    var transport = SimulatedFlow.Transport.tcp
    var port: UInt16
    /// Seconds.
    var seconds: (median: Double, spread: Double)
    var bytesOut: (median: Double, spread: Double)
    var bytesIn: (median: Double, spread: Double)
    /// Share of attempts that nobody answers or that are refused.
    var failures = 0.0
}
