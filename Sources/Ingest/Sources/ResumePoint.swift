/// Where to go on in one stream after a restart.
public struct ResumePoint: Equatable, Sendable {
    /// The file and the place in it: the batch's `file` with the `endOffset` of the last row that counts.
    public var position: FilePosition
    /// The batch's `decoding`.
    public var decoding: DecodingState
    /// The batch's `retired`.
    public var retired: [FilePosition]

    /// Creates a point to go on from.
    public init(position: FilePosition, decoding: DecodingState, retired: [FilePosition] = []) {
        self.position = position
        self.decoding = decoding
        self.retired = retired
    }
}
