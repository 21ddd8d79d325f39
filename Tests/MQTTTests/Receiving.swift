import Foundation
import Ingest
import Logging
import TestSupport
import Testing
import TimeSeries

@testable import MQTT

/// What a source delivered, and who waits for something of it.
actor Delivered {
    private(set) var batches: [RecordBatch] = []
    private var waiting: (isDone: @Sendable (Delivered.Rows) -> Bool, continuation: CheckedContinuation<Void, Never>)?

    /// A row with what it refers to.
    struct Row: Equatable, Sendable {
        var stream: String
        var series: String?
        var values: [Double]
        var time: Timestamp?
        var isMalformed = false
        var stops = false
    }
    typealias Rows = [Row]

    private(set) var rows: Rows = []

    func add(_ batch: RecordBatch) {
        batches.append(batch)
        for row in batch.rows {
            let group = row.series >= 0 ? Int(batch.seriesGroups[Int(row.series)]) : 0
            let count = row.malformed == nil && !row.stopsSeries ? batch.schema?.groups[group].count ?? 0 : 0
            let first = Int(row.firstValue)
            rows.append(
                Row(
                    stream: batch.stream, series: row.series >= 0 ? batch.seriesNames[Int(row.series)] : nil,
                    values: Array(batch.values[first..<(first + count)]), time: row.time,
                    isMalformed: row.malformed != nil, stops: row.stopsSeries))
        }
        if let waiting, waiting.isDone(rows) { end() }
    }

    /// Nothing more will come.
    func end() {
        waiting?.continuation.resume()
        waiting = nil
    }

    func wait(_ isDone: @escaping @Sendable (Rows) -> Bool) async {
        if isDone(rows) { return }
        await withCheckedContinuation { waiting = (isDone, $0) }
    }

    func wait(forRows count: Int) async { await wait { $0.count >= count } }

    /// The channels of a series, as its stream has them.
    func channels(of series: String) -> [String] {
        guard let batch = batches.last(where: { $0.seriesNames.contains(series) }),
            let index = batch.seriesNames.firstIndex(of: series)
        else { return [] }
        return batch.schema?.groups[Int(batch.seriesGroups[index])].map { channel in
            channel.unit.map { "\(channel.name) [\($0)]" } ?? channel.name
        } ?? []
    }
}

/// Runs a source at a broker while `body` publishes, and returns what it delivered and counted.
func receive(
    _ broker: TestBroker, _ settings: MQTTSettings, address: String? = nil, client: String = "monitord-test",
    resume: [String: DecodingState] = [:], arrival: @escaping @Sendable () -> Timestamp = { Timestamp(nanoseconds: 5) },
    configure: (inout SourceConfiguration) -> Void = { _ in },
    deliver: (@Sendable (RecordBatch) async throws -> Void)? = nil,
    _ body: (Delivered, SourceTelemetry) async throws -> Void
) async throws -> (delivered: Delivered, counters: SourceTelemetry.Counters) {
    let delivered = Delivered()
    let telemetry = SourceTelemetry()
    let address = address ?? broker.address
    var configuration = SourceConfiguration(input: .mqtt(address: address, client: client))
    configuration.mqtt = settings
    configure(&configuration)
    let source = try MQTTSource(
        address: address, client: client, configuration: configuration, arrival: arrival, telemetry: telemetry,
        admission: .atOnce, resume: resume)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            do {
                try await source.run { batch in
                    try await deliver?(batch)
                    await delivered.add(batch)
                }
            } catch {
                await delivered.end()
                throw error
            }
        }
        try await telemetry.waitUntilConnected()
        try await body(delivered, telemetry)
        tasks.cancelAll()
        try await tasks.waitForAll()
    }
    return (delivered, telemetry.counters)
}

extension SourceTelemetry {
    /// Returns when the broker is connected to.
    func waitUntilConnected() async throws {
        while counters.broker?.isConnected != true { try await Task.sleep(for: .milliseconds(2)) }
    }
}
