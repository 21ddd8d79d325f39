import Alerting
import Logging
import TimeSeries

/// Where the changes of all streams meet: one policy decides what is told, and what it decides is handed on.
///
/// A partition of a broker's topic has a policy of its own, which goes from worker to worker with it: what is told must not
/// depend on which other partitions its worker has.
actor AlertDesk {
    /// Takes records on: to the outbox and the sinks in `run`, to a file in `replay`.
    typealias Output = @Sendable ([AlertRecord]) async throws -> Void

    /// What decides for one partition.
    private struct Branch {
        var policy: AlertPolicy
        /// Its part of the daemon's budget.
        var share: Double
        /// Whether the partition is this worker's still.
        var isHeld: @Sendable () -> Bool
    }

    private(set) var policy: AlertPolicy
    /// By the stream that it is of.
    private var branches: [String: Branch] = [:]
    private let output: Output
    private let retryLogger: Logger?
    /// Records that the output has refused so far; they go first, in order, with the next ones.
    private var waiting: [AlertRecord] = []
    /// Records that did not fit among those since the output last took any.
    private var lostRecords = 0
    /// Refusals in a row.
    private var refusals = 0
    /// Records that are kept while the output refuses them, at most; about 15 MB.
    private let mostWaiting: Int
    /// Calls of the output that have not returned.
    private var inFlight = 0

    /// Creates a desk.
    ///
    /// - Parameter retryLogger: told when the output refuses records; they are kept and tried again, and watching goes on.
    ///   Without one a refusal is the caller's error.
    /// - Parameter mostWaiting: records kept so; of more the latest are lost, which is told when the output takes some again.
    init(policy: AlertPolicy, retryLogger: Logger? = nil, mostWaiting: Int = 5_000, output: @escaping Output) {
        self.mostWaiting = mostWaiting
        self.policy = policy
        self.retryLogger = retryLogger
        self.output = output
    }

    /// Applies other budgets and labels from the next tick on; open incidents stay.
    func reconfigure(_ configuration: AlertingConfiguration) {
        policy.reconfigure(configuration)
        for stream in branches.keys {
            branches[stream]?.policy.reconfigure(configuration.sharing(branches[stream]?.share ?? 1))
        }
    }

    // MARK: Partitions

    /// A stream is decided for by a policy of its own from now on.
    ///
    /// - Parameters:
    ///   - stored: the policy as ``state(of:)`` gave it; `nil` for one without open incidents.
    ///   - share: its part of the daemon's budget.
    ///   - isHeld: whether the stream is this worker's still; asked before anything of it is told.
    /// - Throws: `StateCodingError`; then it has a policy without open incidents.
    func open(
        branch stream: String, stored: [UInt8]?, configuration: AlertingConfiguration, share: Double,
        isHeld: @escaping @Sendable () -> Bool
    ) throws {
        let own = configuration.sharing(share)
        branches[stream] = Branch(policy: AlertPolicy(configuration: own).named(stream), share: share, isHeld: isHeld)
        guard let stored else { return }
        var reader = StateReader(stored)
        branches[stream]?.policy = try AlertPolicy(configuration: own, from: &reader).named(stream)
    }

    /// A stream is not decided for any more.
    func close(branch stream: String) { branches[stream] = nil }

    /// The policy of a stream that has one of its own, as a piece of state; `nil` of any other, and while records wait to be
    /// handed on.
    func state(of stream: String) -> [UInt8]? {
        guard waiting.isEmpty, inFlight == 0, let branch = branches[stream] else { return nil }
        var writer = StateWriter()
        branch.policy.encode(to: &writer)
        return writer.bytes
    }

    private func policy(of stream: String) -> AlertPolicy { branches[stream]?.policy ?? policy }

    /// All policies, the daemon's first.
    private var policies: [AlertPolicy] { [policy] + branches.sorted { $0.key < $1.key }.map(\.value.policy) }

    /// Changes the policy of a stream.
    private func withPolicy<Result>(of stream: String, _ body: (inout AlertPolicy) -> Result) -> Result {
        guard var branch = branches.removeValue(forKey: stream) else { return body(&policy) }
        defer { branches[stream] = branch }
        return body(&branch.policy)
    }

    /// Says how many anomalies the active series of a stream may open by chance, in incidents a second.
    ///
    /// - Throws: as ``admit(_:at:)``: what was held back may close its incident at this time.
    func expect(chanceOpeningsPerSecond rate: Double, of stream: String, at time: Timestamp) async throws {
        try await take(
            withPolicy(of: stream) { $0.expect(chanceOpeningsPerSecond: rate, of: stream, at: time) })
    }

    /// When the next silence of a stream ends in which something opened that is open still.
    func nextEndOfSilence(of stream: String) -> Timestamp? { policy(of: stream).nextEndOfSilence(of: stream) }

    /// Silences that were asked for, in order of the asking; some may be over.
    var mutes: [Mute] { policies.flatMap(\.mutes) }

    /// Tells nothing of some series until a time, from the next tick on.
    ///
    /// - Returns: `false` when there are too many silences.
    func silence(_ mutes: [Mute]) -> Bool {
        for mute in mutes where !withPolicy(of: mute.stream, { $0.silence(mute) }) { return false }
        return true
    }

    /// Ends silences from the next tick on; see `AlertPolicy.endSilence`.
    func endSilence(_ pattern: NamePattern, at times: [String: Timestamp]) -> [Mute] {
        var ended = policy.endSilence(pattern, at: times)
        for stream in branches.keys.sorted() {
            ended += withPolicy(of: stream) { $0.endSilence(pattern, at: times) }
        }
        return ended
    }

    /// The open incidents whose ids begin so.
    func openIncidents(prefix: String) -> [(id: String, stream: String, series: [String])] {
        policies.flatMap { $0.openIncidents(prefix: prefix) }
    }

    /// Ids of the incidents that are told and open, oldest first.
    func openIncidents() -> [String] { policies.flatMap(\.openIncidents) }

    /// Incidents held back since the state began.
    var heldBackIncidents: UInt64 { policies.reduce(0) { $0 + $1.heldBackIncidents } }

    /// Number of records that could not be handed on yet.
    var waitingRecords: Int { waiting.count }

    /// The policy as one piece of state; `nil` while records wait to be handed on, which the state does not hold.
    func state() -> [UInt8]? {
        guard waiting.isEmpty, inFlight == 0 else { return nil }
        var writer = StateWriter()
        policy.encode(to: &writer)
        return writer.bytes
    }

    /// Decides over the changes of one tick of a stream.
    ///
    /// - Returns: for each change whether a published incident of its series is open now.
    /// - Throws: what the output throws, unless it is tried again; the records are kept and go first next time.
    func admit(_ changes: [SeriesChange], at time: Timestamp) async throws -> [Bool] {
        let stream = changes.first?.stream ?? ""
        if let branch = branches[stream], !branch.isHeld() { throw PartitionLost(stream: stream) }
        let decision = withPolicy(of: stream) { $0.admit(changes, at: time) }
        try await take(decision.records)
        return decision.isPublished
    }

    /// Hands records on, or keeps them for the next time when that fails.
    private func take(_ records: [AlertRecord]) async throws {
        wait(records)
        do {
            try await handOn()
        } catch {
            guard let retryLogger else { throw error }
            refusals += 1
            // Every tick tries again: told the first time, the second, the fourth, and so on.
            guard refusals & (refusals - 1) == 0 else { return }
            retryLogger.error(
                "alerts could not be stored; they are kept and tried again",
                metadata: ["alerts.waiting": "\(waiting.count)", "error": "\(error)"])
        }
    }

    private func wait(_ records: [AlertRecord]) {
        let room = max(0, mostWaiting - waiting.count)
        waiting += records.prefix(room)
        lostRecords += max(0, records.count - room)
    }

    /// Hands on what is waiting.
    func handOn() async throws {
        // Taken out before the wait: another stream's changes may come in meanwhile and must not send these again.
        let records = waiting
        waiting = []
        guard !records.isEmpty else { return }
        inFlight += 1
        defer { inFlight -= 1 }
        do {
            try await output(records)
            refusals = 0
            if lostRecords > 0 {
                retryLogger?.error(
                    "alerts can be stored again; those that were too many to keep are lost",
                    metadata: ["alerts.lost": "\(lostRecords)"])
                lostRecords = 0
            }
        } catch {
            waiting.insert(contentsOf: records, at: 0)
            throw error
        }
    }
}
