import Alerting
import Synchronization
import TimeSeries

/// 2026-11-21T02:14:10Z.
let onset = CivilTime(year: 2026, month: 11, day: 21, hour: 2, minute: 14, second: 10).utc

/// An instant so many seconds after ``onset``.
func at(_ seconds: Double) -> Timestamp { onset.advanced(bySeconds: seconds) }

let learned = LearningState(learnedSamples: 1_000, neededSamples: 1_000, learnedSeconds: 100 * 86_400)
let learning = LearningState(learnedSamples: 37, neededSamples: 100, learnedSeconds: 3_600)
/// Judged by what the others come to.
let newcomer = {
    var state = learning
    state.borrowedSamples = 1_000_000
    return state
}()

/// A verdict at one sample a second, sample 0 at ``onset``; threshold 5.
func verdict(
    _ number: UInt64, score: Double? = 0, isAbnormal: Bool = false, learning: LearningState = learned
) -> Verdict {
    Verdict(
        time: at(Double(number)), sampleNumber: number, score: score, threshold: 5, severity: 1,
        isAbnormal: isAbnormal, learning: learning)
}

/// A change of one series as its tracker would report it.
func change(
    _ event: AlertEvent, _ series: String, at seconds: Double, since: Double? = nil, until: Double? = nil,
    stream: String = "plant", kind: AlertKind = .anomaly, severity: AlertSeverity = .warning, score: Double? = 6,
    interval: Double? = nil, mutedUntil: Timestamp? = nil, isWholeSource: Bool = false
) -> SeriesChange {
    let change = IncidentChange(
        event: event, kind: kind, time: at(seconds), since: at(since ?? seconds), onsetSample: UInt64(since ?? seconds),
        until: until.map(at), severity: severity, score: score, threshold: 5, learning: learned)
    return SeriesChange(
        stream: stream, series: series, change: change, interval: interval, mutedUntil: mutedUntil,
        isWholeSource: isWholeSource)
}

/// A record with nothing special in it.
func record(_ id: String = "00000000000000aa", seq: Int = 0, event: AlertEvent = .open) -> AlertRecord {
    AlertRecord(
        id: id, seq: seq, event: event, time: onset, since: onset, severity: .warning, kind: .anomaly, series: "pump3",
        score: 6.5, threshold: 5, message: "pump3.temp is 84.2 °C", hint: "Look.")
}

/// Keeps what it is given; fails the first so many times.
final class CollectingSink: AlertSink {
    struct Refusal: Error, CustomStringConvertible { let description = "the sink is away" }

    let name: String
    private let state: Mutex<(failuresLeft: Int, records: [AlertRecord])>

    init(_ name: String, failing failures: Int = 0) {
        self.name = name
        state = Mutex((failures, []))
    }

    var records: [AlertRecord] { state.withLock { $0.records } }

    func deliver(_ record: AlertRecord) async throws {
        try state.withLock { state in
            if state.failuresLeft > 0 {
                state.failuresLeft -= 1
                throw Refusal()
            }
            state.records.append(record)
        }
    }
}
