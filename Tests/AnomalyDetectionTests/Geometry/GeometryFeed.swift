import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

/// Frames fed by hand: three waves of one period with noise of their own, in scales.
struct GeometryFeed {
    var frame: Frame
    private var generator: SeededGenerator
    private var step = 0

    init(channels: Int, seed: UInt64) {
        frame = Frame(channelCount: channels)
        generator = SeededGenerator(seed: seed)
    }

    /// The next sample; `change` gets the step's number, a fresh noise value and the sample, and may make values NaN.
    mutating func next(_ change: (Int, Double, inout [Double]) -> Void = { _, _, _ in }) {
        var values = frame.values.indices.map {
            1.2 * cosine(Double(step) / 25 + 0.13 * Double($0)) + 0.3 * normal(&generator)
        }
        change(step, normal(&generator), &values)
        frame.number = UInt64(step)
        frame.previousScaled = frame.scaled
        for index in values.indices {
            let isPresent = values[index] == values[index]
            frame.hasChange[index] = frame.isPresent[index] && isPresent
            frame.isPresent[index] = isPresent
            guard isPresent else { continue }
            frame.values[index] = values[index]
            frame.scaled[index] = Float(values[index])
        }
        frame.presentCount = frame.isPresent.count { $0 }
        step += 1
    }
}

/// The area under the ROC curve: how often an anomalous score is above a normal one; ties count half.
func areaUnderCurve(normal: [Float], anomalous: [Float]) -> Double {
    var wins = 0.0
    for high in anomalous {
        for low in normal { wins += high > low ? 1 : high == low ? 0.5 : 0 }
    }
    return wins / Double(normal.count * anomalous.count)
}

/// A detector of this family as the suite sees it.
struct GeometryCase: Sendable, CustomTestStringConvertible {
    let name: String
    /// Least area under the curve on the planted shapes, a little below what is measured.
    let area: Double
    /// Bytes at 1, 8 and 38 channels.
    let bytes: [Int]
    let make: @Sendable (_ channels: Int, _ seed: UInt64) -> any Detector

    var testDescription: String { name }

    static let all: [GeometryCase] = [
        GeometryCase(name: "pca-t2", area: 0.84, bytes: [13_832, 21_312, 16_672]) { channels, _ in
            SubspaceDetector(channelCount: channels, view: .hotelling)
        },
        GeometryCase(name: "pca-q", area: 0.99, bytes: [13_832, 21_312, 16_672]) { channels, _ in
            SubspaceDetector(channelCount: channels, view: .residual)
        },
        GeometryCase(name: "k-means", area: 0.98, bytes: [1_096, 1_152, 1_896]) { channels, _ in
            ClusterDetector(channelCount: channels)
        },
        GeometryCase(name: "neighbours", area: 0.99, bytes: [25_704, 25_760, 40_392]) {
            NeighbourDetector(channelCount: $0, seed: $1)
        },
        GeometryCase(name: "isolation", area: 0.8, bytes: [41_451, 41_983, 41_983]) {
            IsolationDetector(channelCount: $0, seed: $1)
        },
        GeometryCase(name: "one-class", area: 0.8, bytes: [14_625, 14_632, 21_998]) {
            OneClassDetector(channelCount: $0, seed: $1)
        },
        GeometryCase(name: "matrix-profile", area: 0.95, bytes: [34_465, 34_780, 36_130]) { channels, _ in
            MatrixProfileDetector(channelCount: channels)
        },
    ]
}
