import Alerting
import Logging
import TimeSeries

/// Where the changes of all streams meet: one policy decides what is told, and what it decides is handed on.
actor AlertDesk {
    /// Takes records on: to the outbox and the sinks in `run`, to a file in `replay`.
    typealias Output = @Sendable ([AlertRecord]) async throws -> Void

    private(set) var policy: AlertPolicy
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
    func reconfigure(_ configuration: AlertingConfiguration) { policy.reconfigure(configuration) }

    /// Says how many anomalies the active series of a stream may open by chance, in incidents a second.
    ///
    /// - Throws: as ``admit(_:at:)``: what was held back may close its incident at this time.
    func expect(chanceOpeningsPerSecond rate: Double, of stream: String, at time: Timestamp) async throws {
        try await take(policy.expect(chanceOpeningsPerSecond: rate, of: stream, at: time))
    }

    /// When the next silence of a stream ends in which something opened that is open still.
    func nextEndOfSilence(of stream: String) -> Timestamp? { policy.nextEndOfSilence(of: stream) }

    /// Silences that were asked for, in order of the asking; some may be over.
    var mutes: [Mute] { policy.mutes }

    /// Tells nothing of some series until a time, from the next tick on.
    ///
    /// - Returns: `false` when there are too many silences.
    func silence(_ mutes: [Mute]) -> Bool {
        for mute in mutes where !policy.silence(mute) { return false }
        return true
    }

    /// Ends silences from the next tick on; see `AlertPolicy.endSilence`.
    func endSilence(_ pattern: NamePattern, at times: [String: Timestamp]) -> [Mute] {
        policy.endSilence(pattern, at: times)
    }

    /// The open incidents whose ids begin so.
    func openIncidents(prefix: String) -> [(id: String, stream: String, series: [String])] {
        policy.openIncidents(prefix: prefix)
    }

    /// Ids of the incidents that are told and open, oldest first.
    func openIncidents() -> [String] { policy.openIncidents }

    /// Incidents held back since the state began.
    var heldBackIncidents: UInt64 { policy.heldBackIncidents }

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
        let decision = policy.admit(changes, at: time)
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
