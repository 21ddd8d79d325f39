/// A pattern that names are compared with: `*` stands for any characters, `?` for one, everything else for itself.
public struct NamePattern: Equatable, Hashable, Sendable {
    /// As it was written.
    public var text: String

    /// Creates a pattern.
    public init(_ text: String) { self.text = text }

    /// Whether a name fits.
    ///
    /// - Parameter name: compared by Unicode scalars, letter case counts.
    /// - Complexity: O(pattern × name) at worst.
    public func matches(_ name: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        let given = Array(name.unicodeScalars)
        var position = 0
        var next = 0
        var star: (pattern: Int, name: Int)?
        while position < given.count {
            if next < wanted.count, wanted[next] == "*" {
                star = (next, position)
                next += 1
            } else if next < wanted.count, wanted[next] == "?" || wanted[next] == given[position] {
                next += 1
                position += 1
            } else if let last = star {
                // The last star takes one character more, and the rest of the pattern is tried again behind it.
                star = (last.pattern, last.name + 1)
                next = last.pattern + 1
                position = last.name + 1
            } else {
                return false
            }
        }
        return wanted[next...].allSatisfy { $0 == "*" }
    }
}
