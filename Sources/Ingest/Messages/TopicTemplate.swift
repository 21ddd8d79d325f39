/// How the name of a series is made of the topic of a message: `{2}/{3}` of `plant/hall2/pump3/temp` is `hall2/pump3`.
///
/// A number is a part between slashes, from 1, and -1 the last; `{topic}` is all of it. What stands outside of braces stays.
public struct TopicTemplate: Equatable, Sendable {
    private enum Piece: Equatable, Sendable {
        case text([UInt8])
        case part(Int)
        case topic
    }

    /// All of the topic.
    public static let whole = TopicTemplate(pieces: [.topic], text: "{topic}")

    private let pieces: [Piece]
    /// As it was written.
    public let text: String

    private init(pieces: [Piece], text: String) {
        self.pieces = pieces
        self.text = text
    }

    /// Reads a template; `nil` when braces do not match, when between them is neither a number but 0 nor `topic`, or when
    /// nothing of the topic is in it.
    public init?(_ text: String) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else { return nil }
            if open > rest.startIndex { pieces.append(.text(Array(rest[..<open].utf8))) }
            let name = rest[rest.index(after: open)..<close]
            if name == "topic" {
                pieces.append(.topic)
            } else {
                guard let number = Int(name), number != 0, number.magnitude <= 65_535 else { return nil }
                pieces.append(.part(number))
            }
            rest = rest[rest.index(after: close)...]
        }
        guard !pieces.isEmpty else { return nil }
        if !rest.isEmpty { pieces.append(.text(Array(rest.utf8))) }
        self.init(pieces: pieces, text: text)
    }

    /// How many parts a topic must have, so that all that are named are there.
    public var fewestParts: Int {
        pieces.reduce(1) { most, piece in
            guard case .part(let number) = piece else { return most }
            return max(most, Int(number.magnitude))
        }
    }

    /// Whether a text is meant to be a template and not the name of a column.
    public static func isMeant(by text: String) -> Bool { text.contains("{") || text.contains("}") }

    /// Writes the name for a topic; a part that the topic does not have is left out.
    ///
    /// - Complexity: O(bytes of the topic) for each piece; allocates nothing when `key` has room.
    package func write(_ topic: Span<UInt8>, into key: inout [UInt8]) {
        key.removeAll(keepingCapacity: true)
        for piece in pieces {
            switch piece {
            case .text(let bytes): key.append(contentsOf: bytes)
            case .topic: for index in 0..<topic.count { key.append(topic[index]) }
            case .part(let number):
                let range = Self.part(number, of: topic)
                for index in range { key.append(topic[index]) }
            }
        }
    }

    private static func part(_ number: Int, of topic: Span<UInt8>) -> Range<Int> {
        var wanted = number - 1
        if number < 0 {
            var parts = 1
            for index in 0..<topic.count where topic[index] == UInt8(ascii: "/") { parts += 1 }
            wanted = parts + number
        }
        guard wanted >= 0 else { return 0..<0 }
        var start = 0
        var part = 0
        for index in 0...topic.count where index == topic.count || topic[index] == UInt8(ascii: "/") {
            if part == wanted { return start..<index }
            part += 1
            start = index + 1
        }
        return 0..<0
    }
}
