import Persistence
import TimeSeries

/// Whose a partition's state in the local database is: the piece `owner`.
struct PartitionOwner: Equatable, Sendable {
    static let piece = "owner"

    /// The epoch in which it was written.
    var epoch: UInt64
    /// The offset at which learning began.
    var beginning: Int64

    var bytes: [UInt8] {
        var writer = StateWriter()
        writer.write(UInt8(1))
        writer.write(epoch)
        writer.write(beginning)
        return writer.bytes
    }

    init(epoch: UInt64, beginning: Int64) {
        self.epoch = epoch
        self.beginning = beginning
    }

    /// Reads the piece; `nil` when there is none that can be read.
    init?(_ bytes: [UInt8]?) {
        guard let bytes else { return nil }
        var reader = StateReader(bytes)
        guard let version = try? reader.read(UInt8.self), version == 1, let epoch = try? reader.read(UInt64.self),
            let beginning = try? reader.read(Int64.self)
        else { return nil }
        self.init(epoch: epoch, beginning: beginning)
    }
}

/// What a worker goes on from that takes a partition over.
struct PartitionStart: Sendable {
    /// Where the state comes from.
    enum Origin: String, Sendable {
        case local = "its own state"
        case snapshot = "a snapshot"
        case nothing = "nothing: it learns"
    }

    var origin: Origin
    /// The state; empty when there is none.
    var pieces: [String: [UInt8]]
    /// The epoch that begins.
    var epoch: UInt64
    /// The offset of the next message.
    var next: Int64
    /// The offset at which learning began.
    var beginning: Int64
    /// What whoever comes next would go on from before the first snapshot of this epoch.
    var base: SnapshotPlace

    /// Part of all that was read that may be missing at the log's end whatever is left of it: of a topic whose messages are kept
    /// for a short time there may be none.
    private static let smallestLoss = 0.01

    /// Whether a log that ends before the offset up to which it was read is still the one that was read.
    ///
    /// A broker may say an end that is a few messages short, and an election among replicas that lag cuts some off. A topic that
    /// was made anew begins at 0 and has, until it has grown, little of what there was.
    private static func isSameLog(read next: Int64, offsets: Range<Int64>) -> Bool {
        let missing = next - offsets.upperBound
        return offsets.upperBound - offsets.lowerBound >= missing || Double(missing) <= smallestLoss * Double(next)
    }

    /// Decides.
    ///
    /// The local state is taken when nobody else has had the partition since; it is further than any snapshot then. Else the
    /// snapshot that counts; else a claim without any says at which message learning began, and it begins there again: the
    /// same messages give the same state. A state that is ahead of the log's end is kept while at least half of what was read and
    /// not yet removed as old is there still.
    ///
    /// - Parameters:
    ///   - local: the pieces in the local database.
    ///   - snapshots: what is in the snapshots' topic.
    ///   - offsets: of the messages that the broker has.
    ///   - fresh: where to begin when nothing is known.
    /// - Returns: the start, and what should be said of it.
    static func decide(
        local: [String: [UInt8]], snapshots: SnapshotReader, offsets: Range<Int64>, fresh: Int64
    ) -> (start: PartitionStart, problems: [String]) {
        var problems: [String] = []
        let owner = PartitionOwner(local[PartitionOwner.piece])
        let highest = snapshots.highestEpoch
        let epoch = max(owner?.epoch ?? 0, highest) + 1
        let best = snapshots.best()
        let claimed = snapshots.claim(of: highest)?.base
        let beginning = owner?.epoch == highest ? owner?.beginning : nil
        let base = best?.place ?? claimed ?? SnapshotPlace(epoch: 0, generation: 0, next: beginning ?? fresh)

        func start(_ origin: Origin, _ pieces: [String: [UInt8]], from begun: Int64) -> PartitionStart? {
            do {
                var next = try StoredStream(pieces).header.place.offset
                if next > offsets.upperBound {
                    let place = "\(origin.rawValue) goes on at offset \(next) and the log ends at \(offsets.upperBound)"
                    guard isSameLog(read: next, offsets: offsets) else {
                        problems.append("\(place): the topic was made anew, and it is learned anew")
                        return nil
                    }
                    problems.append("\(place): what was learned stays, and it is read from the log's end on")
                    next = offsets.upperBound
                }
                return PartitionStart(
                    origin: origin, pieces: pieces, epoch: epoch, next: next, beginning: begun, base: base)
            } catch {
                problems.append("\(origin.rawValue) cannot be used: \(error)")
                return nil
            }
        }
        var found: PartitionStart?
        if let owner, owner.epoch >= highest, local["stream"] != nil {
            found = start(.local, local, from: owner.beginning)
        }
        if found == nil, let best {
            do {
                found = start(.snapshot, try PieceBundle.unpack(best.block), from: claimed?.next ?? offsets.lowerBound)
            } catch {
                problems.append("the snapshot cannot be used: \(error)")
            }
        }
        // Learning begins where it began for the worker before, when that is known and the messages are there still.
        let known = base.generation == 0 ? base.next : fresh
        let begin = problems.isEmpty && known <= offsets.upperBound ? known : fresh
        var result =
            found
            ?? PartitionStart(
                origin: .nothing, pieces: [:], epoch: epoch, next: begin, beginning: begin,
                base: SnapshotPlace(epoch: epoch, generation: 0, next: begin))
        if result.next < offsets.lowerBound {
            problems.append("\(offsets.lowerBound - result.next) messages are gone that were not read")
            result.next = offsets.lowerBound
        }
        return (result, problems)
    }
}
