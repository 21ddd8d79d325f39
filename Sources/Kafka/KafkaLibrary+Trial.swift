import CKafka

extension KafkaLibrary {
    /// Tries settings with a client that knows no broker and so connects to nobody: names, values, and what they name, such as
    /// certificates.
    ///
    /// - Throws: ``KafkaError/badSetting(name:value:reason:)``, ``KafkaError/failed(attempt:reason:)`` for settings that are
    ///   wrong together.
    public func tryOut(_ settings: [(name: String, value: String)]) throws(KafkaError) {
        var reason = [CChar](repeating: 0, count: 512)
        // The configuration is this call's until the client takes it over; texts and reason live for each call.
        let configuration = unsafe calls.rd_kafka_conf_new()
        // What the client says of itself, as that it has no broker, goes nowhere.
        for (name, value) in [("log.queue", "true")] + settings {
            guard unsafe calls.rd_kafka_conf_set(configuration, name, value, &reason, reason.count) == RD_KAFKA_CONF_OK
            else {
                unsafe calls.rd_kafka_conf_destroy(configuration)
                throw .badSetting(name: name, value: value, reason: Self.text(reason))
            }
        }
        guard let handle = unsafe calls.rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &reason, reason.count) else {
            unsafe calls.rd_kafka_conf_destroy(configuration)
            throw .failed(attempt: "use the settings", reason: Self.text(reason))
        }
        unsafe calls.rd_kafka_destroy_flags(handle, 0)
    }
}
