public import NeuralNet
public import TimeSeries

/// Trains the networks of a group; owned by the one task that does so.
///
/// At each round's border it takes in the round's rows and then makes a fixed number of steps: one for each series that
/// had rows, at most 16. A step of the forecaster learns from four sequences of 16 inputs, the newest of one series and
/// three of the replay memory; a step of the autoencoder from eight windows, four new and four old. Only rows with an
/// open gate count: what is abnormal is not learned. A forecaster that has learned what there is makes its steps in one round
/// of eight alone (``TrainingDuty``). The autoencoder always learns: its steps are a quarter of the cost, and at rest it
/// lost more of what it finds than they are worth.
///
/// Which series and which old rows are used follows from a hash of (seed, round, step, slot, draw) alone: there is no
/// generator whose state would have to be carried, and the same rows in the same rounds give the same weights, bit for
/// bit, on any number of cores.
public final class GroupTrainer {
    /// Most steps of a round.
    static let mostSteps = 16
    /// Inputs of a sequence; its targets reach one row further, or as many as are forecast.
    static let sequenceLength = 16
    /// Steps of a sequence that warm the state up and give no loss.
    static let burnIn = 4
    /// Sequences of a forecaster's step.
    static let sequences = 4
    /// Windows of an autoencoder's step.
    static let windows = 8
    /// Of these, from the newest rows.
    static let newWindows = 4
    /// Draws for an old sequence or window before its place stays empty.
    static let draws: UInt64 = 4

    private let channelCount: Int
    private let windowLength: Int
    private let seed: UInt64
    private let forecaster: ForecasterTrainer
    private let autoencoder: any WindowTrainer
    var memory: ReplayMemory
    private var fresh: [Int] = []
    private var order: [Int] = []
    private var minibatch: Minibatch

    private var duty = TrainingDuty()
    /// What the networks' steps came to.
    public private(set) var counts = TrainingCounts()
    /// The architecture of the autoencoder in the parts restored last, when it is not the configured one, which then began
    /// anew.
    public private(set) var replacedAutoencoder: AutoencoderArchitecture?
    /// What may begin anew without the rest, when it is stored in another form.
    public enum Part: String, Sendable {
        /// The forecaster's weights, with what its steps have gathered.
        case forecaster = "the forecaster"
        /// The autoencoder's.
        case autoencoder = "the autoencoder"
        /// The rows that both learn from once more.
        case memory = "the replay memory"
    }
    /// What of the parts restored last was stored in another form, and so began anew.
    public private(set) var anew: [Part] = []

    /// Creates a trainer at the weights that a new group starts with.
    public init(channelCount: Int, configuration: DetectionConfiguration, kernels: Kernels) {
        let models = GroupModels(channelCount: channelCount, configuration: configuration)
        self.channelCount = channelCount
        windowLength = DetectionRecipe.windowLength(channelCount: channelCount)
        seed = splitMix(configuration.seed &+ 2)
        forecaster = ForecasterTrainer(
            kernels: kernels, weights: models.forecaster, sequenceLength: Self.sequenceLength, burnIn: Self.burnIn,
            batch: Self.sequences, configuration: AdamConfiguration(learningRate: 0.004))
        let adam = AdamConfiguration(learningRate: configuration.autoencoder.learningRate)
        autoencoder =
            configuration.autoencoder == .dense
            ? AutoencoderTrainer(
                kernels: kernels, weights: models.autoencoder, batch: Self.windows, configuration: adam)
            : ReconstructionTrainer(
                kernels: kernels, weights: models.autoencoder, batch: Self.windows, configuration: adam)
        let width = NetworkShapes.inputSize(channelCount: channelCount)
        memory = ReplayMemory(width: width)
        minibatch = Minibatch(channelCount: channelCount, horizon: configuration.horizon, kernels: kernels)
    }

