import Foundation
import Testing

@testable import Ingest

/// Something that happens to followed files.
struct RotationCase: Sendable, CustomTestStringConvertible {
    /// What is known of the lines that are lost.
    enum Loss: Sendable {
        /// None is.
        case none
        /// Some are, and it is counted.
        case counted
        /// None is, but what is left does not show it, and it is counted.
        case feared
    }

    /// A sentence part: `rename and create, twenty times fast`.
    var name: String
    /// What is followed.
    var pattern = "a.csv"
    var loss = Loss.none
    /// Does it, with so many lines.
    var run: @Sendable (inout RotationScene, Int) throws -> Void

    var testDescription: String { name }

    /// All of them.
    static let all: [RotationCase] = growth + renames + truncations + absences + names
}
