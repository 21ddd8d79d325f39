import Alerting
import Persistence
import TimeSeries

/// Where a replay of the history begins: with a snapshot of the state, or with nothing learned.
struct HistoryStart: Sendable {
    /// The snapshot's name; `nil` to begin anew.
    var snapshot: String?
    /// The streams as they were then.
    var streams: [String: StoredStream] = [:]
    /// The policy as it was, under another configuration.
    var policy: AlertPolicy
    /// What could not be used, in words.
    var problems: [String] = []

    /// Chooses the last snapshot before a time, or where there is none the first one.
    ///
    /// - Throws: `PersistenceError` when a snapshot cannot be read.
    init(
        before time: Timestamp, of streamNames: [String], in folder: SnapshotFolder, alerting: AlertingConfiguration
    ) throws {
        policy = AlertPolicy(configuration: alerting)
        var before: (name: String, time: Timestamp)?
        var after: (name: String, time: Timestamp)?
        for snapshot in folder.list() {
            guard let last = Self.lastTime(of: streamNames, in: snapshot.name, folder) else { continue }
            if last <= time {
                if before.map({ $0.time < last }) ?? true { before = (snapshot.name, last) }
            } else if after.map({ last < $0.time }) ?? true {
                after = (snapshot.name, last)
            }
        }
        guard let name = (before ?? after)?.name else { return }
        snapshot = name
        for stream in streamNames {
            let pieces = try folder.pieces(of: StoredStream.scope(of: stream), in: name)
            guard !pieces.isEmpty else { continue }
            do throws(StateCodingError) {
                streams[stream] = try StoredStream(pieces)
            } catch {
                problems.append("\(stream) in the snapshot \(name) cannot be used: \(error); it begins anew")
            }
        }
        guard let bytes = try folder.pieces(of: Committer.daemonScope, named: "policy", in: name)["policy"] else {
            return
        }
        var reader = StateReader(bytes)
        do throws(StateCodingError) {
            policy = try AlertPolicy(configuration: alerting, from: &reader)
        } catch {
            problems.append("the incidents that were open in the snapshot \(name) cannot be read: \(error)")
        }
    }

    /// Event time of the last sample in a snapshot; `nil` when no stream is in it.
    private static func lastTime(of streams: [String], in snapshot: String, _ folder: SnapshotFolder) -> Timestamp? {
        streams.compactMap { stream in
            let piece = try? folder.pieces(of: StoredStream.scope(of: stream), named: "stream", in: snapshot)
            return piece.flatMap { try? StoredStream($0) }?.header.lastTime
        }.max()
    }
}
