import AnomalyDetection
import Ingest
import Logging
import NeuralNet
import Persistence
import TimeSeries

/// What a restart needs: storing it, and going on from it.
extension Pipeline {
    /// Whether an incident waits for the rest of its tick.
    var waitsForTick: Bool { tick.lines.contains { $0.outcome.hasChange } }

    /// The state as it is after the last batch, to be written while the stream goes on.
    ///
    /// - Returns: `nil` when there is nothing yet, or an incident waits for the rest of its tick: it is not in the state.
    func cut() async -> StreamCut? {
        guard !groups.isEmpty, !waitsForTick else { return nil }
        var cut = StreamCut(
            scope: scope,
            header: StoredStream.Header(
                groups: groups.map(\.channels), arithmetic: kernels.arithmeticClass, place: reading, levels: levels,
                lastTime: lastTime, sequencer: sequencer, gatherer: gatherer, skippedTraining: skippedTraining,
                watch: watch, inputCondition: inputCondition, silence: silence,
                tick: tick.time.map { ($0, tick.samples) }, told: expected.told),
            flows: flows, metrics: metrics)
        if isPartition {
            // While records wait to be handed on there is none.
            guard let policy = await desk.state(of: name) else { return nil }
            cut.policy = policy
        }
        for group in groups {
            var log = TrainingLog()
            var peaks = PeakLog()
            for shard in group.shards {
                let rest = await shard.beginSaving()
                log.append(contentsOf: rest.log)
                peaks.append(contentsOf: rest.peaks)
                cut.gone += rest.gone
            }
            let training = await group.trainer.changedParts(inUse: group.models, next: group.trained, log: log)
            cut.groups.append(
                StreamCut.Group(
                    shards: group.shards, trainer: group.trainer, training: training,
                    peaks: group.tails.map { ($0, peaks) }, feedback: group.feedback))
        }
        return cut
    }

    /// Says what a person should know of a restored state.
    func tell(state text: String) { stateLogger?.warning("\(text)") }

    var scope: String { isPartition ? StoredStream.scope(ofPartition: name) : StoredStream.scope(of: name) }

