import TimeSeries

/// The directions along which a covariance is widest: its sixteen first eigenvectors, kept up to date.
///
/// Orthogonal iteration (Bauer 1957, doi 10.1007/BF01600502) from where the last renewal ended: the directions are
/// multiplied by the covariance, made orthonormal again (Gram and Schmidt), and turned within the subspace so that they
/// become eigenvectors (Rayleigh and Ritz; Golub and Van Loan 2013, section 8.2). A covariance that moved a little
/// needs one step. Against a full decomposition this costs 16 D² instead of about 10 D³ operations; against Oja's rule
/// and CCIPCA (Weng, Zhang and Hwang 2003, doi 10.1109/TPAMI.2003.1217609), which need no covariance, it has no
/// learning rate to tune, finds close eigenvalues, and its first answer is exact instead of thousands of samples away.
/// The covariance of 4 D² bytes that it asks for is small: D is 48 or the number of channels.
///
/// `basis` holds coordinate i of all directions in one vector of sixteen, so that projecting is one multiplication and
/// addition of such vectors a coordinate. State 128 D + 5,120 bytes.
struct PrincipalSubspace: Sendable {
    /// Number of directions.
    static let capacity = 16
    /// Share of the variance that the subspace is to hold.
    static let share = 0.9
    /// Ridge, in mean eigenvalues.
    static let ridgeShare = 0.01

    /// Numbers in a vector, `D`.
    let width: Int
    /// `[D]`.
    private(set) var basis: [SIMD16<Float>]
    /// Variance along each direction, falling.
    private(set) var eigenvalues = SIMD16<Float>.zero
    /// Directions that count: the fewest that hold 90 % of the variance, at most 16; 0 before the first renewal.
    private(set) var rank = 0
    /// Sum of all eigenvalues.
    private(set) var trace = 0.0
    /// `[16, D]`, working memory.
    private var image: [Float]
    private var small: [SIMD16<Float>]
    private var matrix: [Double]
    private var vectors: [Double]

    /// Creates a subspace of directions that mean nothing yet.
    ///
    /// - Precondition: `width` is at least 16.
    init(width: Int) {
        precondition(width >= Self.capacity, "\(Self.capacity) directions in \(width) dimensions")
        self.width = width
        basis = (0..<width).map { coordinate in
            // No direction may begin orthogonal to what it should find: hashed numbers instead of unit vectors.
            var row = SIMD16<Float>.zero
            for direction in 0..<Self.capacity {
                row[direction] =
                    Float(Int32(truncatingIfNeeded: splitMix(UInt64(coordinate * 16 + direction)))) * 0x1p-31
            }
            return row
        }
        image = Array(repeating: 0, count: Self.capacity * width)
        small = Array(repeating: .zero, count: Self.capacity)
        matrix = Array(repeating: 0, count: Self.capacity * Self.capacity)
        vectors = matrix
    }

    /// What keeps directions without variance from dividing by 0: 1 % of the mean eigenvalue.
    var ridge: Double { Self.ridgeShare * trace / Double(width) + 1e-9 }

    /// 1 for directions that count, 0 for others.
    var mask: SIMD16<Float> {
        var mask = SIMD16<Float>.zero
        for direction in 0..<rank { mask[direction] = 1 }
        return mask
    }

    /// Coordinates of a vector along the sixteen directions.
    func project(_ vector: [Float]) -> SIMD16<Float> {
        precondition(vector.count == width, "a vector of \(vector.count) in \(width) dimensions")
        var sum = SIMD16<Float>.zero
        for coordinate in 0..<width { sum += basis[coordinate] * vector[coordinate] }
        return sum
    }

    /// Renews directions and eigenvalues.
    ///
    /// - Parameters:
    ///   - covariance: `[D, D]`, symmetric.
    ///   - steps: iterations; 1 when little changed, 8 at first.
    /// - Complexity: 32 · D² operations a step and as many at the end; allocates nothing.
    mutating func renew(_ covariance: [Float], steps: Int) {
        precondition(covariance.count == width * width, "a covariance of \(covariance.count)")
        trace = 0
        for index in 0..<width { trace += Double(covariance[index * width + index]) }
        for _ in 0..<steps {
            // The ridge keeps a direction without variance alive: it must not shrink to a vector of zeros.
            let lift = Float(ridge)
            for row in 0..<width {
                let moved = product(covariance, row: row) + lift * basis[row]
                for direction in 0..<Self.capacity { image[direction * width + row] = moved[direction] }
            }
            orthonormalise()
        }
        turn(covariance)
        count()
    }

