public import TimeSeries

/// The last incidents of a series, so that an answer about one can be learned from.
public struct RecentOpenings: Equatable, Sendable {
    /// One of them.
    public struct Opening: Equatable, Sendable {
        /// Event time of its onset.
        public let since: Timestamp
        /// Its score before anybody's answers; `nil` where it opened by its state.
        public let score: Double?
        /// What it looked like.
        public let features: OpeningFeatures
        /// What was answered; `nil` before.
        public var isReal: Bool?
    }

    /// Openings that are remembered; the oldest leaves.
    static let capacity = 16
    private var openings: [Opening] = []

    /// Creates an empty memory.
    public init() {}

    /// Remembers that an incident opened.
    public mutating func note(_ features: OpeningFeatures, score: Double?, since: Timestamp) {
        if openings.count == Self.capacity { openings.removeFirst() }
        openings.append(Opening(since: since, score: score, features: features))
    }

    /// Takes an answer.
    ///
    /// - Parameters:
    ///   - since: the onset as the messages have it; several series of one incident may have begun some ticks apart.
    ///   - tolerance: seconds that the series' own onset may be away from it.
    /// - Returns: the opening as it was before; `nil` when none that near is remembered, or the same was answered already.
    public mutating func answer(_ isReal: Bool, since: Timestamp, tolerance: Double) -> Opening? {
        let near = openings.indices.min {
            abs(openings[$0].since.seconds(since: since)) < abs(openings[$1].since.seconds(since: since))
        }
        guard let near, abs(openings[near].since.seconds(since: since)) <= tolerance, openings[near].isReal != isReal
        else { return nil }
        defer { openings[near].isReal = isReal }
        return openings[near]
    }

    /// Bytes that it takes when it is full.
    static func memoryBytes(channelCount: Int) -> Int {
        capacity * (MemoryLayout<Opening>.stride + 32 + 4 * OpeningFeatures.count(channels: channelCount))
    }

    /// Writes the openings.
    public func encode(to writer: inout StateWriter) {
        writer.write(UInt8(openings.count))
        for opening in openings {
            writer.write(opening.since.nanoseconds)
            writer.write(opening.score ?? .nan)
            writer.write(UInt8(opening.isReal.map { $0 ? 2 : 1 } ?? 0))
            opening.features.encode(to: &writer)
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        let count = Int(try reader.read(UInt8.self))
        guard count <= Self.capacity else { throw .invalid("\(count) openings") }
        for _ in 0..<count {
            let since = Timestamp(nanoseconds: try reader.read())
            let score = try reader.readDouble()
            let answer = try reader.read(UInt8.self)
            guard answer <= 2 else { throw .invalid("an answer of \(answer)") }
            let features = try OpeningFeatures(from: &reader, channelCount: channelCount)
            openings.append(
                Opening(
                    since: since, score: score.isNaN ? nil : score, features: features,
                    isReal: answer == 0 ? nil : answer == 2))
        }
    }
}