    /// Takes over what is stored, when it is of the same channels; what cannot be used begins anew, and is told.
    func restore(in batch: RecordBatch) async {
        guard let stored else { return }
        self.stored = nil
        guard
            stored.header.groups.map({ $0.map(\.name) })
                == groups.prefix(stored.header.groups.count).map({
                    $0.channels.map(\.name)
                })
        else {
            tell(state: "the channels of \(name) have changed: learning begins anew")
            return
        }
        // Series are stored by number: they must be met again in the order they had, or one would go on as another.
        let known = stored.header.place.decoding
        guard batch.seriesNames.starts(with: known.seriesNames), batch.seriesGroups.starts(with: known.seriesGroups)
        else {
            tell(state: "the series of \(name) come in another order than stored: learning begins anew")
            return
        }
        if stored.header.arithmetic != kernels.arithmeticClass {
            tell(
                state:
                    "the state of \(name) was computed in \(stored.header.arithmetic.rawValue) arithmetic, this machine is "
                    + "\(kernels.arithmeticClass.rawValue): scores may differ in their last digits")
        }
        let fresh = groups
        do {
            var restored = groups
            var members: [SeriesPlace] = []
            for group in known.seriesGroups {
                members.append(SeriesPlace(group: Int(group), member: restored[Int(group)].seriesCount))
                restored[Int(group)].seriesCount += 1
            }
            var changes = FormatChanges(header: stored.header.anew)
            var replaced: ForecasterVariant?
            var replacedAutoencoder: AutoencoderArchitecture?
            var beginsAnew: [(forecaster: Bool, autoencoder: Bool)] = []
            for index in 0..<stored.header.groups.count {
                let training = try await fresh[index].trainer.restore(stored.training[index] ?? [:])
                restored[index].models = training.inUse
                restored[index].trained = training.next
                replaced = training.replaced ?? replaced
                replacedAutoencoder = training.replacedAutoencoder ?? replacedAutoencoder
                beginsAnew.append(training.beginsAnew)
                changes.note(training.anew.map(\.rawValue))
                await fresh[index].shards[0].restore(log: training.log)
                if let bytes = stored.feedback[index] {
                    let channelCount = restored[index].channels.count
                    if let feedback = try Self.feedback(in: bytes, channelCount: channelCount) {
                        restored[index].feedback = feedback
                    } else {
                        changes.note(["what was answered"])
                    }
                }
                guard fresh[index].tails != nil else { continue }
                if let (tails, peaks) = try Self.fleet(in: stored.peaks[index] ?? []) {
                    restored[index].tails = tails
                    await fresh[index].shards[0].restore(peaks: peaks)
                } else {
                    changes.note(["what is usual of the fleet"])
                }
            }
            // Of a series that has ended since, its last piece is still there.
            for (number, bytes) in stored.series where flows?.goesOn(number) != false {
                let place = members[number]
                let shard = fresh[place.group].shards[place.member % shardCount]
                do {
                    changes.note(
                        try await shard.restore(
                            series: number, name: known.seriesNames[number], from: bytes,
                            beginsAnew: beginsAnew[place.group]), ofSeries: true)
                } catch let error as StateCodingError {
                    changes.note(known.seriesNames[number], error)
                }
            }
            if let error = changes.errorOfAll { throw error }
            groups = restored
            // The series know what was accepted since the last border.
            hasAcceptances = true
            places = members
            take(stored.header)
            // Flows have taken their room as they were read.
            if flows == nil {
                for group in known.seriesGroups {
                    admission.allowance.take(channels: restored[Int(group)].channels.count)
                }
            }
            for text in changes.texts(of: name) { tell(state: text) }
            if let replaced {
                let chosen = configuration.detection.forecasterVariant
                tell(
                    state:
                        "the forecaster of \(name) was stored as \(replaced) and is \(chosen) now: it "
                        + "begins anew")
            }
            if let replacedAutoencoder {
                let chosen = configuration.detection.autoencoder
                tell(
                    state:
                        "the autoencoder of \(name) was stored as \(replacedAutoencoder.rawValue) and is "
                        + "\(chosen.rawValue) now: it begins anew")
            }
        } catch {
            tell(state: "the state of \(name) cannot be used: \(error); learning begins anew")
            groups = []
            emptyLogs = []
            if let schema = batch.schema { await makeGroups(schema) }
        }
    }

    /// What is stored of people's answers; `nil` when it is in another form.
    private static func feedback(in bytes: [UInt8], channelCount: Int) throws(StateCodingError) -> FeedbackHead? {
        var reader = StateReader(bytes)
        do throws(StateCodingError) {
            return try FeedbackHead(from: &reader, channelCount: channelCount)
        } catch {
            guard case .unknownVersion = error else { throw error }
            return nil
        }
    }

    /// What is stored of a fleet; `nil` when it is in another form.
    private static func fleet(in bytes: [UInt8]) throws(StateCodingError) -> (tails: FleetTails, peaks: PeakLog)? {
        var reader = StateReader(bytes)
        do throws(StateCodingError) {
            let (tails, peaks) = try FleetTails.restored(from: &reader, extents: FlowChannels.extents)
            return (tails, peaks)
        } catch {
            guard case .unknownVersion = error else { throw error }
            return nil
        }
    }

    func take(_ header: StoredStream.Header) {
        sequencer.goOn(from: header.sequencer)
        gatherer.goOn(from: header.gatherer)
        skippedTraining = header.skippedTraining
        watch = header.watch
        inputCondition = header.inputCondition
        silence.goOn(from: header.silence)
        // A file is read on from where it stood; what else there was meanwhile is lost, and was monitord's own silence.
        if !header.place.isInFile {
            silence.wasAway()
            metrics?.wasAway()
        }
        levels = header.levels
        lastTime = header.lastTime
        expected = ChanceOpenings(told: header.told)
        if let (time, samples) = header.tick { tick = OpenTick(time: time, samples: samples) }
        reading = header.place
    }
}
