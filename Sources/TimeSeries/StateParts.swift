/// Reads the parts of a piece one after another, and takes note of those that are stored in another form.
///
/// An upgrade that stores one part of a piece differently forgets that part alone: each has a version and a length, so that
/// what is not known is passed over, and said. Parts have a fixed order; a new one is added behind the others, and one that is
/// no longer there leaves an empty part in its place. Whatever else is wrong with a part is damage, of which nothing is used.
public struct StateParts {
    private var reader: StateReader
    /// Parts that follow.
    private var left: Int
    /// Whether parts have a version and a length each; the pieces of older builds are read in one go.
    private let isFramed: Bool
    /// Names of the parts that were stored in another form, in their order: they begin anew.
    public private(set) var anew: [String] = []

    /// Begins to read parts, behind the count of them.
    ///
    /// - Throws: ``StateCodingError`` when the bytes are cut short.
    public init(from reader: inout StateReader) throws(StateCodingError) {
        left = Int(try reader.read(UInt8.self))
        self.reader = reader
        isFramed = true
    }

    /// Begins to read what an older build wrote without frames: each part must be known.
    public init(unframed reader: StateReader) {
        self.reader = reader
        left = .max
        isFramed = false
    }

    /// Reads the next part.
    ///
    /// - Parameters:
    ///   - name: what it is called when it begins anew.
    ///   - version: of the coding that `read` knows.
    /// - Returns: `nil` when the part is stored in another form, or is not stored.
    /// - Throws: ``StateCodingError`` of `read`, but for an unknown version.
    public mutating func read<Value>(
        _ name: String, version: UInt8 = 1, _ read: (inout StateReader) throws(StateCodingError) -> Value
    ) throws(StateCodingError) -> Value? {
        guard left > 0 else { return nil }
        left -= 1
        guard isFramed else { return try read(&reader) }
        let stored = try reader.read(UInt8.self)
        var part = try reader.readPart()
        guard stored == version else {
            anew.append(name)
            return nil
        }
        do {
            return try read(&part)
        } catch .unknownVersion {
            anew.append(name)
            return nil
        }
    }

    /// Takes note of a part within a part that begins anew.
    public mutating func note(_ names: [String]) { anew += names }

    /// Ends the reading; parts that this build does not know are passed over.
    ///
    /// - Returns: the bytes behind the parts.
    public consuming func finish() throws(StateCodingError) -> StateReader {
        guard isFramed else { return reader }
        while left > 0 {
            left -= 1
            _ = try reader.read(UInt8.self)
            _ = try reader.readPart()
        }
        return reader
    }
}
