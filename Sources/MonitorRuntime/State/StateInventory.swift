import Alerting
import Ingest
public import Persistence
import TimeSeries

/// What a state directory holds, for a person: streams, series and snapshots.
public struct StateInventory: Sendable {
    /// One stored stream.
    public struct Stream: Equatable, Sendable {
        /// The stream's name.
        public var name: String
        /// The names of its series, in the order they were met; those that have ended are among them.
        public var series: [String]
        /// How many groups of the same channels they form.
        public var groups: Int
        /// Bytes of its file that have been read; `nil` for standard input and sockets.
        public var offset: Int64?
        /// Event time of its last sample, as text; empty before the first.
        public var lastTime: String
        /// Bytes of its pieces, unpacked.
        public var bytes: Int
    }

    /// The state directory.
    public var directory: String
    /// When the last commit was; empty when it is not known.
    public var committed: String
    /// The streams by name.
    public var streams: [Stream] = []
    /// What cannot be used, in words.
    public var problems: [String] = []
    /// The snapshots, the dated ones first, oldest first.
    public var snapshots: [StateSnapshot]

    /// Looks into a directory, which may be in use.
    ///
    /// - Throws: `PersistenceError` when there is no state, or it cannot be read.
    public init(directory: String) async throws {
        self.directory = directory
        snapshots = SnapshotFolder(ofState: directory).list()
        let store = try StateStore(copyOf: directory)
        committed = try await store.committed
        for scope in try await store.scopes() where scope.hasPrefix("stream/") {
            let name = String(scope.dropFirst("stream/".count))
            let parts = try await store.load(scope: scope)
            do throws(StateCodingError) {
                let header = try StoredStream(parts).header
                streams.append(
                    Stream(
                        name: name, series: header.place.decoding.seriesNames, groups: header.groups.count,
                        offset: header.place.isInFile ? header.place.offset : nil,
                        lastTime: header.lastTime.nanoseconds == 0 ? "" : header.lastTime.description,
                        bytes: parts.values.reduce(0) { $0 + $1.count }))
            } catch {
                problems.append("the state of \(name) cannot be used: \(error)")
            }
        }
    }

    /// A few lines for a terminal.
    public var text: String {
        var lines = [
            "state in \(directory)" + (committed.isEmpty ? ", nothing committed yet" : ", committed \(committed)")
        ]
        for stream in streams {
            let read = stream.offset.map { ", read up to byte \($0)" } ?? ""
            let last = stream.lastTime.isEmpty ? "" : ", last sample \(stream.lastTime)"
            let groups = stream.groups == 1 ? "" : " in \(stream.groups) groups"
            lines.append(
                "  \(stream.name): \(stream.series.count) series\(groups)\(read)\(last), "
                    + SampleCheck.kilobytes(stream.bytes))
        }
        lines += problems.map { "  \($0)" }
        lines.append(snapshots.isEmpty ? "no snapshots" : "snapshots:")
        for snapshot in snapshots {
            lines.append("  \(snapshot.name)  \(SampleCheck.kilobytes(snapshot.bytes))")
        }
        return lines.joined(separator: "\n")
    }
}