    /// Takes a round's rows into the replay memory, in the order of (series, number), whatever shard they came from.
    public func absorb(_ log: TrainingLog, round: UInt64) {
        order.removeAll(keepingCapacity: true)
        order.append(contentsOf: 0..<log.count)
        if !log.isInOrder {
            order.sort { (log.series[$0], log.numbers[$0]) < (log.series[$1], log.numbers[$1]) }
        }
        fresh.removeAll(keepingCapacity: true)
        let width = memory.width
        let known = memory.rings.count
        for row in order {
            let series = Int(log.series[row])
            let numbers = log.rows.span.extracting((row * width)..<((row + 1) * width))
            memory.append(numbers, marks: log.marks[row], series: series)
            if fresh.last != series { fresh.append(series) }
        }
        if memory.rings.count > known { duty.resume() }
        var errors = TrainingDuty.Errors()
        for row in order { errors.add(log.errors[row].forecast, naive: log.errors[row].persistence) }
        duty.note(errors, steps: stepsOfRound)
    }

    private var stepsOfRound: Int { min(fresh.count, Self.mostSteps) }

    /// Makes the round's steps on what was absorbed.
    ///
    /// - Complexity: up to 16 steps of each network; allocates nothing after the first.
    public func train(round: UInt64) {
        guard stepsOfRound > 0 else { return }
        let trainsForecaster = duty.takesTurn()
        if !trainsForecaster { counts.learned += UInt64(stepsOfRound) }
        let offset = Int(pick(round, 0, 0, 0) % UInt64(max(1, fresh.count)))
        for step in 0..<stepsOfRound {
            let series = fresh[(offset + step) % fresh.count]
            if trainsForecaster { trainForecaster(round: round, step: UInt64(step), newest: series) }
            trainAutoencoder(round: round, step: UInt64(step), newest: series)
        }
    }

    /// The weights as they stand.
    public func models() -> GroupModels {
        GroupModels(forecaster: forecaster.snapshot(), autoencoder: autoencoder.snapshot())
    }

    /// Bytes of the replay memory.
    public var replayBytes: Int { memory.memoryBytes }

    /// Bytes of the replay memory of so many series with so many samples each.
    public static func replayBytes(channelCount: Int, seriesCount: Int, samples: Int) -> Int {
        let width = NetworkShapes.inputSize(channelCount: channelCount)
        return seriesCount * min(samples, ReplayMemory.capacity(seriesCount: seriesCount)) * (4 * width + 1)
    }

    // MARK: Minibatches

    private func pick(_ round: UInt64, _ step: UInt64, _ slot: UInt64, _ draw: UInt64) -> UInt64 {
        splitMix(seed ^ splitMix(round &* 0x1_0000 &+ step &* 0x400 &+ slot &* 0x10 &+ draw))
    }

    /// Picks a usable stretch of old rows; `nil` after four draws in vain.
    private func pickOld(
        rows: Int, fewest: Int, round: UInt64, step: UInt64, slot: UInt64
    ) -> (series: Int, start: UInt64)? {
        for draw in 0..<Self.draws {
            let hash = pick(round, step, slot, draw)
            let series = Int(hash % UInt64(memory.rings.count))
            let count = memory.rings[series].count
            guard count >= fewest else { continue }
            let start = memory.rings[series].first + splitMix(hash) % UInt64(count - rows + 1)
            if memory.isUsable(series: series, from: start, count: rows) { return (series, start) }
        }
        return nil
    }

    private func trainForecaster(round: UInt64, step: UInt64, newest: Int) {
        let rows = Self.sequenceLength + forecaster.shape.horizon
        guard memory.rings[newest].count > rows else { return }
        var used = 0
        let start = memory.rings[newest].appended - UInt64(rows)
        if memory.isUsable(series: newest, from: start, count: rows) {
            minibatch.loadSequence(of: memory.rings[newest], in: memory, from: start, slot: used)
            used += 1
        }
        for slot in 1..<UInt64(Self.sequences) {
            guard let old = pickOld(rows: rows, fewest: rows + 1, round: round, step: step, slot: slot) else {
                continue
            }
            minibatch.loadSequence(of: memory.rings[old.series], in: memory, from: old.start, slot: used)
            used += 1
        }
        guard used > 0 else { return }
        count(forecaster.step(inputs: minibatch.inputs.span, targets: minibatch.targets.span, used: used))
    }

