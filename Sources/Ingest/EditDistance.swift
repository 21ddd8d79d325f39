/// The nearest of some words to a word that was mistyped.
public enum EditDistance {
    /// The least number of letters to insert, delete or replace, or of neighbours to swap, that makes one text the other.
    ///
    /// Optimal string alignment: Damerau (1964), "A technique for computer detection and correction of spelling errors",
    /// doi:10.1145/363958.363994, with no letter edited twice.
    /// - Complexity: O(first × second).
    static func between(_ first: String, _ second: String) -> Int {
        let a = Array(first.unicodeScalars)
        let b = Array(second.unicodeScalars)
        var older: [Int] = []
        var previous = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, older[j - 1] + 1) }
                row.append(best)
            }
            older = previous
            previous = row
        }
        return previous[b.count]
    }

    /// The nearest candidate, the first of equals; `nil` when none is within a third of the word's length, at least 2.
    public static func nearest(to word: String, among candidates: [String]) -> String? {
        let scored = candidates.map { (word: $0, distance: between(word, $0)) }
        guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(2, word.unicodeScalars.count / 3) ? best.word : nil
    }
}
