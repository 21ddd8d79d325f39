import Ingest
import Logging
import TimeSeries

#if MQTT
    import MQTT
#endif

/// Sources at brokers.
extension Daemon {
    /// Makes a source at an MQTT broker.
    ///
    /// - Throws: `IngestError.noBroker` where it was left out of the build.
    func brokerSource(
        _ source: SourceConfiguration, _ address: String, _ client: String?, isAlone: Bool,
        _ resume: [String: ReadingPlace], _ admission: SeriesAdmission, _ telemetry: SourceTelemetry
    ) throws -> any RecordSource {
        #if MQTT
            let place = BrokerAddress(address)?.place ?? address
            let name = isAlone ? "input" : client.map { "mqtt \($0)" } ?? "mqtt \(place)"
            return try MQTTSource(
                address: address, client: client ?? BrokerClient.ofSources, stream: name,
                configuration: source, arrival: { WallClock.now() }, telemetry: telemetry, admission: admission,
                resume: resume.mapValues(\.decoding), logger: logger)
        #else
            throw IngestError.noBroker(address: address, reason: "this monitord was built without MQTT")
        #endif
    }
}
