import Alerting
import Persistence
import TimeSeries

/// The stored state, taken out of the database and apart.
struct RestoredState: Sendable {
    /// The policy with its open incidents.
    var policy: AlertPolicy
    /// The streams by name.
    var streams: [String: StoredStream] = [:]
    /// What could not be used, in words; the streams named there begin anew.
    var problems: [String] = []

    /// Reads everything.
    ///
    /// - Throws: when the database cannot be read; pieces that cannot be used are problems, not errors.
    init(from store: StateStore, alerting: AlertingConfiguration) async throws {
        policy = AlertPolicy(configuration: alerting)
        if let bytes = try await store.load(scope: Committer.daemonScope)["policy"] {
            var reader = StateReader(bytes)
            do {
                policy = try AlertPolicy(configuration: alerting, from: &reader)
            } catch {
                problems.append("the incidents that were open cannot be read: \(error)")
            }
        }
        for scope in try await store.scopes() where scope.hasPrefix("stream/") {
            let name = String(scope.dropFirst("stream/".count))
            do {
                streams[name] = try StoredStream(try await store.load(scope: scope))
            } catch let error as StateCodingError {
                problems.append("the state of \(name) cannot be used: \(error)")
            }
        }
        problems += await store.damaged.map { "what is stored of \($0) is damaged" }
    }
}
