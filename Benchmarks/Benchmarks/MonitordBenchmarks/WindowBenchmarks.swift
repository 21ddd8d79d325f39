import NeuralNet
import TimeSeries

@testable import AnomalyDetection

/// The two large parts of `observe` alone: the window with what the networks make of it, and the statistical detectors.
func registerWindow() {
    for channels in channelCounts {
        registerNetworks(channels)
        registerDetectors(channels)
    }
}

/// Samples that fill every window and ring of the detectors, and those of a run.
private let (warmUp, samples) = (10_000, 2_000)

/// A sample as the detectors see it: in deviations from what is usual.
private struct ScaledRows {
    private var signal: Signal
    var frame: Frame

    init(channels: Int) {
        signal = Signal(channels: channels)
        frame = Frame(channelCount: channels)
        for channel in 0..<channels {
            frame.isPresent[channel] = true
            frame.hasChange[channel] = true
            frame.isScaled[channel] = true
        }
        frame.presentCount = channels
    }

    mutating func advance() {
        signal.advance()
        frame.number += 1
        for channel in frame.scaled.indices {
            frame.previousScaled[channel] = frame.scaled[channel]
            frame.values[channel] = signal.values[channel]
            frame.scaled[channel] = Float(signal.values[channel]) - Float(20 + 7 * channel)
        }
    }
}

private func registerNetworks(_ channels: Int) {
    struct State {
        let models: GroupModels
        var networks: SeriesNetworks
        var scratch: ScoringScratch
        var log = TrainingLog()
        var rows: ScaledRows

        init(channels: Int) {
            let configuration = DetectionConfiguration()
            models = GroupModels(channelCount: channels, configuration: configuration)
            networks = SeriesNetworks(channelCount: channels, configuration: configuration)
            scratch = ScoringScratch(channelCount: channels, configuration: configuration, kernels: .best)
            rows = ScaledRows(channels: channels)
        }

        mutating func take() {
            rows.advance()
            networks.expect(into: &rows.frame, models: models, scratch: &scratch)
            networks.advance(
                rows.frame, phaseOfDay: 0.5, isOpen: true, errors: SampleErrors(), models: models, scratch: &scratch,
                log: &log, series: 0)
            if log.count == 8 { log.removeAll() }
        }
    }
    measure("window: networks of a series, \(channelsText(channels)) [sample]", .none) {
        var state = State(channels: channels)
        for _ in 0..<warmUp { state.take() }
        return state
    } run: { state in
        for _ in 0..<samples { state.take() }
        return Amount(units: samples)
    }
}

private func registerDetectors(_ channels: Int) {
    struct State {
        var bank: DetectorBank
        var raw = [Float](repeating: 0, count: DetectorKind.count)
        var rows: ScaledRows

        mutating func take() {
            rows.advance()
            bank.score(rows.frame, into: &raw)
            bank.learn(rows.frame, weight: 1)
        }
    }
    measure("window: detectors without networks, set of `full`, \(channelsText(channels)) [sample]", .none) {
        var state = State(
            bank: DetectorBank(DetectorSet.full.withoutNetworks, channelCount: channels, seed: 1),
            rows: ScaledRows(channels: channels))
        for _ in 0..<warmUp { state.take() }
        return state
    } run: { state in
        for _ in 0..<samples { state.take() }
        return Amount(units: samples)
    }
}
