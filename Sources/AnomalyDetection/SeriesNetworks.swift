import NeuralNet
import TimeSeries

/// What the networks remember of one series: the forecaster's state, its next forecast, and the autoencoder's window.
struct SeriesNetworks: Sendable {
    private let channelCount: Int
    private let windowLength: Int
    private let variant: ForecasterVariant
    private var forecaster: ForecasterState
    /// Forecast of the next sample's z, `[d]`, and its scale.
    private var nextMean: [Float]
    private var nextScale: [Float]
    /// z that the forecast starts from, and the change that the network predicts from there, `[d]`.
    private var forecastBase: [Float]
    private var predictedChange: [Float]
    private var heads: [ForecastHead]
    private var hasForecast = false
    /// What was forecast more than one sample ahead; `nil` when nothing is.
    private var ahead: AheadForecasts?
    /// The last `windowLength` rows end at `windowEnd`; room for as many again, so that rows move only now and then.
    private var window: [Float]
    private var windowEnd: Int
    private var rowsInWindow = 0
    private var day: (sine: Float, cosine: Float) = (0, 0)
    private var isOpen = true
    private var begins = true
    private var nextRow: UInt64 = 0
    /// Whether a stored state came from another forecaster, so that this one begins anew.
    private(set) var forecastBeginsAnew = false
    private let autoencoder: AutoencoderArchitecture
    /// The same of the autoencoder.
    private(set) var reconstructionBeginsAnew = false

    init(channelCount: Int, configuration: DetectionConfiguration) {
        self.channelCount = channelCount
        autoencoder = configuration.autoencoder
        variant = configuration.forecasterVariant
        windowLength = DetectionRecipe.windowLength(channelCount: channelCount)
        forecaster = ForecasterState(shape: NetworkShapes.forecaster(channelCount: channelCount, variant: variant))
        ahead = variant.horizon > 1 ? AheadForecasts(channelCount: channelCount, horizon: variant.horizon) : nil
        nextMean = Array(repeating: 0, count: channelCount)
        nextScale = Array(repeating: 1, count: channelCount)
        forecastBase = nextMean
        predictedChange = nextMean
        heads = Array(repeating: ForecastHead(), count: channelCount)
        window = Array(repeating: 0, count: 2 * windowLength * channelCount)
        windowEnd = windowLength * channelCount
    }

    /// Creates the networks of a series of which nothing that fits is stored: both begin anew.
    init(anewOf channelCount: Int, configuration: DetectionConfiguration) {
        self.init(channelCount: channelCount, configuration: configuration)
        forecastBeginsAnew = true
        reconstructionBeginsAnew = true
    }

    /// The forecaster's weights are others than those that the series was forecast with: it begins without a past.
    mutating func forgetForecasts() {
        forecaster.reset()
        ahead = variant.horizon > 1 ? AheadForecasts(channelCount: channelCount, horizon: variant.horizon) : nil
        hasForecast = false
        heads = Array(repeating: ForecastHead(), count: channelCount)
    }

    /// The windows begin anew: what was seen before does not precede what comes.
    mutating func restart() {
        forecaster.reset()
        ahead?.restart()
        hasForecast = false
        rowsInWindow = 0
        begins = true
    }

    // MARK: Scoring

    /// Puts into the frame what the networks had expected of its values.
    mutating func expect(into frame: inout Frame, models: GroupModels, scratch: inout ScoringScratch) {
        frame.hasForecast = hasForecast
        if hasForecast { frame.take(mean: nextMean, scale: nextScale) }
        ahead?.expect(into: &frame)
        push(frame.scaled)
        // Not the very first full window: it holds the first samples, which have no scale yet.
        frame.hasReconstruction = rowsInWindow > windowLength
        if frame.hasReconstruction { reconstruct(into: &frame, models: models, scratch: &scratch) }
    }

    private mutating func push(_ scaled: [Float]) {
        let size = windowLength * channelCount
        if windowEnd == window.count {
            for index in 0..<(size - channelCount) { window[index] = window[windowEnd - size + channelCount + index] }
            windowEnd = size - channelCount
        }
        Self.append(scaled, to: &window, at: windowEnd)
        windowEnd += channelCount
        rowsInWindow = min(rowsInWindow + 1, windowLength + 1)
    }

    private static func append(_ scaled: [Float], to window: inout [Float], at end: Int) {
        let scaled = scaled.span
        var window = window.mutableSpan
        for index in scaled.indices { window[end + index] = max(-6, min(6, scaled[index])) }
    }

    private func reconstruct(into frame: inout Frame, models: GroupModels, scratch: inout ScoringScratch) {
        let size = windowLength * channelCount
        let start = windowEnd - size
        let rows = window.span.extracting(start..<windowEnd)
        scratch.reconstruct(weights: models.autoencoder, window: rows)
        take(scratch.reconstruction, kernels: scratch.kernels, into: &frame)
        guard autoencoder.scoresOtherThanMiss else {
            for index in 0..<channelCount { frame.windowMiss[index] = frame.windowError[index] }
            return
        }
        scratch.missWindow(rows)
        scratch.kernels.rootMeanSquares(of: scratch.miss.span, into: &frame.windowMiss)
    }

