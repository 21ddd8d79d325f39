import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// A detector as the conformance tests know it: how to make one, what it is for and what it states about itself.
struct DetectorCase: Sendable, CustomTestStringConvertible {
    /// What is planted for a detector to see, in the last channel.
    enum Plant {
        /// A value far out, once in fifty samples.
        case spikes
        /// Eight times the usual noise.
        case roughness
        /// A level three deviations higher.
        case step
        /// A level that contradicts no channel alone but all together.
        case relation
        /// One and the same value.
        case standstill
    }

    let name: String
    /// Whether what it holds is the networks' affair: its warm-up is the window's, which the monitor fills.
    var waitsForWindow = false
    var plant = Plant.spikes
    /// Least ROC-AUC against the planted samples: a little below what was measured.
    var leastArea = 0.6
    /// The same against spikes and against steps that are as faint as noise can be.
    var faintSpikes = 0.6
    var faintSteps = 0.6
    /// Whether an absent channel has no part in the last score.
    var leavesAbsentOut = true
    /// Bytes of its arrays, as stated, for `d` channels.
    let bytes: @Sendable (Int) -> Int
    let make: @Sendable (Int) -> any Detector

    var testDescription: String { name }

    /// Every detector but those with a suite of their own: ``GeometryConformanceTests`` and ``LatentDetectorTests``.
    static let all: [DetectorCase] = DetectorKind.allCases.filter { !elsewhere.contains($0.name) }.map(member)
    /// The detectors of `Detectors/Statistics`.
    static let statistical: [DetectorCase] = [
        DetectorKind.zScore, .hampel, .quantile, .seasonal, .likelihood,
    ].map(member)
    static let elsewhere = Set(GeometryCase.all.map(\.name) + ["latent"])

    /// The case of a kind.
    static func member(_ kind: DetectorKind) -> DetectorCase {
        switch kind {
        case .level:
            DetectorCase(name: kind.name, bytes: { 4 * $0 }, make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .difference:
            DetectorCase(name: kind.name, bytes: { 24 * $0 }, make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .volatility:
            DetectorCase(
                name: kind.name, plant: .roughness, bytes: { 32 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .range:
            DetectorCase(name: kind.name, bytes: { 24 * $0 }, make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .shift:
            DetectorCase(
                name: kind.name, plant: .step, bytes: { 32 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .slowShift:
            DetectorCase(
                name: kind.name, plant: .step, bytes: { 32 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .correlation:
            DetectorCase(
                name: kind.name, plant: .relation, leavesAbsentOut: false, bytes: { 32 * $0 + 16 * $0 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .forecast:
            DetectorCase(name: kind.name, bytes: { 20 * $0 }, make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .reconstruction:
            DetectorCase(
                name: kind.name, waitsForWindow: true, bytes: { 20 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .reconstructionWindow:
            DetectorCase(
                name: kind.name, waitsForWindow: true, bytes: { 20 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .stuck:
            DetectorCase(
                name: kind.name, plant: .standstill, leavesAbsentOut: false, bytes: { 16 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .zScore:
            DetectorCase(
                name: kind.name, leastArea: 0.99, faintSpikes: 0.995, faintSteps: 0.69, bytes: { 44 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .hampel:
            DetectorCase(
                name: kind.name, leastArea: 0.99, faintSpikes: 0.995, faintSteps: 0.69, bytes: { 1_084 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .quantile:
            DetectorCase(
                name: kind.name, leastArea: 0.99, faintSpikes: 0.995, faintSteps: 0.69, bytes: { 620 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .seasonal:
            DetectorCase(
                name: kind.name, leastArea: 0.99, faintSpikes: 0.99, faintSteps: 0.67, bytes: { 924 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .likelihood:
            DetectorCase(
                name: kind.name, plant: .roughness, leastArea: 0.99, faintSpikes: 0.74, faintSteps: 0.88,
                bytes: { 86 * $0 },
                make: { kind.makeDetector(channelCount: $0, seed: 1) })
        case .subspace, .subspaceResidual, .clusters, .neighbours, .isolation, .oneClass, .matrixProfile, .latent:
            preconditionFailure("\(kind) has a suite of its own")
        }
    }
}

/// A frame fed by hand: noise with a scale of 1, one sample each half hour from a Monday on, a forecaster that says
/// "no change" and an autoencoder that says "zero".
struct Feed {
    var frame: Frame
    private var generator: SeededGenerator
    private var number = 0

    init(channels: Int, seed: UInt64) {
        frame = Frame(channelCount: channels)
        generator = SeededGenerator(seed: seed)
    }

    /// The next sample: normal numbers, as changed by the caller; NaN is missing.
    mutating func next(_ change: (inout [Double]) -> Void = { _ in }) {
        var values = frame.values.indices.map { _ in normal(&generator) }
        change(&values)
        frame.number = UInt64(number)
        frame.phaseOfDay = Double(number % 48) / 48
        frame.phaseOfWeek = Double(number % 336) / 336
        number += 1
        frame.previousScaled = frame.scaled
        for index in values.indices {
            let isPresent = values[index] == values[index]
            frame.hasChange[index] = frame.isPresent[index] && isPresent
            frame.isPresent[index] = isPresent
            frame.isScaled[index] = frame.isScaled[index] || isPresent
            guard isPresent else { continue }
            frame.values[index] = values[index]
            frame.scaled[index] = Float(values[index])
        }
        frame.presentCount = frame.isPresent.count { $0 }
        frame.hasForecast = true
        frame.forecastMean = frame.previousScaled
        frame.hasReconstruction = true
        frame.reconstructionResidual = frame.scaled
        frame.windowError = frame.scaled.map(\.magnitude)
    }
}

/// Area under the ROC curve: the chance that a planted sample scores above a normal one, ties counting half.
func areaUnderROC(normal: [Float], planted: [Float]) -> Double {
    var wins = 0.0
    for score in planted {
        for other in normal { wins += score > other ? 1 : score == other ? 0.5 : 0 }
    }
    return wins / (Double(normal.count) * Double(planted.count))
}
