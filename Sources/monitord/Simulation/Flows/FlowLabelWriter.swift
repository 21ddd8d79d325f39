import MonitorRuntime
import TimeSeries

/// Writes where anomalies are in the traffic: `series,channel,kind,size,from,until`, as the other machines' labels are.
///
/// The series is the host's address, as a replay by source names it, and the channel always `*`. `from` and `until` are the
/// borders of the bins of 20 seconds that it touches. An outage has a line for the host and one for each of its clients, whose
/// connections are what fails.
struct FlowLabelWriter {
    private static let bin: Int64 = 20_000_000
    private let output: SimulationOutput?
    private(set) var counts: [FlowAnomalyKind: Int] = [:]

    /// - Parameter path: `nil` only counts.
    init(path: String?) throws(SimulationOutputError) {
        output = if let path { try SimulationOutput.file(path) } else { nil }
        try output?.write("series,channel,kind,size,from,until\n")
    }

    /// Writes what begins.
    ///
    /// - Parameter series: the addresses of all hosts in whose connections it is.
    mutating func write(_ planned: PlannedFlowAnomaly, series: [UInt32]) throws(SimulationOutputError) {
        counts[planned.kind, default: 0] += 1
        guard let output else { return }
        let size = Int(exactly: planned.size).map(String.init) ?? "\(planned.size)"
        let until = planned.span.upperBound + Self.bin - 1
        for address in series {
            try output.write(
                "\(Self.text(address)),*,\(planned.kind),\(size),\(Self.border(planned.span.lowerBound)),\(Self.border(until))\n"
            )
        }
    }

    /// An address in dotted form.
    static func text(_ address: UInt32) -> String {
        "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    }

    /// The border of a bin at or before a time.
    private static func border(_ time: Int64) -> Timestamp {
        // Streams begin after 1900; a remainder below 0 is of a time before 1970.
        let rest = time % bin
        return Timestamp(nanoseconds: (time - (rest < 0 ? rest + bin : rest)) * 1_000)
    }
}