    private func take(_ reconstruction: borrowing Reconstruction, kernels: Kernels, into frame: inout Frame) {
        let errors = reconstruction.error.span
        kernels.rootMeanSquares(of: errors, into: &frame.windowError)
        let last = (windowLength - 1) * channelCount
        for index in 0..<channelCount { frame.reconstructionResidual[index] = errors[last + index] }
        let latent = reconstruction.latent.span
        frame.latentCount = min(latent.count, Frame.latentCapacity)
        for index in 0..<frame.latentCount { frame.latent[index] = latent[index] }
    }

    /// Rebuilds the window with the frame's values as its newest row and some channels at their usual place in the others;
    /// asked of copies, to explain.
    mutating func lookAgain(
        at frame: inout Frame, without isAside: [Bool], models: GroupModels, scratch: inout ScoringScratch
    ) {
        guard frame.hasReconstruction else { return }
        let newest = windowEnd - channelCount
        for index in 0..<channelCount {
            window[newest + index] = max(-6, min(6, frame.scaled[index]))
            guard isAside[index] else { continue }
            for row in 1..<windowLength { window[newest - row * channelCount + index] = 0 }
        }
        reconstruct(into: &frame, models: models, scratch: &scratch)
    }

    /// Leaves the root mean square of each channel's z in the window in `usual`: the error of "each channel is at its usual
    /// value".
    func scatter(into scratch: inout ScoringScratch) {
        scratch.kernels.rootMeanSquares(
            of: window.span.extracting((windowEnd - windowLength * channelCount)..<windowEnd), into: &scratch.usual)
    }

    // MARK: Learning

    /// Shows the scored sample to the forecaster, which forecasts the next one, and logs its row.
    mutating func advance(
        _ frame: Frame, phaseOfDay: Double?, isOpen: Bool, errors: SampleErrors, models: GroupModels,
        scratch: inout ScoringScratch, log: inout TrainingLog, series: Int
    ) {
        day = phaseOfDay.map(PhaseOfDay.point) ?? (0, 0)
        self.isOpen = isOpen
        if hasForecast {
            for index in 0..<channelCount where frame.isPresent[index] {
                heads[index].learn(
                    predicted: Double(predictedChange[index]), seen: Double(frame.scaled[index] - forecastBase[index]))
            }
        }
        ahead?.learn(frame, isOpen: isOpen)
        step(frame, isHeld: false, errors: errors, models: models, scratch: &scratch, log: &log, series: series)
    }

    /// Shows the networks a missed tick: the last values once more, without a change and with nothing to learn from.
    mutating func hold(
        _ frame: Frame, models: GroupModels, scratch: inout ScoringScratch, log: inout TrainingLog, series: Int
    ) {
        push(frame.scaled)
        step(
            frame, isHeld: true, errors: SampleErrors(), models: models, scratch: &scratch, log: &log, series: series)
    }

    private mutating func step(
        _ frame: Frame, isHeld: Bool, errors: SampleErrors, models: GroupModels, scratch: inout ScoringScratch,
        log: inout TrainingLog, series: Int
    ) {
        var marks: TrainingLog.Marks = isOpen ? .isOpen : []
        if begins { marks.insert(.begins) }
        log.append(frame, isHeld: isHeld, day: day, series: series, number: nextRow, marks: marks, errors: errors)
        nextRow += 1
        begins = false
        show(frame, isHeld: isHeld, in: &scratch.input)
        scratch.forecast(weights: models.forecaster, state: &forecaster)
        takeForecast(frame, scratch.output.span)
        ahead?.append(base: forecastBase, outputs: scratch.output.span, head: variant.head)
        hasForecast = true
    }

    /// The forecaster's input: half the z within ±6, half its change, and the time of day.
    private func show(_ frame: Frame, isHeld: Bool, in input: inout [Float]) {
        var input = input.mutableSpan
        for index in 0..<channelCount {
            let change = isHeld || !frame.isPresent[index] ? 0 : frame.scaled[index] - frame.previousScaled[index]
            input[index] = 0.5 * max(-6, min(6, frame.scaled[index]))
            input[channelCount + index] = 0.5 * max(-6, min(6, change))
        }
        input[2 * channelCount] = day.sine
        input[2 * channelCount + 1] = day.cosine
    }

    /// Makes of the network's output the forecast of the next sample.
    private mutating func takeForecast(_ frame: Frame, _ output: Span<Float>) {
        Frame.copy(frame.scaled, into: &forecastBase)
        Self.take(output, of: variant.head, change: &predictedChange, scale: &nextScale)
        Self.believe(heads, in: output, from: frame.scaled, into: &nextMean)
    }

