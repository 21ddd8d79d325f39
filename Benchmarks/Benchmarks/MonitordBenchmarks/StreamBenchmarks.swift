import Ingest
import TimeSeries

@testable import MonitorRuntime

/// From decoded lines to samples on the grid of their series: place, tick, number and round, and what puts lines together.
func registerStream() {
    registerSequencer("1 series", .csv) { .csv(lines) }
    registerSequencer("1,000 series", .csv) { .long(lines) }
    registerGatherer()
    registerMetrics()
    registerFlows()
}

private let lines = 20_000

private func batches(
    _ text: LineText, _ format: SourceConfiguration.Format,
    configure: (inout SourceConfiguration) -> Void = { _ in }
) throws -> [RecordBatch] {
    var configuration = SourceConfiguration(input: .standardInput, format: format)
    configure(&configuration)
    var stream = try DecodedStream(text, configuration)
    return stream.batches()
}

private func registerSequencer(
    _ name: String, _ format: SourceConfiguration.Format, text: @escaping () -> LineText
) {
    measure("stream: grid and rounds, \(name) [line]", .counted) {
        try batches(text(), format)
    } run: { batches in
        var sequencer = StreamSequencer(declaredInterval: nil, timesByRow: true)
        for batch in batches {
            for (index, row) in batch.rows.enumerated() {
                _ = sequencer.take(row, at: index, arrival: nil)
                if sequencer.isAtBorder { sequencer.beginRound() }
            }
        }
        return Amount(units: Int(sequencer.lines))
    }
}

private func registerGatherer() {
    measure("stream: long form to samples, 125 series of 8 channels [line]", .counted) {
        try batches(.declaredLong(lines), .csv) {
            $0.series = "device"
            $0.channel = "sensor"
        }
    } run: { batches in
        var gatherer = TickGatherer(interval: nil, writesTimes: false)
        for batch in batches { _ = gatherer.gather(batch) }
        return Amount(units: lines)
    }
}

private func registerMetrics() {
    measure("stream: statsd to samples, 1,000 names [line]", .counted) {
        var batches = try batches(.statsd(lines), .statsd)
        // Ten seconds of a stream: an interval ends with each thousand lines.
        for index in batches.indices { batches[index].arrival = time(10 * index * 512 / LineText.seriesCount) }
        return batches
    } run: { batches in
        var gatherer = MetricGatherer(interval: StreamSchema.flushInterval, writesTimes: false)
        for batch in batches { _ = gatherer.gather(batch, rows: batch.rows.indices) }
        return Amount(units: lines)
    }
}

private func registerFlows() {
    measure("stream: flows to samples, 250 hosts [flow]", .counted) {
        try batches(.zeek(lines), .zeek)
    } run: { batches in
        var gatherer = FlowGatherer(FlowGatherer.Settings(), admission: SeriesAdmission(), writesTimes: false)
        for batch in batches {
            var next = 0
            while next < batch.rows.count { next = gatherer.gather(batch, from: next, to: batch.rows.count).next }
        }
        return Amount(units: lines)
    }
}
