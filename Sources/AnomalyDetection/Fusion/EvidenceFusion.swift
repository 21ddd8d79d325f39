/// How the members' evidence becomes one number, on either clock.
struct EvidenceFusion: Sendable {
    /// The members of each aspect that has any.
    let aspects: [[DetectorKind]]

    /// Creates the fusion of a set's detectors.
    init(_ set: DetectorSet) {
        aspects = Aspect.allCases.map { aspect in set.kinds.filter { $0.aspect == aspect } }.filter { !$0.isEmpty }
    }

    /// Evidence that something begins: the mean root of the four strongest aspects, squared, or what the stuck
    /// detector says, whichever is more.
    ///
    /// One vote for each aspect, so that five relatives do not outvote one stranger; the root, so that one aspect
    /// alone needs to be very sure.
    ///
    /// - Parameters:
    ///   - evidence: −log10 of each member's probability, one for each ``DetectorKind``.
    ///   - votes: which members vote.
    func event(_ evidence: [Double], votes: DetectorMask) -> Double {
        max(strongestAspects(evidence, votes: votes), Self.stuck(evidence, votes: votes))
    }

    /// The part of the stuck detector.
    static func stuck(_ evidence: [Double], votes: DetectorMask) -> Double {
        let member = DetectorKind.stuck.rawValue
        return votes[member] ? DetectionRecipe.stuckWeight * evidence[member] : 0
    }

    /// The part of the aspects.
    func strongestAspects(_ evidence: [Double], votes: DetectorMask) -> Double {
        // The strongest four, by insertion: an array of six sorted in place of a general sort.
        var strongest = SIMD8<Double>(repeating: -1)
        var count = 0
        for aspect in aspects.indices {
            guard let mean = mean(ofAspect: aspect, evidence, votes) else { continue }
            var place = count
            while place > 0, strongest[place - 1] < mean {
                strongest[place] = strongest[place - 1]
                place -= 1
            }
            strongest[place] = mean
            count += 1
        }
        let counted = min(count, DetectionRecipe.countedAspects)
        guard counted > 0 else { return 0 }
        var sum = 0.0
        for index in 0..<counted { sum += strongest[index].squareRoot() }
        let mean = sum / Double(counted)
        return mean * mean
    }

    /// Mean evidence of the members of an aspect that vote; `nil` when none does.
    func mean(ofAspect aspect: Int, _ evidence: [Double], _ votes: DetectorMask) -> Double? {
        var sum = 0.0
        var count = 0
        for member in aspects[aspect] where votes[member.rawValue] {
            sum += evidence[member.rawValue]
            count += 1
        }
        return count == 0 ? nil : sum / Double(count)
    }

    /// Mean of some members' evidence, each at most `cap`; 0 when none of them votes.
    static func mean(of members: [DetectorKind], _ evidence: [Double], votes: DetectorMask, cap: Double) -> Double {
        var sum = 0.0
        var count = 0
        for member in members where votes[member.rawValue] {
            sum += min(evidence[member.rawValue], cap)
            count += 1
        }
        return count == 0 ? 0 : sum / Double(count)
    }

    /// Each member's share of the fast evidence, adding up to 1; all 0 without evidence.
    ///
    /// An aspect weighs as its root does in the sum, a member as its evidence does in its aspect.
    func weights(_ evidence: [Double], votes: DetectorMask) -> [Double] {
        var weights = Array(repeating: 0.0, count: evidence.count)
        if Self.stuck(evidence, votes: votes) > strongestAspects(evidence, votes: votes) {
            weights[DetectorKind.stuck.rawValue] = 1
            return weights
        }
        let means = aspects.indices.map { mean(ofAspect: $0, evidence, votes) ?? 0 }
        let order = means.indices.sorted { (means[$0], $1) > (means[$1], $0) }.prefix(DetectionRecipe.countedAspects)
        let total = order.reduce(0) { $0 + means[$1].squareRoot() }
        guard total > 0 else { return weights }
        for aspect in order where means[aspect] > 0 {
            let members = aspects[aspect].filter { votes[$0.rawValue] }
            let sum = members.reduce(0) { $0 + evidence[$1.rawValue] }
            for member in members {
                weights[member.rawValue] += means[aspect].squareRoot() / total * evidence[member.rawValue] / sum
            }
        }
        return weights
    }
}
