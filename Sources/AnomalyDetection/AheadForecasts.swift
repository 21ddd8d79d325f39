import NeuralNet
import TimeSeries

/// The forecasts of one series that look two and more samples ahead, kept until their sample comes.
///
/// At each sample the network forecasts the changes to 1, 2 … h samples from now. Of a sample that comes there are then the
/// forecast made one sample ago, which ``SeriesNetworks`` itself keeps, and those made 2 … h samples ago, which end here. Each
/// number of samples ahead has, for each channel, a head of its own, which says how much of the predicted change to believe (see
/// ``ForecastHead``: far changes may be predictable where near ones are noise, and the other way round), and an error of its
/// own that is usual.
///
/// Memory: 4 h (2 h − 1) d bytes of forecasts (480 a channel at h = 8) and 40 (h − 1) d of heads and usual errors (280).
struct AheadForecasts: Sendable {
    /// Errors before their usual size is trusted.
    private static let trustedWeight = 30.0
    /// Behind a closed gate errors count for a tenth, as those of one sample ahead do.
    private static let guardedWeight = 0.1

    private let channelCount: Int
    private let horizon: Int
    /// Numbers of a forecast: where it starts from, the changes and the scales for 2 … h samples ahead, `d` each.
    private let width: Int
    /// The last `h` forecasts, in a ring.
    private var forecasts: [Float]
    /// Slot of the next one.
    private var next = 0
    /// Forecasts since the windows began, up to h.
    private var made = 0
    /// `[h − 1, d]`
    private var heads: [ForecastHead]
    private var usual: [RunningDeviation]

    /// - Precondition: `horizon` above 1.
    init(channelCount: Int, horizon: Int) {
        precondition(horizon > 1, "a forecast \(horizon) samples ahead has nothing to keep")
        self.channelCount = channelCount
        self.horizon = horizon
        width = (2 * horizon - 1) * channelCount
        forecasts = Array(repeating: 0, count: horizon * width)
        heads = Array(repeating: ForecastHead(), count: (horizon - 1) * channelCount)
        usual = Array(repeating: RunningDeviation(), count: heads.count)
    }

    /// What was forecast does not precede what comes.
    mutating func restart() { made = 0 }

    /// Keeps what the network forecasts from here.
    ///
    /// - Parameters:
    ///   - base: the value that the changes start from, `[d]`.
    ///   - outputs: of the network, `[h, 2, d]`.
    ///   - head: what they state.
    mutating func append(base: [Float], outputs: Span<Float>, head: OutputHead) {
        let slot = next * width
        for index in 0..<channelCount {
            forecasts[slot + index] = base[index]
            for lead in 1..<horizon {
                let output = 2 * lead * channelCount + index
                let number = slot + lead * channelCount + index
                forecasts[number] = outputs[output]
                forecasts[number + heads.count] = head.scale(outputs[output + channelCount])
            }
        }
        next = (next + 1) % horizon
        made = min(made + 1, horizon)
    }

    /// Numbers of samples ahead, beyond one, of which there is a forecast for the sample that comes.
    private var leads: Int { max(0, made - 1) }

    /// Slot of the forecast made `lead` + 2 samples before the one that comes.
    private func slot(_ lead: Int) -> Int { (next + horizon - (lead + 2)) % horizon * width }

    /// Puts the errors at the frame's sample, over their usual size, into the frame.
    func expect(into frame: inout Frame) {
        if frame.aheadResiduals.count != heads.count { frame.aheadResiduals = Array(repeating: 0, count: heads.count) }
        frame.aheadLeads = leads
        for lead in 0..<leads {
            for index in 0..<channelCount {
                let number = lead * channelCount + index
                let known = usual[number].weight > Self.trustedWeight
                frame.aheadResiduals[number] = Float(
                    Double(error(frame, lead, index)) / (known ? usual[number].scale : 1))
            }
        }
    }

    private func error(_ frame: Frame, _ lead: Int, _ index: Int) -> Float {
        let (slot, number) = (slot(lead), lead * channelCount + index)
        let change = Float(heads[number].gain) * forecasts[slot + channelCount + number]
        let mean = forecasts[slot + index] + change
        return (frame.scaled[index] - mean) / forecasts[slot + channelCount + heads.count + number]
    }

    /// Learns from the errors at the frame's sample.
    mutating func learn(_ frame: Frame, isOpen: Bool) {
        for lead in 0..<leads {
            for index in 0..<channelCount where frame.isPresent[index] {
                let (slot, number) = (slot(lead), lead * channelCount + index)
                usual[number].update(Double(error(frame, lead, index)), gain: isOpen ? 1 : Self.guardedWeight)
                heads[number].learn(
                    predicted: Double(forecasts[slot + channelCount + number]),
                    seen: Double(frame.scaled[index] - forecasts[slot + index]))
            }
        }
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int { 4 * forecasts.count + 40 * heads.count }

    // MARK: State

    /// Writes the forecasts.
    func encode(to writer: inout StateWriter) {
        writer.write(forecasts)
        writer.write(UInt8(next))
        writer.write(UInt8(made))
        for head in heads { head.encode(to: &writer) }
        usual.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, channelCount: Int, horizon: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount, horizon: horizon)
        forecasts = try reader.readFloats(count: forecasts.count)
        (next, made) = (Int(try reader.read(UInt8.self)), Int(try reader.read(UInt8.self)))
        guard next < horizon, made <= horizon else { throw .invalid("forecast \(next) of \(horizon)") }
        for index in heads.indices { heads[index] = try ForecastHead(from: &reader) }
        usual = try [RunningDeviation](from: &reader, count: usual.count)
    }
}

extension OutputHead {
    /// The scale of a Student-t distribution out of the logarithm that the network gave; above 0.
    func scale(_ logScale: Float) -> Float { scaleFactor * Float(Transcendental.exp(Double(logScale))) + 0.02 }
}