    /// Row of covariance × basis.
    private func product(_ covariance: [Float], row: Int) -> SIMD16<Float> {
        var sum = SIMD16<Float>.zero
        for column in 0..<width { sum += basis[column] * covariance[row * width + column] }
        return sum
    }

    /// Makes the directions in `image` orthonormal and puts them into `basis`.
    private mutating func orthonormalise() {
        for direction in 0..<Self.capacity {
            let start = direction * width
            for earlier in 0..<direction {
                var dot = 0.0
                for index in 0..<width { dot += Double(image[start + index]) * Double(image[earlier * width + index]) }
                let overlap = Float(dot)
                for index in 0..<width { image[start + index] -= overlap * image[earlier * width + index] }
            }
            var square = 0.0
            for index in 0..<width { square += Double(image[start + index]) * Double(image[start + index]) }
            let factor = Float(1 / max(square, 1e-36).squareRoot())
            for index in 0..<width {
                image[start + index] *= factor
                basis[index][direction] = image[start + index]
            }
        }
    }

    /// Turns the directions within their subspace into eigenvectors, widest first.
    private mutating func turn(_ covariance: [Float]) {
        for direction in 0..<Self.capacity { small[direction] = .zero }
        for row in 0..<width {
            let moved = product(covariance, row: row)
            let weights = basis[row]
            for direction in 0..<Self.capacity { small[direction] += weights[direction] * moved }
        }
        for row in 0..<Self.capacity {
            for column in 0..<Self.capacity {
                matrix[row * Self.capacity + column] = Double(small[row][column] + small[column][row]) / 2
            }
        }
        JacobiRotation.diagonalise(&matrix, vectors: &vectors, size: Self.capacity)
        sortRotation()
        for index in 0..<width {
            let old = basis[index]
            var turned = SIMD16<Float>.zero
            for direction in 0..<Self.capacity { turned += old[direction] * small[direction] }
            basis[index] = turned
        }
    }

    /// Reads eigenvalues off the diagonal, widest first, and the rotation into `small`: row = old, lane = new
    /// direction.
    private mutating func sortRotation() {
        for place in 0..<Self.capacity {
            var widest = 0
            for direction in 1..<Self.capacity where diagonal(direction) > diagonal(widest) { widest = direction }
            eigenvalues[place] = Float(max(0, diagonal(widest)))
            for old in 0..<Self.capacity { small[old][place] = Float(vectors[widest * Self.capacity + old]) }
            matrix[widest * Self.capacity + widest] = -.infinity
        }
    }

    private func diagonal(_ direction: Int) -> Double { matrix[direction * Self.capacity + direction] }

    private mutating func count() {
        var held = 0.0
        rank = 0
        while rank < Self.capacity, held < Self.share * trace {
            held += Double(eigenvalues[rank])
            rank += 1
        }
        rank = max(1, rank)
    }

    /// Bytes that its arrays take.
    var memoryBytes: Int {
        basis.count * 64 + image.count * 4 + small.count * 64 + (matrix.count + vectors.count) * 8
    }

    /// Writes directions and eigenvalues.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(rank))
        writer.write(trace)
        for lane in eigenvalues.indices { writer.write(eigenvalues[lane]) }
        for row in basis {
            for lane in row.indices { writer.write(row[lane]) }
        }
    }

    /// Reads what ``encode(to:)`` wrote; refuses numbers that no subspace has.
    init(from reader: inout StateReader, width: Int) throws(StateCodingError) {
        self.init(width: width)
        rank = Int(try reader.read(UInt8.self))
        trace = try reader.readDouble()
        for lane in eigenvalues.indices { eigenvalues[lane] = try reader.readFloat() }
        for index in basis.indices {
            for lane in basis[index].indices { basis[index][lane] = try reader.readFloat() }
        }
        guard rank <= Self.capacity, trace >= 0, trace.isFinite,
            eigenvalues.indices.allSatisfy({ eigenvalues[$0] >= 0 && eigenvalues[$0].isFinite }),
            basis.allSatisfy({ row in row.indices.allSatisfy { row[$0].magnitude <= 1.5 } })
        else { throw .invalid("a subspace with impossible numbers") }
    }
}
