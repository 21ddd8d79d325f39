import TimeSeries

/// What the detectors would say of the sample in hand with some of its channels at their usual value.
///
/// Works on copies, made where a sample is told about and nowhere else: the series itself is not touched. A channel that is
/// put aside is at its usual value in this sample and in those before it that a window holds: with this sample alone put aside,
/// a level that moved three samples ago was found in one series of six less. What was forecast is left alone: detectors that
/// judge by forecasts divide their scores themselves.
struct CounterfactualScores {
    /// Channels that are put aside one by one, at most: of more only those furthest from their usual value.
    static let mostPlayers = 64

    /// The channels that may be put aside.
    let players: [Int]
    private let members: [any Detector]
    private let networks: SeriesNetworks?
    private var isChannelAside: [Bool]
    private let seen: Frame
    private var frame: Frame
    private let location: [Double]

    /// Copies what is scored.
    ///
    /// - Parameters:
    ///   - members: the detectors, which have scored the frame and not learned it yet.
    ///   - networks: what the series' networks remember, when one of the members needs a reconstruction.
    ///   - frame: the sample in hand.
    ///   - location: usual value of each channel, in its unit, `[d]`.
    init(
        _ members: [any Detector], networks: SeriesNetworks?, frame: Frame, location: [Double]
    ) {
        self.members = members
        self.networks = networks
        isChannelAside = Array(repeating: false, count: frame.channelCount)
        seen = frame
        self.frame = frame
        self.location = location
        let known = (0..<frame.channelCount).filter { frame.isPresent[$0] && frame.isScaled[$0] }
        func distance(_ channel: Int) -> Float { frame.scaled[channel].magnitude }
        players =
            known.count <= Self.mostPlayers
            ? known : Array(known.sorted { (distance($0), $1) > (distance($1), $0) }.prefix(Self.mostPlayers)).sorted()
    }

    /// Scores the sample once more.
    ///
    /// - Parameters:
    ///   - isAside: which of the ``players`` are at their usual value, `[players]`.
    ///   - scores: takes the members' raw scores, `[members]`.
    mutating func score(
        isAside: [Bool], models: GroupModels, scratch: inout ScoringScratch, into scores: inout [Double]
    ) {
        for (index, channel) in players.enumerated() {
            isChannelAside[channel] = isAside[index]
            frame.scaled[channel] = isAside[index] ? 0 : seen.scaled[channel]
            frame.values[channel] = isAside[index] ? location[channel] : seen.values[channel]
        }
        var networks = networks
        networks?.lookAgain(at: &frame, without: isChannelAside, models: models, scratch: &scratch)
        for index in members.indices {
            var member = members[index]
            scores[index] = Double(member.rescore(frame, without: isChannelAside))
        }
    }
}