    private func trainAutoencoder(round: UInt64, step: UInt64, newest: Int) {
        guard memory.rings[newest].count >= windowLength + 8 else { return }
        var used = 0
        for slot in 0..<Self.newWindows {
            let start = memory.rings[newest].appended - UInt64(windowLength) - UInt64(2 * slot)
            guard memory.isUsable(series: newest, from: start, count: windowLength) else { continue }
            minibatch.loadWindow(of: memory.rings[newest], in: memory, from: start, slot: used)
            used += 1
        }
        for slot in Self.newWindows..<Self.windows {
            let place = UInt64(Self.sequences + slot)
            guard
                let old = pickOld(
                    rows: windowLength, fewest: windowLength + 8, round: round, step: step, slot: place)
            else { continue }
            minibatch.loadWindow(of: memory.rings[old.series], in: memory, from: old.start, slot: used)
            used += 1
        }
        guard used > 0 else { return }
        // A slot behind those that sequences and windows are drawn for.
        let noise = pick(round, step, UInt64(Self.sequences + Self.windows), 0)
        count(autoencoder.step(windows: minibatch.windows.span, used: used, noise: noise))
    }

    private func count(_ outcome: TrainingOutcome) {
        counts.made += 1
        if outcome == .skipped { counts.notFinite += 1 }
    }

    // MARK: State

    /// All parts of the trainer's state, by name.
    public func parts() -> [(name: String, bytes: [UInt8])] {
        var parts = networkParts()
        for series in memory.rings.indices {
            for segment in memory.segments(of: series) {
                parts.append((Self.name(series, segment), memory.encodeSegment(segment, of: series)))
            }
        }
        return parts
    }

    /// The parts that changed since the last call (all at the first): the networks, the index of the replay memory, and
    /// the segments of 512 rows that were written to. Stored over the older ones of the same name they give ``parts()``.
    public func changedParts() -> [(name: String, bytes: [UInt8])] {
        var parts = networkParts()
        for series in memory.rings.indices {
            for segment in memory.rings[series].changed.sorted() {
                parts.append((Self.name(series, segment), memory.encodeSegment(segment, of: series)))
            }
        }
        memory.markStored()
        return parts
    }

    /// Has the next ``changedParts()`` give all parts, because those of the last are not stored.
    public func markChanged() { memory.markChanged() }

    private func networkParts() -> [(name: String, bytes: [UInt8])] {
        [
            ("forecaster", encodeForecaster()), ("autoencoder", encodeAutoencoder()), ("duty", encodeDuty()),
            ("replay", memory.encodeIndex()),
        ]
    }

    private static func name(_ series: Int, _ segment: Int) -> String { "replay.\(series).\(segment)" }

    /// Goes on from stored parts, in any order; parts that the index does not name are left alone. A network, and the memory,
    /// that are stored in another form begin anew, each alone: see ``anew``.
    ///
    /// - Returns: the stored forecaster when it is not the configured one: the forecaster then stays as new, and learns from
    ///   the replay memory, which goes on as the autoencoder does. Else `nil`.
    /// - Throws: ``StateCodingError`` when a part is missing, damaged or of another shape; the trainer is then not to be
    ///   used.
    public func restore(_ parts: [(name: String, bytes: [UInt8])]) throws(StateCodingError) -> ForecasterVariant? {
        var byName: [String: [UInt8]] = [:]
        for part in parts { byName[part.name] = part.bytes }
        func part(_ name: String) throws(StateCodingError) -> StateReader {
            guard let bytes = byName[name] else { throw .invalid("a group's state without its part \(name)") }
            return StateReader(bytes)
        }
        anew = []
        var variant: ForecasterVariant?
        do throws(StateCodingError) {
            variant = try restoreForecaster(try part("forecaster"))
        } catch .unknownVersion {
            anew.append(.forecaster)
        }
        do throws(StateCodingError) {
            replacedAutoencoder = try restoreAutoencoder(try part("autoencoder"))
        } catch .unknownVersion {
            anew.append(.autoencoder)
        }
        do throws(StateCodingError) {
            if let bytes = byName["duty"] { try restoreDuty(bytes) }
        } catch .unknownVersion {
            // It only says how often to train: as often as one that is new.
        }
        if variant != nil || anew.contains(.forecaster) { duty = TrainingDuty() }
        do throws(StateCodingError) {
            guard let index = byName["replay"] else { throw .invalid("a group's state without its part replay") }
            memory = try ReplayMemory(index: index, width: memory.width)
            for series in memory.rings.indices {
                let rows = Int(min(memory.rings[series].appended, UInt64(memory.capacity)))
                let segments = (rows + ReplayMemory.segmentRows - 1) / ReplayMemory.segmentRows
                for segment in 0..<segments {
                    guard let bytes = byName[Self.name(series, segment)] else {
                        throw .invalid("replay rows are missing")
                    }
                    try memory.restoreSegment(bytes, of: series)
                }
            }
            guard memory.isComplete else { throw .invalid("replay rows are missing") }
        } catch .unknownVersion {
            anew.append(.memory)
            memory = ReplayMemory(width: memory.width)
        }
        fresh = []
        return variant
    }

