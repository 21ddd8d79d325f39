/// One thing that was found out about a stream's lines, and what showed it.
public struct Finding: Equatable, Sendable {
    /// What it is about: `delimiter`, `time`, `ignored`.
    public var topic: String
    /// What was found: `comma`.
    public var text: String
    /// What showed it, or `configured`.
    public var reason: String

    /// Creates a finding.
    public init(_ topic: String, _ text: String, because reason: String) {
        self.topic = topic
        self.text = text
        self.reason = reason
    }
}
