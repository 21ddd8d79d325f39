import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct SubspaceDetectorTests {
    /// An orthonormal matrix, row by row: Gram and Schmidt on normal numbers.
    private static func rotation(_ size: Int, seed: UInt64) -> [[Double]] {
        var generator = SeededGenerator(seed: seed)
        var rows: [[Double]] = []
        while rows.count < size {
            var row = (0..<size).map { _ in normal(&generator) }
            for _ in 0..<2 {
                for other in rows {
                    let dot = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
                    for index in row.indices { row[index] -= dot * other[index] }
                }
            }
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            rows.append(row.map { $0 / length })
        }
        return rows
    }

    private static func covariance(_ vectors: [[Double]], _ values: [Double]) -> [Double] {
        let size = vectors.count
        var matrix = Array(repeating: 0.0, count: size * size)
        for (vector, value) in zip(vectors, values) {
            for row in 0..<size {
                for column in 0..<size { matrix[row * size + column] += value * vector[row] * vector[column] }
            }
        }
        return matrix
    }

    @Test func `Jacobi's rotations find the eigenvalues that a matrix was made of`() {
        let vectors = Self.rotation(16, seed: 1)
        let values = (0..<16).map { Double(40 - 2 * $0) }
        var matrix = Self.covariance(vectors, values)
        var found = matrix
        JacobiRotation.diagonalise(&matrix, vectors: &found, size: 16)
        let diagonal = (0..<16).map { matrix[$0 * 17] }.sorted(by: >)
        for (value, expected) in zip(diagonal, values) { #expect((value - expected).magnitude < 1e-11 * expected) }
        for row in 0..<16 {
            let own = Array(found[(row * 16)..<(row * 16 + 16)])
            let alike = vectors.map { vector in zip(own, vector).reduce(0) { $0 + $1.0 * $1.1 }.magnitude }
            #expect((alike.max() ?? 0) > 1 - 1e-11)
        }
    }

    @Test func `eight steps find the subspace of a known covariance, and one follows when it turns`() {
        let size = 24
        let vectors = Self.rotation(size, seed: 2)
        let values = (0..<size).map { $0 < 5 ? Double(50 - 8 * $0) : 0.2 }
        var subspace = PrincipalSubspace(width: size)
        subspace.renew(Self.covariance(vectors, values).map { Float($0) }, steps: 8)
        // 50 + 42 + 34 + 26 of 173.8 are 87 %: the fifth is needed for 90 %.
        #expect(subspace.rank == 5)
        expect(subspace, is: vectors, values)

        // The first axis turns a fifth of a radian towards the seventh.
        var turned = vectors
        for index in 0..<size {
            turned[0][index] = 0.98 * vectors[0][index] + 0.19899748742132398 * vectors[6][index]
            turned[6][index] = 0.98 * vectors[6][index] - 0.19899748742132398 * vectors[0][index]
        }
        subspace.renew(Self.covariance(turned, values).map { Float($0) }, steps: 1)
        expect(subspace, is: turned, values)
    }

    private func expect(_ subspace: PrincipalSubspace, is vectors: [[Double]], _ values: [Double]) {
        for direction in 0..<5 {
            #expect((Double(subspace.eigenvalues[direction]) / values[direction] - 1).magnitude < 1e-4)
            var dot = 0.0
            for index in vectors.indices {
                dot += Double(subspace.basis[index][direction]) * vectors[direction][index]
            }
            // One step shrinks what is outside by 0.2 + ridge over 18 at least.
            #expect(dot.magnitude > 1 - 1e-3, "direction \(direction): \(dot)")
        }
    }

    /// Forty channels that three factors drive, with noise of variance 0.05 in each; returns the last scores beside those
    /// of the exact covariance, whose ridge is 1 % of the mean eigenvalue.
    private func factors(_ view: SubspaceDetector.View) -> [(seen: Double, exact: Double)] {
        let size = 40
        let vectors = Array(Self.rotation(size, seed: 3)[..<3])
        let drives = [12.0, 8, 5]
        let ridge = 0.01 * (25 + 0.05 * 40) / 40
        var detector = SubspaceDetector(channelCount: size, view: view)
        var feed = GeometryFeed(channels: size, seed: 4)
        var generator = SeededGenerator(seed: 5)
        var pairs: [(seen: Double, exact: Double)] = []
        for step in 0..<5_000 {
            var sample = (0..<size).map { _ in 0.05.squareRoot() * normal(&generator) }
            for factor in 0..<3 {
                let drive = drives[factor].squareRoot() * normal(&generator)
                for index in 0..<size { sample[index] += drive * vectors[factor][index] }
            }
            feed.next { _, _, values in values = sample }
            let score = Double(detector.score(feed.frame))
            detector.learn(feed.frame, weight: 1)
            guard step >= 4_900 else { continue }
            var rest = sample.reduce(0) { $0 + $1 * $1 }
            var inside = 0.0
            for factor in 0..<3 {
                let along = zip(sample, vectors[factor]).reduce(0) { $0 + $1.0 * $1.1 }
                rest -= along * along
                inside += along * along / (drives[factor] + 0.05 + ridge)
            }
            let outside = rest / (37 * 0.05 + 40 * ridge)
            pairs.append((score, (view == .hotelling ? inside / 3 : outside).squareRoot()))
        }
        return pairs
    }

    // 5,000 samples leave an eigenvalue √(2/5000) = 2 % and an axis as much of its neighbours.
    @Test(arguments: SubspaceDetector.View.allCases)
    func `its scores are those of the covariance that the data was drawn from`(view: SubspaceDetector.View) {
        for pair in factors(view) {
            #expect((pair.seen - pair.exact).magnitude < 0.05 * pair.exact + 0.05, "\(pair.seen) for \(pair.exact)")
        }
    }

    @Test(arguments: SubspaceDetector.View.allCases)
    func `the channels' parts add up to the square of the score`(view: SubspaceDetector.View) {
        var detector = SubspaceDetector(channelCount: 3, view: view)
        var feed = GeometryFeed(channels: 3, seed: 6)
        var parts = [0.0, 0, 0]
        var whole = 0
        for _ in 0..<400 {
            feed.next()
            let score = Double(detector.score(feed.frame))
            detector.learn(feed.frame, weight: 1)
            detector.contributions(into: &parts)
            let sum = parts.reduce(0, +)
            // Terms of T² below 0 are cut, so that the sum may be above.
            #expect(sum >= score * score * 0.999 - 1e-4)
            if (sum - score * score).magnitude <= 1e-3 * sum { whole += 1 }
        }
        #expect(view == .hotelling || whole == 400)
    }

    @Test func `a channel that drops out leaves no residual in the one that goes with it`() {
        var detector = SubspaceDetector(channelCount: 2, view: .residual)
        var feed = GeometryFeed(channels: 2, seed: 7)
        var usual: Float = 0
        var without: Float = 0
        for step in 0..<2_000 {
            feed.next { _, noise, values in
                values[1] = values[0] + 0.05 * noise
                if step >= 1_900 { values[1] = .nan }
            }
            let score = detector.score(feed.frame)
            if step >= 1_800, step < 1_900 { usual += score } else if step >= 1_900 { without += score }
            detector.learn(feed.frame, weight: 1)
        }
        #expect(without < 1.5 * usual && without > 0, "\(usual) became \(without)")
    }
}
