import AnomalyDetection
import NeuralNet
import Persistence
import TimeSeries

/// How far the series of a shard are saved, while a commit is in progress.
struct ShardSaving {
    /// Series that are to be saved as they were when the commit began.
    var pending = 0
    /// Where to look for the next.
    var cursor = 0
    /// Saved, and not yet taken.
    var saved: [(number: Int, content: PieceContent)] = []
    /// Numbers of the series that ended since the last commit that counts.
    var gone: [Int] = []
    /// Those of them that the commit in progress removes.
    var removing: [Int] = []
    /// Used again for each series.
    var writer = StateWriter()
}

/// What a shard holds besides its series, at one moment.
struct ShardRemainder: Sendable {
    /// The part of the round's rows that is here.
    var log: TrainingLog
    var peaks: PeakLog
    /// Numbers of the series that have ended since the last commit that counts.
    var gone: [Int]
}

/// The state of a shard: saved series by series while the others go on, as all of them were at one moment.
///
/// A series is saved before it changes for the first time after that moment, or when its turn comes, whichever is first:
/// the moment costs nothing but a mark for each, and no memory is held twice.
extension Shard {
    /// Bytes of series that are written in one go, between two of which samples are scored.
    private static let bytesAtOnce = 1 << 20

    /// Makes this the moment: every series that has changed will be saved as it is now.
    func beginSaving() -> ShardRemainder {
        saving.cursor = 0
        for index in series.indices where series[index].isChanged {
            series[index].isChanged = false
            series[index].isPending = true
            saving.pending += 1
        }
        saving.removing = saving.gone
        saving.gone.removeAll()
        return ShardRemainder(log: log, peaks: peakLog, gone: saving.removing.filter { members[$0] == nil })
    }

    /// Before a series changes: what has to be saved of it is saved now.
    func touch(_ index: Int) {
        if series[index].isPending { save(index) }
        series[index].isChanged = true
    }

    /// Saves some of the series whose turn has come.
    ///
    /// - Returns: what was saved since the last call, by number of the series; `nil` when all are saved.
    func saveSome() -> [(number: Int, content: PieceContent)]? {
        var bytes = 0
        while saving.pending > 0, bytes < Self.bytesAtOnce {
            if saving.cursor >= series.count { saving.cursor = 0 }
            if series[saving.cursor].isPending {
                save(saving.cursor)
                bytes += saving.writer.bytes.count
            }
            saving.cursor += 1
        }
        guard !saving.saved.isEmpty || saving.pending > 0 else { return nil }
        defer { saving.saved.removeAll() }
        return saving.saved
    }

    /// The commit is over.
    ///
    /// - Parameter isStored: whether it counts; if not, all that it was to store has to be stored yet.
    func endSaving(isStored: Bool) {
        for index in series.indices {
            if series[index].isPending {
                series[index].isPending = false
                series[index].isChanged = true
            }
            guard let next = series[index].nextImage.take() else { continue }
            if isStored { series[index].image = next } else { series[index].isChanged = true }
        }
        if !isStored { saving.gone += saving.removing }
        saving.removing = []
        saving.pending = 0
        saving.saved.removeAll()
    }

    private func save(_ index: Int) {
        series[index].isPending = false
        saving.pending -= 1
        saving.writer.removeAll()
        series[index].encode(to: &saving.writer)
        guard let (content, image) = series[index].image.change(to: saving.writer.bytes) else { return }
        series[index].nextImage = image
        saving.saved.append((numbers[index], content))
    }

    /// Takes over a series from its stored piece.
    ///
    /// - Parameter beginsAnew: networks of the group that begin anew, so that what the series knows of them is void.
    /// - Returns: parts of the series that were stored in another form and begin anew, in words.
    /// - Throws: `StateCodingError`; then the series begins anew.
    func restore(
        series number: Int, name: String, from bytes: [UInt8], beginsAnew: (forecaster: Bool, autoencoder: Bool)
    ) throws -> [String] {
        let told = settings(name)
        var anew: [String] = []
        var member = try SeriesMember(
            from: bytes, number: number, like: fresh(told), channels: channels, extentCount: extents.count,
            conditions: conditions,
            detection: told.detection, rule: told.rule, anew: &anew)
        member.monitor.beginAnew(forecaster: beginsAnew.forecaster, autoencoder: beginsAnew.autoencoder)
        append(member, number: number)
        return anew
    }

    /// Takes over the part of an unfinished round's log.
    func restore(log: TrainingLog) { self.log = log }

    /// Takes over the blocks of an unfinished round.
    func restore(peaks: PeakLog) { peakLog = peaks }

    /// Sums of the networks' errors over the shard's series.
    var learningReport: LearningReport {
        series.reduce(into: LearningReport()) { $0.add($1.monitor.learningReport) }
    }
}
