import ArgumentParser
import MonitorRuntime
import Persistence

/// What a shell offers where the id of an incident is wanted: those of the newest messages in the state that the configuration
/// names, the newest first.
enum IncidentCompletion {
    /// For the argument of a verb.
    static let kind = CompletionKind.custom { _, _, _ in await newest() }

    /// Messages that are looked at.
    private static let mostMessages = 200

    /// Nothing is told when they cannot be read: somebody is in the middle of a line.
    private static func newest() async -> [String] {
        guard let loaded = try? Start.loader().load(ConfigurationOverrides()),
            let directory = loaded.configuration.stateDirectory ?? Start.serviceState,
            let store = try? StateStore(copyOf: directory)
        else { return [] }
        let messages = (try? await store.history(limit: mostMessages)) ?? []
        await store.close()
        var ids: [String] = []
        for message in messages where !ids.contains(message.id) { ids.append(message.id) }
        return ids
    }
}
