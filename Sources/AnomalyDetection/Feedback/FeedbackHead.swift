public import TimeSeries

/// What people have answered about the incidents of a group, and what follows from it for the next ones.
///
/// A logistic regression on ``OpeningFeatures``: P(real) = σ(w·x), fitted to all answers kept by penalised maximum likelihood
/// (ridge for logistic models: le Cessie and van Houwelingen 1992, doi 10.2307/2347628) with binary cross-entropy in which both
/// classes weigh the same. Newton's method; the answers are few, so that a fit takes some milliseconds, and nothing happens
/// between answers.
///
/// There is no intercept: ten false alarms of one channel say nothing of another, and with an intercept they silenced it. For the
/// same reason what all channels share has ten times the penalty of a channel's own part.
///
/// What it says of an opening is bounded, and trusted as much as there are answers:
///
///     adjustment = clamp(w·x · n / (n + 8),  −1.5 … +1)      in powers of ten, n answers
///
/// so that no answers can silence what is 1.5 above its threshold, and a raised score is told as an opening a little stronger: an
/// incident that would not have opened is not opened by it.
public struct FeedbackHead: Equatable, Sendable {
    /// One answer.
    public struct Answer: Equatable, Sendable {
        let features: OpeningFeatures
        let isReal: Bool

        /// Creates an answer.
        public init(_ features: OpeningFeatures, isReal: Bool) {
            self.features = features
            self.isReal = isReal
        }
    }

    /// Answers that are kept; the oldest leaves.
    static let mostAnswers = 128
    static let lowest = -1.5
    static let highest = 1.0
    /// Answers after which half of what the regression says counts.
    private static let halfTrust = 8.0
    /// Of what all channels share, and of a channel's own part.
    private static let commonPenalty = 20.0
    private static let channelPenalty = 2.0
    private static let iterations = 12
    private static let version: UInt8 = 1

    /// Of the group's series.
    public let channelCount: Int
    private(set) var answers: [Answer] = []
    /// Answers that come into force at the next round's border.
    private var pending: [Answer] = []
    /// w, `[features]`.
    private var weights: [Double]

    /// Creates a head without answers, which changes nothing.
    public init(channelCount: Int) {
        self.channelCount = channelCount
        weights = Array(repeating: 0, count: OpeningFeatures.count(channels: channelCount))
    }

    /// How many answers are kept.
    public var count: Int { answers.count }

    /// Whether there is anything to store.
    public var isEmpty: Bool { answers.isEmpty && pending.isEmpty }

    /// Takes an answer, which counts from the next ``apply()`` on.
    public mutating func note(_ answer: Answer) {
        if pending.count < Self.mostAnswers { pending.append(answer) }
    }

    /// A round's border: what was answered since the last one comes into force.
    public mutating func apply() {
        guard !pending.isEmpty else { return }
        answers += pending
        pending = []
        answers.removeFirst(max(0, answers.count - Self.mostAnswers))
        fit()
    }

    /// What is added to the score of an opening.
    public func adjustment(_ features: OpeningFeatures) -> Double {
        guard !answers.isEmpty else { return 0 }
        let trust = Double(answers.count) / (Double(answers.count) + Self.halfTrust)
        return max(Self.lowest, min(Self.highest, trust * logit(features.values)))
    }

    private func logit(_ values: [Float]) -> Double {
        var sum = 0.0
        for index in values.indices { sum += weights[index] * Double(values[index]) }
        return sum
    }

    private mutating func fit() {
        let size = weights.count
        let real = Double(answers.count(where: \.isReal))
        let n = Double(answers.count)
        // Both classes weigh the same; where there is one only, each answer weighs one.
        let hasBoth = real > 0 && real < n
        let share = (real: hasBoth ? n / (2 * real) : 1, other: hasBoth ? n / (2 * (n - real)) : 1)
        weights = Array(repeating: 0, count: size)
        for _ in 0..<Self.iterations {
            var gradient = weights.indices.map { Self.penalty(of: $0) * weights[$0] }
            var hessian = [Double](repeating: 0, count: size * size)
            for index in 0..<size { hessian[index * size + index] = Self.penalty(of: index) }
            for answer in answers {
                let x = answer.features.values.map(Double.init)
                let p = 1 / (1 + Transcendental.exp(-max(-30, min(30, logit(answer.features.values)))))
                let weight = answer.isReal ? share.real : share.other
                let error = weight * (p - (answer.isReal ? 1 : 0))
                let curvature = weight * p * (1 - p)
                for row in 0..<size where x[row] != 0 {
                    gradient[row] += error * x[row]
                    for column in 0...row { hessian[row * size + column] += curvature * x[row] * x[column] }
                }
            }
            let step = Self.solve(&hessian, gradient)
            var largest = 0.0
            for index in 0..<size {
                weights[index] -= step[index]
                largest = max(largest, step[index].magnitude)
            }
            if largest < 1e-9 { return }
        }
    }

    private static func penalty(of feature: Int) -> Double {
        feature < OpeningFeatures.common ? commonPenalty : channelPenalty
    }

    /// Solves a positive definite system by Cholesky's factors, of which the lower triangle is given.
    private static func solve(_ matrix: inout [Double], _ right: [Double]) -> [Double] {
        let size = right.count
        var solution = right
        for row in 0..<size {
            for column in 0...row {
                var sum = matrix[row * size + column]
                for inner in 0..<column { sum -= matrix[row * size + inner] * matrix[column * size + inner] }
                matrix[row * size + column] =
                    row == column ? max(sum, 1e-12).squareRoot() : sum / matrix[column * size + column]
            }
        }
        for row in 0..<size {
            for inner in 0..<row { solution[row] -= matrix[row * size + inner] * solution[inner] }
            solution[row] /= matrix[row * size + row]
        }
        for row in stride(from: size - 1, through: 0, by: -1) {
            for inner in row + 1..<max(size, row + 1) { solution[row] -= matrix[inner * size + row] * solution[inner] }
            solution[row] /= matrix[row * size + row]
        }
        return solution
    }

    /// Writes the answers; the weights follow from them.
    public func encode(to writer: inout StateWriter) {
        writer.write(Self.version)
        for part in [answers, pending] {
            writer.write(UInt32(part.count))
            for answer in part {
                writer.write(answer.isReal)
                answer.features.encode(to: &writer)
            }
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    public init(from reader: inout StateReader, channelCount: Int) throws(StateCodingError) {
        self.init(channelCount: channelCount)
        guard try reader.read(UInt8.self) == Self.version else { throw .unknownVersion(of: "answers") }
        answers = try Self.readAnswers(from: &reader, channelCount: channelCount)
        pending = try Self.readAnswers(from: &reader, channelCount: channelCount)
        if !answers.isEmpty { fit() }
    }

    private static func readAnswers(
        from reader: inout StateReader, channelCount: Int
    ) throws(StateCodingError) -> [Answer] {
        let count = Int(try reader.read(UInt32.self))
        guard count <= mostAnswers else { throw .invalid("\(count) answers") }
        var answers: [Answer] = []
        for _ in 0..<count {
            let isReal = try reader.readBool()
            answers.append(Answer(try OpeningFeatures(from: &reader, channelCount: channelCount), isReal: isReal))
        }
        return answers
    }
}