    /// - Returns: the stored forecaster when it is another, of which nothing is used.
    private func restoreForecaster(_ part: StateReader) throws(StateCodingError) -> ForecasterVariant? {
        var reader = part
        let variant = try ForecasterVariant(from: &reader, of: "a forecaster's state")
        let checkpoint = try Self.readCheckpoint(from: &reader)
        guard variant == forecaster.shape.variant else { return variant }
        guard forecaster.restore(checkpoint) else { throw .unknownVersion(of: "a forecaster's shape") }
        return nil
    }

    /// - Returns: the stored architecture when it is another, of which nothing is used.
    private func restoreAutoencoder(_ part: StateReader) throws(StateCodingError) -> AutoencoderArchitecture? {
        var reader = part
        let architecture = try AutoencoderArchitecture(from: &reader)
        var checkpoints: [TrainingCheckpoint] = []
        while reader.remaining > 0 { checkpoints.append(try Self.readCheckpoint(from: &reader)) }
        guard architecture == configuredAutoencoder else { return architecture }
        guard autoencoder.restore(checkpoints) else { throw .unknownVersion(of: "an autoencoder's shape") }
        return nil
    }

    private var configuredAutoencoder: AutoencoderArchitecture { autoencoder.shape.architecture }

    private func encodeForecaster() -> [UInt8] {
        var writer = StateWriter()
        forecaster.shape.variant.encode(to: &writer)
        Self.write(forecaster.checkpoint, to: &writer)
        return writer.bytes
    }

    private func encodeDuty() -> [UInt8] {
        var writer = StateWriter()
        writer.write(UInt8(1))
        duty.encode(to: &writer)
        counts.encode(to: &writer)
        return writer.bytes
    }

    /// A state from before there was early stopping has no such part: the forecaster then trains as if it were new.
    private func restoreDuty(_ bytes: [UInt8]) throws(StateCodingError) {
        var reader = StateReader(bytes)
        guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "a training's duty") }
        duty = try TrainingDuty(from: &reader)
        counts = try TrainingCounts(from: &reader)
    }

    private func encodeAutoencoder() -> [UInt8] {
        var writer = StateWriter()
        configuredAutoencoder.encode(to: &writer)
        for checkpoint in autoencoder.checkpoints { Self.write(checkpoint, to: &writer) }
        return writer.bytes
    }

    private static func write(_ checkpoint: TrainingCheckpoint, to writer: inout StateWriter) {
        writer.write(checkpoint.parameters)
        writer.write(checkpoint.firstMoments)
        writer.write(checkpoint.secondMoments)
        writer.write(checkpoint.beta1Product)
        writer.write(checkpoint.beta2Product)
        writer.write(checkpoint.steps)
        writer.write(checkpoint.skippedSteps)
    }

    private static func readCheckpoint(from reader: inout StateReader) throws(StateCodingError) -> TrainingCheckpoint {
        TrainingCheckpoint(
            parameters: try reader.readFloats(), firstMoments: try reader.readFloats(),
            secondMoments: try reader.readFloats(), beta1Product: try reader.readDouble(),
            beta2Product: try reader.readDouble(), steps: try reader.read(), skippedSteps: try reader.read())
    }
}
