public import TimeSeries

/// Error of the autoencoder: what of the window it cannot rebuild from its narrow layer.
///
/// An autoencoder (Sakurada and Yairi 2014, doi 10.1145/2689746.2689747) over the last samples of all channels, of whichever
/// architecture: each has its own error of a number, x − x̂ or what stands for it (`AutoencoderArchitecture`).
/// Two views of one pass: `.lastSample`, the residual of the newest sample, and `.window`, the root mean square over the
/// window; each against its usual size, near-maximum over the channels. The first is quick, the second sees shapes.
/// Scores 0 until the window has been full once, and again after a restart. State 16 bytes a channel and view; the
/// window belongs to ``SeriesMonitor``.
public struct ReconstructionDetector: Detector {
    /// Which part of the window's error it scores.
    public enum View: UInt8, Sendable, CaseIterable {
        /// The residual of the newest sample.
        case lastSample
        /// The root mean square over the window.
        case window
    }

    /// Which part of the window's error it scores.
    public let view: View
    private var residuals: [Float]
    private var deviations: [RunningDeviation]
    /// Samples learned from.
    public private(set) var samples: UInt64 = 0

    /// The name of its ``DetectorKind``.
    public var name: String {
        (view == .lastSample ? DetectorKind.reconstruction : .reconstructionWindow).name
    }
    /// The window's length.
    public var minimumSamples: Int { DetectionRecipe.windowLength(channelCount: residuals.count) }

    /// Creates a detector for so many channels.
    public init(channelCount: Int, view: View) {
        self.view = view
        residuals = Array(repeating: 0, count: channelCount)
        deviations = Array(repeating: RunningDeviation(), count: channelCount)
    }

    /// Near-maximum of the reconstruction errors over their usual size; 0 without a full window.
    public mutating func score(_ frame: Frame) -> Float {
        Self.fill(&residuals, frame, of: view, deviations)
        return frame.hasReconstruction ? ChannelAggregate.nearMaximum(residuals, of: frame) : 0
    }

    private static func fill(
        _ residuals: inout [Float], _ frame: Frame, of view: View, _ deviations: [RunningDeviation]
    ) {
        let errors = view == .lastSample ? frame.reconstructionResidual.span : frame.windowError.span
        let deviations = deviations.span
        var residuals = residuals.mutableSpan
        for index in 0..<frame.channelCount {
            residuals[index] =
                frame.hasReconstruction && frame.isPresent[index]
                ? Float(Double(errors[index]) / deviations[index].scale) : 0
        }
    }

    /// Learns the usual size of an error, with a tenth of the weight behind a closed gate.
    public mutating func learn(_ frame: Frame, weight: Double) {
        if frame.hasReconstruction {
            Self.learn(frame, of: view, gain: frame.gain(weight), in: &deviations)
        }
        samples += 1
    }

    private static func learn(
        _ frame: Frame, of view: View, gain: Double, in deviations: inout [RunningDeviation]
    ) {
        let errors = view == .lastSample ? frame.reconstructionResidual.span : frame.windowError.span
        var deviations = deviations.mutableSpan
        for index in deviations.indices where frame.isPresent[index] {
            deviations[index].update(Double(errors[index]), gain: gain)
        }
    }

    /// Squares of the errors over their usual size.
    public func contributions(into parts: inout [Double]) { ChannelAggregate.squares(residuals, into: &parts) }

    /// Bytes that its arrays take.
    public var memoryBytes: Int { residuals.count * 4 + deviations.count * 16 }

    /// Writes what later scores depend on.
    public func encode(to writer: inout StateWriter) {
        writer.write(samples)
        writer.write(view.rawValue)
        deviations.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote; refuses bytes of another number of channels.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let samples = try reader.read(UInt64.self)
        guard let view = View(rawValue: try reader.read()) else { throw .invalid("unknown view of a window") }
        self.init(channelCount: channelCount, view: view)
        self.samples = samples
        deviations = try [RunningDeviation](from: &reader, count: channelCount)
    }
}
