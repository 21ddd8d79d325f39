import Ingest
import Synchronization

/// Tells work that goes on from work that hangs, for the service manager's watchdog.
///
/// Every stage says when it takes something in hand and when it is done; a reading thread counts when it waits and when it
/// works. A stage hangs when it has had the same thing in hand for two looks in a row. One with nothing in hand is idle,
/// and idle is alive.
final class WorkWatch: Sendable {
    private struct Stage {
        var inHand = 0
        var done: UInt64 = 0
        /// What was done at the last look, when something was in hand there.
        var doneAtLastLook: UInt64?
    }

    private struct Reader {
        var activity: ReadingActivity
        var last: UInt64?
    }

    private let stages = Mutex<[String: Stage]>([:])
    private let readers = Mutex<[String: Reader]>([:])
    private let lastHanging = Mutex<[String]>([])

    /// What hung at the last look, in order.
    var hanging: [String] { lastHanging.withLock { $0 } }

    /// A stage takes something in hand.
    func begin(_ stage: String) { stages.withLock { $0[stage, default: Stage()].inHand += 1 } }

    /// A stage is done with something.
    func end(_ stage: String) {
        stages.withLock { stages in
            stages[stage, default: Stage()].inHand -= 1
            stages[stage, default: Stage()].done += 1
        }
    }

    /// Watches a reading thread, too.
    func watch(_ name: String, _ activity: ReadingActivity) {
        readers.withLock { $0[name] = Reader(activity: activity) }
    }

    /// Looks at every stage.
    ///
    /// - Returns: the names of those that hang, in order.
    func look() -> [String] {
        let hanging = stages.withLock { stages in
            var names: [String] = []
            for name in stages.keys {
                guard var stage = stages[name] else { continue }
                if stage.inHand > 0, stage.doneAtLastLook == stage.done { names.append(name) }
                stage.doneAtLastLook = stage.inHand > 0 ? stage.done : nil
                stages[name] = stage
            }
            return names
        }
        let stuck = readers.withLock { readers in
            var names: [String] = []
            for name in readers.keys {
                guard var reader = readers[name] else { continue }
                let now = reader.activity.turns
                if ReadingActivity.isWorking(now), reader.last == now { names.append(name) }
                reader.last = now
                readers[name] = reader
            }
            return names
        }
        let all = (hanging + stuck).sorted()
        lastHanging.withLock { $0 = all }
        return all
    }
}
