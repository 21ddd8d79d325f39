public import TimeSeries

/// Turns a sample into a raw score: how far it is from what this detector holds for usual. Higher is more anomalous.
///
/// A raw score means nothing by itself; ``TailCalibrator`` turns it into a probability. For each sample `score` is
/// called first and sees what was learned before it, then `learn` with the same frame.
public protocol Detector: Sendable {
    /// The name that configuration and explanations use.
    var name: String { get }

    /// Samples learned before its score may count; it is 0 until then.
    var minimumSamples: Int { get }

    /// Samples that it has seen.
    var samples: UInt64 { get }

    /// Scores a sample against what was learned before it.
    ///
    /// - Returns: a number of 0 or more; 0 before ``minimumSamples`` and when no channel is there.
    /// - Complexity: of the order of the channels (``CorrelationDetector``: their square); allocates nothing.
    mutating func score(_ frame: Frame) -> Float

    /// Scores other values in the place of the sample just scored, which is not learned yet.
    ///
    /// Asked of copies, to explain; each copy is asked once. The default is ``score(_:)``, which of most detectors sees the
    /// frame afresh.
    ///
    /// - Parameter isAside: channels whose value in the frame is the expected one, `[d]`; a detector that holds earlier
    ///   samples takes these channels' for usual too.
    mutating func rescore(_ frame: Frame, without isAside: [Bool]) -> Float

    /// Learns the sample just scored.
    ///
    /// - Parameter weight: 1 when the learning gate is open, 0 when the series is abnormal. Some detectors follow slowly
    ///   even then.
    mutating func learn(_ frame: Frame, weight: Double)

    /// What a channel's predicted scale is multiplied with for a band; 1 of a detector that predicts none.
    func bandCorrection(channel: Int) -> Double

    /// Writes how much each channel had to do with the last score: squared residuals, 0 or more, `[d]`.
    func contributions(into parts: inout [Double])

    /// Forgets what only holds for samples that follow one another: the windows begin anew.
    mutating func restart()

    /// Makes what is learned slowly quick to learn again: what the series does now is to become its usual.
    mutating func rebaseline()

    /// The usual place of each channel has moved by so many scales: z of the same value is now less by it, `[d]`.
    mutating func recentre(by moves: [Float])

    /// Bytes that its arrays take.
    var memoryBytes: Int { get }

    /// Writes the detector.
    func encode(to writer: inout StateWriter)

    /// Reads what ``encode(to:)`` wrote.
    ///
    /// - Throws: ``StateCodingError`` when the bytes are cut short or belong to another number of channels.
    init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError)
}

extension Detector {
    /// Most scores see the frame afresh.
    public mutating func rescore(_ frame: Frame, without isAside: [Bool]) -> Float { score(frame) }

    /// Most detectors predict no scale.
    public func bandCorrection(channel: Int) -> Double { 1 }

    /// Most detectors hold nothing that a gap spoils.
    public mutating func restart() {}

    /// Most detectors learn quickly enough.
    public mutating func rebaseline() {}

    /// Windows of z hold the old scale and begin anew; the rest of most detectors knows changes and residuals alone.
    public mutating func recentre(by moves: [Float]) { restart() }
}

/// How the channels' residuals become one score, and what a channel's part in it is.
enum ChannelAggregate {
    /// Residuals are cut here before the 12th power: one broken channel may not hide what the others do.
    static let cap: Float = 20

    /// Near-maximum of the residuals: (mean min(|r|, 20)^12)^(1/12) over the channels that are there; |r| for a
    /// single channel.
    ///
    /// A plain maximum would grow with the number of channels, a mean would drown one channel among many. Multiplied
    /// out and rooted by √√ and a cube root of our own: no libm between a sample and its score.
    static func nearMaximum(_ residuals: [Float], of frame: Frame) -> Float {
        nearMaximum(of: frame) { residuals[$0] }
    }

    /// The same of residuals that stand among other things.
    @inline(__always)
    static func nearMaximum(of frame: Frame, _ residual: (_ channel: Int) -> Float) -> Float {
        guard frame.presentCount > 0 else { return 0 }
        if frame.channelCount == 1 { return residual(0).magnitude }
        var sum = 0.0
        for index in 0..<frame.channelCount where frame.isPresent[index] {
            let size = Double(min(residual(index).magnitude, cap))
            let square = size * size
            let fourth = square * square
            sum += fourth * fourth * fourth
        }
        return Float(cubeRoot((sum / Double(frame.presentCount)).squareRoot().squareRoot()))
    }

    /// ∛x for 0 ≤ x < 1e300 to within two units in the last place; 0 below 1e-200.
    ///
    /// A third of the exponent gives a start within 6 %, five Newton steps square the error each time.
    static func cubeRoot(_ x: Double) -> Double {
        guard x > 1e-200 else { return 0 }
        var root = Double(bitPattern: x.bitPattern / 3 + 0x2a9f_7893_782d_a1ce)
        for _ in 0..<4 { root -= (root * root * root - x) / (3 * root * root) }
        return root
    }

    /// Squared residuals, cut like the score's.
    static func squares(_ residuals: [Float], into parts: inout [Double]) {
        for index in residuals.indices { parts[index] = square(residuals[index]) }
    }

    /// A squared residual, cut like the score's.
    static func square(_ residual: Float) -> Double {
        let size = Double(min(residual.magnitude, cap))
        return size * size
    }
}

extension StateReader {
    /// Reads an array that must have one element for each channel.
    mutating func readFloats(count: Int) throws(StateCodingError) -> [Float] {
        let values = try readFloats()
        guard values.count == count else { throw .invalid("\(values.count) numbers for \(count) channels") }
        return values
    }

    /// Reads an array that must have so many elements.
    mutating func readDoubles(count: Int) throws(StateCodingError) -> [Double] {
        let values = try readDoubles()
        guard values.count == count else { throw .invalid("\(values.count) numbers where \(count) are due") }
        return values
    }
}
