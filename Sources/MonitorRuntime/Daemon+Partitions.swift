import Ingest
import StatusServer
import TimeSeries

/// Sources whose streams come and go: partitions of a broker's topics.
extension Daemon {
    /// Works on the partitions that a group gives this daemon, until the task is cancelled.
    ///
    /// - Throws: `IngestError` when this monitord was built without it, and what the worker throws.
    func work(
        on input: KafkaInput, source: SourceConfiguration, number: Int, streams: StreamTable,
        admission: SeriesAdmission, telemetry: SourceTelemetry, life: ServiceLife
    ) async throws {
        #if Kafka
            let worker = KafkaWorker(
                input, source: source, number: number,
                around: KafkaWorker.Surroundings(
                    streams: streams, life: life, admission: admission, telemetry: telemetry,
                    board: streams.board, worker: input.member ?? workerName), logger: logger)
            try await worker.run()
        #else
            throw IngestError.notBuilt(input: "kafka", trait: "Kafka")
        #endif
    }

    /// A name that stays over restarts, and that two workers of one machine do not share: by the state that each has.
    private var workerName: String {
        var hash = StableHash()
        hash.combine(configuration.stateDirectory ?? "")
        return "\(WallClock.hostName())-\(String(hash.value % 0x1_0000, radix: 16))"
    }
}
