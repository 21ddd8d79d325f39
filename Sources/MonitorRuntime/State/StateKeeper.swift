import Ingest
public import Persistence
import TimeSeries

/// Why a state was not changed.
public enum StateKeeperError: Error, Equatable, CustomStringConvertible {
    /// No snapshot is called so.
    case unknownSnapshot(name: String, there: [String])
    /// No series is called so, in the state or in the snapshot.
    case unknownSeries(String)
    /// A name that a file cannot have.
    case badName(String)
    /// Nothing was committed yet.
    case nothingToSave

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .unknownSnapshot(let name, let there):
            "there is no snapshot \(name)"
                + (there.isEmpty ? ", nor any other" : "; there are \(there.joined(separator: ", "))")
        case .unknownSeries(let pattern): "no stored series is called \(pattern)"
        case .badName(let name):
            "a snapshot cannot be called \"\(name)\": up to 64 letters, digits, \"-\", \"_\" and \".\", no dot in front"
        case .nothingToSave: "nothing was committed yet: there is nothing to keep"
        }
    }
}

/// Snapshots, going back to them, and beginning anew; with the directory's lock where something is changed.
public struct StateKeeper: Sendable {
    /// What going back or beginning anew comes to, before it is done.
    public struct Plan: Sendable {
        /// The streams it touches, each with the series that change; all of them where whole streams do.
        public var touched: [(stream: String, series: [String])] = []
        /// Whether positions, weights and open incidents change too, and not only what is the series' own.
        public var isWhole: Bool
        var changes: [StatePart] = []
        var snapshot: StateSnapshot?

        /// What will change, in lines.
        public var text: String {
            var lines: [String] = []
            for (stream, series) in touched {
                let shown = series.prefix(8).joined(separator: ", ") + (series.count > 8 ? ", …" : "")
                lines.append("  \(stream): \(series.count) series (\(shown))")
            }
            return lines.joined(separator: "\n")
        }
    }

    private let directory: String
    private let folder: SnapshotFolder

    /// Creates a keeper; nothing is read yet.
    public init(directory: String) {
        self.directory = directory
        folder = SnapshotFolder(ofState: directory)
    }

    /// The name of a snapshot taken now: `2026-11-21T204507Z`.
    public static func dateName() -> String {
        // Whole seconds, without what a file name should not have.
        let text = Timestamp(nanoseconds: WallClock.now().nanoseconds / 1_000_000_000 * 1_000_000_000).description
        return String(text.filter { $0 != ":" })
    }

    /// Takes a snapshot of the last commit, while the state may be in use.
    ///
    /// - Parameter name: what it is to be called; `nil` for the date.
    /// - Throws: ``StateKeeperError``, `PersistenceError`.
    public func save(named name: String? = nil) throws -> StateSnapshot {
        let name = name ?? Self.dateName()
        guard SnapshotFolder.isName(name) else { throw StateKeeperError.badName(name) }
        guard let snapshot = try folder.save(named: name) else { throw StateKeeperError.nothingToSave }
        return snapshot
    }

    /// What going back to a snapshot changes.
    ///
    /// - Parameter patterns: series, by name or with `*`; none for the whole state.
    /// - Throws: ``StateKeeperError``, `PersistenceError`, `StateCodingError`.
    public func planRollback(to name: String, series patterns: [String]) async throws -> Plan {
        let all = folder.list()
        guard let snapshot = all.first(where: { $0.name == name }) else {
            throw StateKeeperError.unknownSnapshot(name: name, there: all.map(\.name))
        }
        let store = try StateStore(copyOf: directory)
        var plan = Plan(isWhole: patterns.isEmpty, snapshot: snapshot)
        for scope in try await store.scopes() where scope.hasPrefix("stream/") {
            let now = try StoredStream(try await store.load(scope: scope)).header.place.decoding.seriesNames
            let stream = String(scope.dropFirst("stream/".count))
            guard !patterns.isEmpty else {
                plan.touched.append((stream, now))
                continue
            }
            let pieces = try folder.pieces(of: scope, in: name)
            guard !pieces.isEmpty else { continue }
            let then = try StoredStream(pieces).header.place.decoding.seriesNames
            var found: [String] = []
            for (number, series) in now.enumerated() where Self.matches(series, patterns) {
                guard let old = then.firstIndex(of: series), let bytes = pieces["series/\(old)"] else { continue }
                found.append(series)
                plan.changes.append(StatePart(scope: scope, name: "series/\(number)", bytes: bytes))
            }
            if !found.isEmpty { plan.touched.append((stream, found)) }
        }
        try Self.checkFound(patterns, in: plan)
        return plan
    }

    /// What beginning anew changes.
    ///
    /// - Parameter patterns: series, by name or with `*`; none for the whole state.
    /// - Throws: ``StateKeeperError``, `PersistenceError`, `StateCodingError`.
    public func planReset(series patterns: [String]) async throws -> Plan {
        let store = try StateStore(copyOf: directory)
        var plan = Plan(isWhole: patterns.isEmpty)
        for scope in try await store.scopes() where scope.hasPrefix("stream/") {
            // What cannot be read may be dropped as well.
            let header = try? StoredStream(try await store.load(scope: scope)).header
            let now = header?.place.decoding.seriesNames ?? []
            let stream = String(scope.dropFirst("stream/".count))
            guard !patterns.isEmpty else {
                plan.touched.append((stream, now))
                continue
            }
            var found: [String] = []
            for (number, series) in now.enumerated() where Self.matches(series, patterns) {
                found.append(series)
                plan.changes.append(StatePart(scope: scope, name: "series/\(number)", content: .removed))
            }
            if !found.isEmpty { plan.touched.append((stream, found)) }
        }
        try Self.checkFound(patterns, in: plan)
        return plan
    }

    /// Does what was planned, after a snapshot of how it was.
    ///
    /// - Returns: the snapshot by which it can be undone; `nil` when there was nothing to keep.
    /// - Throws: `PersistenceError` (``PersistenceError/inUse(directory:owner:)`` while a daemon runs), `DatabaseError`;
    ///   then nothing is changed.
    public func carryOut(_ plan: Plan) async throws -> StateSnapshot? {
        let store = try StateStore(directory: directory)
        let undo = try folder.save(named: Self.dateName())
        if !plan.changes.isEmpty {
            _ = try await store.commit(plan.changes)
        } else if let snapshot = plan.snapshot {
            try await store.rollBack(to: snapshot, in: folder)
        } else if plan.isWhole {
            try await store.removeAll()
        }
        await store.close()
        return undo
    }

    private static func matches(_ series: String, _ patterns: [String]) -> Bool {
        patterns.contains { SeriesRule(pattern: $0).matches(series) }
    }

    private static func checkFound(_ patterns: [String], in plan: Plan) throws(StateKeeperError) {
        let found = plan.touched.flatMap(\.series)
        for pattern in patterns where !found.contains(where: { matches($0, [pattern]) }) {
            throw .unknownSeries(pattern)
        }
    }
}
