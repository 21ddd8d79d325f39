import TimeSeries

/// How lively each channel is just now against usually: its spread and its step size over about 32 samples.
///
/// For detectors that look at one number for all channels and still have to say which of them it was. State 45 bytes a
/// channel.
struct ChannelMotion: Sendable {
    private static let rate: Float = 1.0 / 32

    private var centre: [Float]
    private var spread: [Float]
    private var step: [Float]
    private var usualSpread: [RunningDeviation]
    private var usualStep: [RunningDeviation]
    private var isPresent: [Bool]
    private var isStarted = false

    init(channelCount: Int) {
        centre = Array(repeating: 0, count: channelCount)
        spread = centre
        step = centre
        usualSpread = Array(repeating: RunningDeviation(), count: channelCount)
        usualStep = usualSpread
        isPresent = Array(repeating: false, count: channelCount)
    }

    /// Follows a sample.
    mutating func observe(_ frame: Frame) {
        for channel in centre.indices {
            isPresent[channel] = frame.isPresent[channel]
            guard frame.isPresent[channel] else { continue }
            let value = frame.scaled[channel]
            centre[channel] += (isStarted ? Self.rate : 1) * (value - centre[channel])
            spread[channel] += Self.rate * ((value - centre[channel]).magnitude - spread[channel])
            guard frame.hasChange[channel] else { continue }
            let change = (value - frame.previousScaled[channel]).magnitude
            step[channel] += Self.rate * (change - step[channel])
        }
        isStarted = true
    }

    /// Learns what is usual, behind an open gate.
    mutating func learn(_ frame: Frame, weight: Double) {
        guard weight > 0 else { return }
        for channel in centre.indices where frame.isPresent[channel] {
            usualSpread[channel].update(Double(spread[channel]), gain: weight)
            usualStep[channel].update(Double(step[channel]), gain: weight)
        }
    }

    /// Squared relative differences from the usual; 0 for a channel that is missing.
    func contributions(into parts: inout [Double]) {
        for channel in parts.indices {
            guard isPresent[channel] else {
                parts[channel] = 0
                continue
            }
            let spread = Double(spread[channel]) / (usualSpread[channel].mean + 0.01) - 1
            let step = Double(step[channel]) / (usualStep[channel].mean + 0.01) - 1
            parts[channel] = spread * spread + step * step
        }
    }

    /// The next sample follows no other.
    mutating func restart() { isStarted = false }

    /// Bytes that its arrays take.
    var memoryBytes: Int { centre.count * (3 * 4 + 1) + (usualSpread.count + usualStep.count) * 16 }

    /// Writes all of it.
    func encode(to writer: inout StateWriter) {
        writer.write(isStarted)
        writer.write(centre)
        writer.write(spread)
        writer.write(step)
        usualSpread.encode(to: &writer)
        usualStep.encode(to: &writer)
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        isStarted = try reader.readBool()
        centre = try reader.readFinite(count: channelCount, within: 1e3)
        spread = try reader.readFinite(count: channelCount, within: 1e3)
        step = try reader.readFinite(count: channelCount, within: 1e3)
        usualSpread = try [RunningDeviation](from: &reader, count: channelCount)
        usualStep = try [RunningDeviation](from: &reader, count: channelCount)
    }
}
