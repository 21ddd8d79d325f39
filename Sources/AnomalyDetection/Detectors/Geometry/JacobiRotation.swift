/// Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi's rotations (1846): each turns two axes so that
/// one element off the diagonal becomes 0, and sweeps over all pairs go on until nothing is left there (Golub and Van
/// Loan 2013, "Matrix Computations", section 8.5). In Double; only + − × ÷ and square root, so the same bits
/// everywhere.
enum JacobiRotation {
    /// Most sweeps; convergence is quadratic, and six are enough from anywhere.
    private static let mostSweeps = 12

    /// Turns a symmetric matrix into a diagonal one.
    ///
    /// - Parameters:
    ///   - matrix: `[size, size]`, symmetric; afterwards the eigenvalues lie on its diagonal, in no order.
    ///   - vectors: `[size, size]`; afterwards row i is the eigenvector of the i-th eigenvalue.
    /// - Complexity: about 6 · size³ operations a sweep; allocates nothing.
    static func diagonalise(_ matrix: inout [Double], vectors: inout [Double], size: Int) {
        precondition(matrix.count == size * size && vectors.count == size * size, "a matrix of \(matrix.count)")
        for row in 0..<size {
            for column in 0..<size { vectors[row * size + column] = row == column ? 1 : 0 }
        }
        for _ in 0..<mostSweeps {
            var outside = 0.0
            var diagonal = 0.0
            for row in 0..<size {
                diagonal += matrix[row * size + row] * matrix[row * size + row]
                for column in 0..<row { outside += matrix[row * size + column] * matrix[row * size + column] }
            }
            // Written so that a NaN, too, ends the search.
            guard outside > 1e-24 * diagonal else { return }
            for first in 0..<(size - 1) {
                for second in (first + 1)..<size { rotate(&matrix, &vectors, first, second, size) }
            }
        }
    }

    /// Makes the element of a pair of axes 0.
    private static func rotate(
        _ matrix: inout [Double], _ vectors: inout [Double], _ first: Int, _ second: Int, _ size: Int
    ) {
        let element = matrix[first * size + second]
        guard element != 0 else { return }
        // The smaller of the two angles, as tangent, sine and cosine.
        let slope = (matrix[second * size + second] - matrix[first * size + first]) / (2 * element)
        let tangent = (slope < 0 ? -1 : 1) / (slope.magnitude + (slope * slope + 1).squareRoot())
        let cosine = 1 / (tangent * tangent + 1).squareRoot()
        let sine = tangent * cosine
        for index in 0..<size {
            let left = matrix[index * size + first]
            let right = matrix[index * size + second]
            matrix[index * size + first] = cosine * left - sine * right
            matrix[index * size + second] = sine * left + cosine * right
        }
        for index in 0..<size {
            let left = matrix[first * size + index]
            let right = matrix[second * size + index]
            matrix[first * size + index] = cosine * left - sine * right
            matrix[second * size + index] = sine * left + cosine * right
            let turned = vectors[first * size + index]
            let other = vectors[second * size + index]
            vectors[first * size + index] = cosine * turned - sine * other
            vectors[second * size + index] = sine * turned + cosine * other
        }
    }
}