    private static func take(
        _ output: Span<Float>, of head: OutputHead, change: inout [Float], scale: inout [Float]
    ) {
        var change = change.mutableSpan
        var scale = scale.mutableSpan
        for index in change.indices {
            change[index] = output[index]
            scale[index] = head.scale(output[change.count + index])
        }
    }

    /// What the network says of the change, as far as the series' own heads believe it.
    private static func believe(
        _ heads: [ForecastHead], in output: Span<Float>, from base: [Float], into mean: inout [Float]
    ) {
        let heads = heads.span
        var mean = mean.mutableSpan
        for index in heads.indices { mean[index] = base[index] + Float(heads[index].gain) * output[index] }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int {
        4 * (forecaster.values.count + 4 * channelCount + window.count) + 40 * channelCount + (ahead?.memoryBytes ?? 0)
    }

    // MARK: State

    /// Writes the series' part of the networks.
    ///
    /// Of an LSTM or GRU one sample ahead with a Student-t head it begins with the state, whose length tells them apart; of
    /// any other forecaster with an empty one and whose state follows.
    func encode(to writer: inout StateWriter) {
        if !Self.lengthsTell(variant) {
            writer.write([Float]())
            variant.encode(to: &writer)
            writer.write(UInt8(forecaster.position))
        }
        writer.write(forecaster.values)
        writer.write(nextMean)
        writer.write(nextScale)
        writer.write(forecastBase)
        writer.write(predictedChange)
        for head in heads { head.encode(to: &writer) }
        ahead?.encode(to: &writer)
        writer.write(hasForecast)
        writer.write(Array(window[(windowEnd - windowLength * channelCount)..<windowEnd]))
        // The autoencoder that the errors were of stands in the upper half, where there were zeros before there was a choice.
        writer.write(UInt32(rowsInWindow) | autoencoder.code << 16)
        writer.write(day.sine)
        writer.write(day.cosine)
        writer.write(isOpen)
        writer.write(begins)
        writer.write(nextRow)
    }

    /// Reads what ``encode(to:)`` wrote. When it is of another forecaster, this one begins anew: a state without a past, heads
    /// that believe, and no forecast; the window goes on, whichever autoencoder looks at it.
    init(
        from reader: inout StateReader, channelCount: Int, configuration: DetectionConfiguration
    ) throws(StateCodingError) {
        self.init(channelCount: channelCount, configuration: configuration)
        var values = try reader.readFloats()
        var (stored, position) = (variant, 0)
        if values.isEmpty {
            stored = try ForecasterVariant(from: &reader, of: "a forecaster's state")
            position = Int(try reader.read(UInt8.self))
            values = try reader.readFloats()
        } else {
            let known = [ForecasterVariant(cell: .lstm), ForecasterVariant(cell: .gru)]
            stored = known.first { Self.shape(channelCount, $0).stateCount == values.count } ?? variant
        }
        let shape = Self.shape(channelCount, stored)
        guard let state = ForecasterState(shape: shape, values: values, position: position) else {
            throw .unknownVersion(of: "a forecaster's state of \(values.count) numbers")
        }
        let mean = try reader.readFloats(count: channelCount)
        let scale = try reader.readFloats(count: channelCount)
        let base = try reader.readFloats(count: channelCount)
        let change = try reader.readFloats(count: channelCount)
        var storedHeads = heads
        for index in 0..<channelCount { storedHeads[index] = try ForecastHead(from: &reader) }
        let storedAhead =
            stored.horizon > 1
            ? try AheadForecasts(from: &reader, channelCount: channelCount, horizon: stored.horizon) : nil
        let hadForecast = try reader.readBool()
        let rows = try reader.readFloats(count: windowLength * channelCount)
        for index in rows.indices { window[index] = rows[index] }
        let number = try reader.read(UInt32.self)
        rowsInWindow = Int(number & 0xffff)
        guard let architecture = AutoencoderArchitecture.allCases.first(where: { $0.code == number >> 16 }) else {
            throw .invalid("an unknown autoencoder, number \(number >> 16)")
        }
        reconstructionBeginsAnew = architecture != autoencoder
        guard rowsInWindow <= windowLength + 1 else { throw .invalid("\(rowsInWindow) rows in a window") }
        day = (try reader.readFloat(), try reader.readFloat())
        isOpen = try reader.readBool()
        begins = try reader.readBool()
        nextRow = try reader.read()
        forecastBeginsAnew = stored != variant
        guard !forecastBeginsAnew else { return }
        (forecaster, heads, ahead, hasForecast) = (state, storedHeads, storedAhead, hadForecast)
        (nextMean, nextScale, forecastBase, predictedChange) = (mean, scale, base, change)
    }

    /// Whether a state is written without saying whose it is.
    private static func lengthsTell(_ variant: ForecasterVariant) -> Bool {
        [ForecasterVariant(cell: .lstm), ForecasterVariant(cell: .gru)].contains(variant)
    }

    private static func shape(_ channelCount: Int, _ variant: ForecasterVariant) -> ForecasterShape {
        NetworkShapes.forecaster(channelCount: channelCount, variant: variant)
    }
}
