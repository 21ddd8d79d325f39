import Alerting
import Logging
import Onward
import Persistence
import Synchronization
import TimeSeries

#if MQTT
    import MQTT
#endif

/// The configured sinks of the running daemon: those of `[[sink]]`, which may come, change and go with a reload.
///
/// Each is a ``ReplaceableSink`` for its name, so that the outbox keeps its place.
final class OnwardSinks: Sendable {
    private struct Entry {
        let sink: ReplaceableSink
        /// Whether the configuration has it now. One that it has no more stays, switched off, until the next start.
        var isWanted: Bool
    }

    private let entries = Mutex<[Entry]>([])
    private let stamp: @Sendable () -> EmissionStamp

    /// Creates the sinks of a configuration.
    ///
    /// - Throws: ``AlertingError`` when a thread cannot be had.
    init(_ configuration: MonitorConfiguration, stamp: @escaping @Sendable () -> EmissionStamp) throws {
        self.stamp = stamp
        let made = try configuration.sinks.map { sink in
            Entry(
                sink: ReplaceableSink(name: sink.name, target: try make(sink, configuration)), isWanted: true)
        }
        entries.withLock { $0 = made }
    }

    /// For the router, at the start.
    var all: [any AlertSink] { entries.withLock { $0.map(\.sink) } }

    /// Those that the configuration has.
    var wanted: [ReplaceableSink] { entries.withLock { $0.filter(\.isWanted).map(\.sink) } }

    /// Makes every sink anew, so that the files that it names are read again, and adds and switches off what is new and gone.
    ///
    /// - Parameter others: names of the sinks that the outbox has to remember too.
    /// - Throws: ``AlertingError`` or ``DatabaseError``; sinks that were not reached go on as before.
    func apply(
        _ configuration: MonitorConfiguration, others: [String], router: AlertRouter, store: StateStore
    ) async throws {
        for sink in configuration.sinks {
            let target = try make(sink, configuration)
            if let known = entry(named: sink.name, isWanted: true) {
                known.replace(with: target)
                await router.add(known)
            } else {
                let new = ReplaceableSink(name: sink.name, target: target)
                let names = entries.withLock { $0.map(\.sink.name) }
                // Known to the outbox first: its part begins with what comes from now on.
                try await store.registerSinks(others + names + [sink.name])
                entries.withLock { $0.append(Entry(sink: new, isWanted: true)) }
                await router.add(new)
            }
        }
        let names = Set(configuration.sinks.map(\.name))
        for gone in wanted where !names.contains(gone.name) {
            _ = entry(named: gone.name, isWanted: false)
            gone.replace(with: nil)
            await router.retire(gone.name)
        }
    }

    private func entry(named name: String, isWanted: Bool) -> ReplaceableSink? {
        entries.withLock { entries in
            guard let place = entries.firstIndex(where: { $0.sink.name == name }) else { return nil }
            entries[place].isWanted = isWanted
            return entries[place].sink
        }
    }

    private func make(
        _ sink: SinkConfiguration, _ configuration: MonitorConfiguration
    ) throws(AlertingError) -> any AlertSink {
        if case .mqtt(let address) = sink.place { return try makeBrokerSink(sink, at: address) }
        // Port 0 is one that nobody knows beforehand.
        let address = configuration.hasPage ? configuration.httpAddress.flatMap { $0.port > 0 ? $0 : nil } : nil
        return try sink.makeSink(page: address.map { "http://\($0)/" }, stamp: stamp)
    }

    private func makeBrokerSink(_ sink: SinkConfiguration, at address: String) throws(AlertingError) -> any AlertSink {
        #if MQTT
            // The configuration has read the address.
            guard var access = try? BrokerAccess(address, client: sink.clientID ?? BrokerClient.ofSinks) else {
                throw .notBuilt(sink: sink.name)
            }
            access.username = sink.username
            access.passwordFile = sink.passwordFile
            access.caFile = sink.authoritiesFile
            access.certFile = sink.certificateFile
            access.keyFile = sink.keyFile
            let settings = MQTTSink.Configuration(access: access, topic: sink.topic, patience: sink.timeout)
            return SevereSink(
                sink: try MQTTSink(settings, name: sink.name, stamp: stamp), configuration: sink)
        #else
            throw .notBuilt(sink: sink.name)
        #endif
    }
}

/// A sink that gets what is severe enough.
private struct SevereSink: AlertSink {
    let sink: any AlertSink
    let configuration: SinkConfiguration

    var name: String { sink.name }
    var isReachable: Bool { sink.isReachable }
    var backOff: RetryBackOff? { SinkConfiguration.backOff }

    func deliver(_ record: AlertRecord) async throws {
        if configuration.wants(record) { try await sink.deliver(record) }
    }
}
