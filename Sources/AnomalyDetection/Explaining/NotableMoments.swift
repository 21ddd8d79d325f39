import TimeSeries

/// The last moments at which an incident of this series opened, so that a new one can be told to be like an old one.
///
/// A moment is remembered by which channels had a part in it and which way each of them went, by how far the furthest was out
/// of its band, and by which aspects the detectors saw it in. Two moments are as far apart as
///
///     1 − Σ aᵢ bᵢ  +  ½ · (half the sum of the differences of the aspects' weights)  +  ½ · min(1, |log₂ of the sizes' ratio| / 4)
///
/// where a and b are the roots of the channels' shares with the sign of their direction, so that the sum is 1 for the same
/// channels and directions, 0 for other channels and −1 for opposite directions. Of the ``capacity`` last moments the nearest
/// is told when it is no further than ``farthest``, the latest of equals. That it was an incident is all that makes it notable:
/// what was muted or held back is in it too. 56 bytes and one a channel a moment.
struct NotableMoments: Equatable, Sendable {
    /// Moments remembered; the oldest leaves.
    static let capacity = 32
    /// Moments further apart than this are not alike: other channels or directions are at least twice as far, the same ones
    /// stay below it while size or aspects differ, not both by much.
    static let farthest = 0.35

    private struct Moment: Equatable, Sendable {
        var time: Timestamp
        /// Below 0 while it lasts.
        var lasted: Float = -1
        var becameUsual = false
        /// log₂ of half band widths.
        var size: Float
        /// Weights of the aspects, of the stuck detector and of the rest, in 255ths.
        var aspects: SIMD8<UInt8>
        /// Signed roots of the shares, in 127ths, `[d]`.
        var channels: [Int8]
    }

    private let channelCount: Int
    private var moments: [Moment] = []

    init(channelCount: Int) { self.channelCount = channelCount }

    /// How many moments are remembered.
    var count: Int { moments.count }

    /// The nearest moment to an explanation; `nil` when none is near.
    func nearest(to explanation: Explanation) -> SimilarMoment? {
        let new = moment(of: explanation, at: Timestamp(nanoseconds: 0))
        var best: (moment: Moment, distance: Double)?
        for moment in moments {
            let distance = Self.distance(moment, new)
            if distance <= best?.distance ?? Self.farthest { best = (moment, distance) }
        }
        return best.map { moment, distance in
            SimilarMoment(
                time: moment.time, distance: (distance * 100).rounded() / 100,
                lasted: moment.lasted < 0 ? nil : Double(moment.lasted), becameUsual: moment.becameUsual)
        }
    }

    /// Remembers that an incident opened.
    mutating func open(_ explanation: Explanation, at time: Timestamp) {
        if moments.count == Self.capacity { moments.removeFirst() }
        moments.append(moment(of: explanation, at: time))
    }

    /// Remembers how the last incident ended, if it is not known already.
    mutating func close(lasted seconds: Double, becameUsual: Bool) {
        guard let last = moments.indices.last, moments[last].lasted < 0 else { return }
        moments[last].lasted = Float(max(0, seconds))
        moments[last].becameUsual = becameUsual
    }

    private func moment(of explanation: Explanation, at time: Timestamp) -> Moment {
        var channels = Array(repeating: Int8(0), count: channelCount)
        var size = 1.0
        for part in explanation.channels where channels.indices.contains(part.channel) {
            let root = Int8((max(0, min(1, part.share)).squareRoot() * 127).rounded())
            channels[part.channel] = part.direction == .high ? root : -root
            guard let value = part.value, let expected = part.expected, let low = part.low, let high = part.high,
                high > low
            else { continue }
            size = max(size, min((value - expected).magnitude / ((high - low) / 2), 1e6))
        }
        var aspects = SIMD8<Double>()
        for vote in explanation.detectors {
            guard let kind = DetectorKind(name: vote.name) else { continue }
            let place = kind.aspect.map(\.rawValue) ?? (kind == .stuck ? 6 : 7)
            aspects[place] += vote.weight
        }
        let weights = (255 * aspects).rounded(.toNearestOrEven).clamped(
            lowerBound: .zero, upperBound: .init(repeating: 255))
        return Moment(
            time: time, size: Float(Transcendental.log(size) * 1.442_695_040_888_963), aspects: SIMD8<UInt8>(weights),
            channels: channels)
    }

    private static func distance(_ left: Moment, _ right: Moment) -> Double {
        var (product, leftSquare, rightSquare) = (0, 0, 0)
        for index in left.channels.indices {
            let (a, b) = (Int(left.channels[index]), Int(right.channels[index]))
            product += a * b
            leftSquare += a * a
            rightSquare += b * b
        }
        let norm = (Double(leftSquare) * Double(rightSquare)).squareRoot()
        let channels = norm > 0 ? 1 - Double(product) / norm : 1
        var difference = 0
        for index in 0..<8 { difference += abs(Int(left.aspects[index]) - Int(right.aspects[index])) }
        let size = min(1, Double((left.size - right.size).magnitude) / 4)
        return max(0, channels) + 0.5 * Double(difference) / 510 + 0.5 * size
    }

    /// Bytes that its moments take when there are as many as there can be.
    var memoryBytes: Int { Self.capacity * (MemoryLayout<Moment>.stride + 32 + channelCount) }

    /// Writes the moments.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(moments.count))
        for moment in moments {
            writer.write(moment.time.nanoseconds)
            writer.write(moment.lasted)
            writer.write(moment.becameUsual)
            writer.write(moment.size)
            for index in 0..<8 { writer.write(moment.aspects[index]) }
            for value in moment.channels { writer.write(value) }
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        let count = Int(try reader.read(UInt8.self))
        guard count <= Self.capacity else { throw .invalid("\(count) notable moments") }
        for _ in 0..<count {
            let time = Timestamp(nanoseconds: try reader.read())
            let lasted = try reader.readFloat()
            let becameUsual = try reader.readBool()
            let size = try reader.readFloat()
            guard lasted.isFinite, size.isFinite else { throw .invalid("a notable moment of size \(size)") }
            var aspects = SIMD8<UInt8>()
            for index in 0..<8 { aspects[index] = try reader.read() }
            var channels = Array(repeating: Int8(0), count: channelCount)
            for index in 0..<channelCount { channels[index] = try reader.read() }
            moments.append(
                Moment(
                    time: time, lasted: lasted, becameUsual: becameUsual, size: size, aspects: aspects,
                    channels: channels))
        }
    }
}
