import AnomalyDetection
import Ingest
import Persistence

/// What the daemon takes of memory, as the kernel counts it (resident), by what it watches.
///
///     program + groups' shared memory + series × (detectors + place + state + history)
///
/// What detectors hold is found by filling them (``SeriesCost``); the rest are the constants below, measured with
/// `Benchmarks/resident.py` on the daemon itself (BENCHMARKS.md, "Memory"). `max_memory` bounds the same sum with rings that are
/// full, so that the process stays below it.
enum ResidentMemory {
    /// The program with nothing to watch: the code that is used, its tables, threads, buffers, sinks and the networks of one group.
    /// `run --file` of one series with 18 samples and no state is 24.5 MB.
    static let program = 24_500_000
    /// More of it with a state directory: 0.7 MB at once, and SQLite's cache of 2 MB when it has filled.
    static let state = 2_700_000
    /// Of each series besides its detectors: its clock, its tracker and conditioner, its names and places, and its line on
    /// its way. 2,000 `lean` series with full rings, without a state, take 11.1 kB each, of which the detectors are 6.7 and
    /// their heads 0.8.
    static let place = 4_000

    /// What so many bytes of a series are in resident memory: its hundreds of arrays are each rounded up, and have a head.
    static func inArrays(_ bytes: Int) -> Int { bytes + bytes / 8 }

    /// What is reckoned for a series where the process is to stay below a bound: a third more than it settles at.
    ///
    /// Of 100 series with full rings, changing at full speed during each commit, the largest look was 570 kB a series where they
    /// settled at 490.
    static func atMost(_ bytes: Int) -> Int { bytes + bytes / 3 }

    /// What is kept of a series for storing it: its piece, the image of what is stored, and that of what is about to be.
    ///
    /// A series that changes while a commit is in progress is encoded first, and at full speed that is every one of them.
    static func stored(piece: Int) -> Int { piece + 2 * PieceImage.bytes(ofPiece: piece) + inCommit }
    /// Besides, in a commit: names, the packed piece, lists of what it replaces. 10,000 `lean` series take 10.7 kB each for
    /// their state, of which pieces and images are 6.
    private static let inCommit = 4_000
}

extension MonitorConfiguration {
    /// Resident bytes of the daemon that do not depend on what it watches.
    var programBytes: Int { ResidentMemory.program + (stateDirectory == nil ? 0 : ResidentMemory.state) }

    /// Resident bytes of a series that costs so much.
    func residentBytes(_ cost: SeriesCost, channelCount: Int) -> Int {
        var bytes = ResidentMemory.inArrays(cost.bytes) + ResidentMemory.place
        if stateDirectory != nil { bytes += ResidentMemory.stored(piece: cost.pieceBytes) }
        if keepsHistory {
            // The chunk that fills, and the one before it on its way to the disk.
            bytes += 2 * SeriesHistory.memoryBytes(channelCount: channelCount, capacity: detection.profile.historyChunk)
        }
        return bytes
    }

    /// Bytes that a group's training remembers.
    func replayBytes(channelCount: Int, seriesCount: Int, samples: Int = SeriesCost.samples) -> Int {
        guard detection.usesNetworks else { return 0 }
        return GroupTrainer.replayBytes(
            channelCount: channelCount, seriesCount: max(1, seriesCount), samples: samples)
    }
}

extension Pipeline {
    /// Has the memory that its groups share counted in `max_memory`, beside what each series takes.
    func reserveShared() {
        var bytes = groups.reduce(0) {
            $0 + configuration.replayBytes(channelCount: $1.channels.count, seriesCount: $1.seriesCount)
        }
        if let flows { bytes += flows.sharedBytes + places.count * (flows.bytesPerSeries + SeriesCost.bytesInHand) }
        admission.allowance.reserve(bytes: bytes - reservedBytes)
        reservedBytes = bytes
    }
}
