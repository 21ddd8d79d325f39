import Glibc
import TimeSeries

/// A simulation under way: all machines of one kind, row by row through the encoder into the output.
///
/// Memory does not grow with the length of the stream: a row is made, put into a block of 64 KiB and forgotten.
struct SimulationRun<Model: MachineModel> {
    private let request: SimulationRequest
    private let pace: SimulationPace
    private let output: SimulationOutput
    private let isDatagram: Bool
    private let names: [String]
    private let channels: [SimulatedChannel]
    private var machines: [SimulatedSeries<Model>]
    private var wasOff: [Bool]
    private var encoder: RowEncoder
    private var clock: LocalClock
    private let firstDay: Int
    private var block: ByteBlock
    private var begin: Int64 = 0
    private(set) var labels: LabelWriter
    private(set) var summary = Simulation.Summary()
    private static var blockBytes: Int { 1 << 16 }

    init(_ simulation: Simulation, machines: [SimulatedSeries<Model>], labels: LabelWriter) {
        let request = simulation.request
        self.request = request
        self.machines = machines
        self.labels = labels
        pace = simulation.pace
        output = simulation.output
        isDatagram = simulation.isDatagram
        names = request.seriesNames
        channels = machines[0].channels
        wasOff = [Bool](repeating: false, count: machines.count)
        encoder = RowEncoder(
            format: request.format, channels: channels, series: names, hasSeries: request.hasSeries,
            measurement: request.machine.rawValue, timeForm: request.timeForm,
            time: RowTime(form: request.timeForm, hasMilliseconds: request.hasMilliseconds, zone: request.zone))
        clock = LocalClock(request.zone)
        firstDay = clock.moment(request.start).day
        block = ByteBlock(capacity: Self.blockBytes + 4_096)
        summary.channelCount = channels.count
    }

    /// Writes the whole stream.
    ///
    /// - Throws: ``SimulationOutputError/readerGone`` when the reader has seen enough, and what went wrong.
    mutating func writeAll() throws(SimulationOutputError) {
        // A datagram stands for itself, so a header would be a message that means nothing.
        if !isDatagram { block.put(Array(encoder.header.utf8)) }
        begin = SimulationPace.now(CLOCK_MONOTONIC)
        for row in 0..<(request.rowCount ?? .max) {
            let instant = request.time(of: row)
            if pace == .live {
                try flush()
                SimulationPace.sleep(until: instant.nanoseconds, CLOCK_REALTIME)
            }
            let local = clock.moment(instant)
            for index in machines.indices { try writeRow(row, index, instant, local) }
        }
        try flush()
    }

    private mutating func writeRow(
        _ row: Int, _ index: Int, _ instant: Timestamp, _ local: LocalMoment
    ) throws(SimulationOutputError) {
        let isOff = request.maintenance?.isOff(local, firstDay: firstDay, series: index) ?? false
        let now = MachineConditions(
            seconds: Double(row) * Double(request.interval) / 1e9, local: local, isRunning: !isOff)
        let request = request
        let firstDay = firstDay
        machines[index].advance(to: row, now) { request.touchesMaintenance($0, firstDay: firstDay, series: index) }
        if isOff, !wasOff[index] {
            try labels.writeMaintenance(series: names[index], rows: request.maintenanceRows(from: row))
        }
        wasOff[index] = isOff
        for planned in machines[index].begun {
            try labels.write(planned, series: names[index], channels: channels)
        }
        if machines[index].isGap {
            summary.rowsInGaps += 1
            return
        }
        encoder.put(
            machines[index].cells, missing: SimulatedSeries<Model>.missing, series: index, at: instant, into: &block)
        summary.rows += 1
        if isDatagram || block.count >= Self.blockBytes { try flush() }
        try keepPace()
    }

    private mutating func keepPace() throws(SimulationOutputError) {
        guard case .rate(let rate) = pace else { return }
        let wait = Double(summary.rows) / rate * 1e9
        // Nothing sleeps for longer than a century.
        let due = begin + Int64(min(wait, 3e18))
        guard due - SimulationPace.now(CLOCK_MONOTONIC) > 1_000_000 else { return }
        try flush()
        SimulationPace.sleep(until: due, CLOCK_MONOTONIC)
    }

    private mutating func flush() throws(SimulationOutputError) {
        guard block.count > 0 else { return }
        try output.write(block.bytes, count: block.count)
        block.clear()
    }
}
