import TimeSeries

/// The rounds in which a stream was scored but not learned from, because its source could not wait.
///
/// Only a UDP source says that it is behind; files and pipes wait. While there are no such rounds, a replay of the same lines
/// gives the same scores (PRODUCT.md section 8). What is skipped follows from the rounds' flags alone, and is stored with
/// the rounds' numbers.
struct SkippedTraining: Equatable, Sendable {
    /// A time of overload: from its first skipped round to its last one.
    struct Episode: Equatable, Sendable {
        /// The first round that was skipped.
        var first: UInt64
        /// The last one so far.
        var last: UInt64
        /// How many of these were.
        var rounds: UInt64
    }

    /// What a person should hear.
    enum Telling: Equatable, Sendable {
        /// An episode begins.
        case begins
        /// It is over.
        case ended(Episode)
    }

    /// Samples without a skipped round after which an episode is over: twenty seconds of what one core takes at most.
    static let calmSamples: UInt64 = 1 << 20
    /// Episodes that are remembered.
    static let mostEpisodes = 32

    /// Rounds so far.
    private(set) var rounds: UInt64 = 0
    /// The last episodes, the newest at the end; the rounds before them are only counted.
    private(set) var episodes: [Episode] = []
    /// Samples of the stream up to the last skipped round, while its episode goes on.
    private var since: UInt64?

    /// Whether an episode goes on.
    var goesOn: Bool { since != nil }

    /// Takes note of a round.
    ///
    /// - Parameters:
    ///   - skips: whether its training is skipped.
    ///   - samples: of the stream so far.
    mutating func note(round: UInt64, skips: Bool, samples: UInt64) -> Telling? {
        guard skips else {
            guard let since, samples - min(since, samples) >= Self.calmSamples, let last = episodes.last else {
                return nil
            }
            self.since = nil
            return .ended(last)
        }
        rounds += 1
        defer { since = samples }
        if goesOn, !episodes.isEmpty {
            episodes[episodes.count - 1].last = round
            episodes[episodes.count - 1].rounds += 1
            return nil
        }
        if episodes.count == Self.mostEpisodes { episodes.removeFirst() }
        episodes.append(Episode(first: round, last: round, rounds: 1))
        return .begins
    }

    /// Creates a count of none.
    init() {}

    /// Writes the count.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(2))
        writer.write(rounds)
        writer.write(since != nil)
        writer.write(since ?? 0)
        writer.write(UInt32(episodes.count))
        for episode in episodes {
            writer.write(episode.first)
            writer.write(episode.last)
            writer.write(episode.rounds)
        }
    }

    /// Reads what ``encode(to:)`` wrote, or the version before it, which had the last round alone.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard version == 1 || version == 2 else { throw .unknownVersion(of: "the skipped training") }
        rounds = try reader.read()
        guard rounds < 1 << 62 else { throw .invalid("\(rounds) rounds without training") }
        guard version > 1 else {
            let last: UInt64 = try reader.read()
            if rounds > 0 { episodes = [Episode(first: last, last: last, rounds: 1)] }
            return
        }
        let goesOn = try reader.readBool()
        let samples: UInt64 = try reader.read()
        since = goesOn ? samples : nil
        let count = try reader.read(UInt32.self)
        guard count <= Self.mostEpisodes else { throw .invalid("\(count) episodes without training") }
        for _ in 0..<count {
            let episode = Episode(first: try reader.read(), last: try reader.read(), rounds: try reader.read())
            guard episode.first <= episode.last, episode.rounds <= rounds else {
                throw .invalid("rounds without training that cannot be")
            }
            episodes.append(episode)
        }
    }
}
