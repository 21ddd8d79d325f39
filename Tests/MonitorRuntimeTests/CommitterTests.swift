import Alerting
import Logging
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import MonitorRuntime

@Suite struct CommitterTests {
    /// A clock that a test turns.
    private final class Hands: Sendable {
        let seconds = Mutex(0.0)
        func turn(to time: Double) { seconds.withLock { $0 = time } }
    }

    @Test func `a state that takes long to store is stored in a tenth of the time at most`() async throws {
        let directory = try TemporaryDirectory()
        let store = try StateStore(directory: directory.path("state"))
        let desk = AlertDesk(policy: AlertPolicy()) { _ in }
        let hands = Hands()
        let committer = Committer(
            store: store, every: 60, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: { hands.seconds.withLock { $0 } })
        func commit(at time: Double, taking seconds: Double) async {
            hands.turn(to: time)
            let begin = committer.now
            await committer.store([], of: "large", with: desk)
            hands.turn(to: time + seconds)
            committer.weigh("large", since: begin)
        }
        #expect(!committer.isDue("large"))
        await commit(at: 60, taking: 2)
        hands.turn(to: 119)
        #expect(!committer.isDue("large"))
        hands.turn(to: 120)
        #expect(committer.isDue("large"), "two seconds are less than a tenth of a minute")
        await commit(at: 120, taking: 20)
        hands.turn(to: 319)
        #expect(!committer.isDue("large"))
        #expect(committer.isDue("small"))
        hands.turn(to: 320)
        #expect(committer.isDue("large"))
        await commit(at: 320, taking: 1)
        hands.turn(to: 380)
        #expect(committer.isDue("large"))
    }
}
