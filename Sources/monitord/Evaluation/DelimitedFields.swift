/// The fields of one CSV line (RFC 4180, comma): a field that begins with a quote may hold commas and doubled quotes.
///
/// The buffers are used again from line to line.
struct DelimitedFields {
    private var text: [UInt8] = []
    private var ends: [Int] = []

    /// How many fields the line has.
    var count: Int { ends.count }

    /// The bytes of a field, out of its quotes.
    ///
    /// - Precondition: `index` is within ``count``.
    subscript(index: Int) -> ArraySlice<UInt8> { text[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

    /// A field as text; bytes that are no UTF-8 are replaced.
    func string(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

    /// Splits a line.
    ///
    /// - Returns: `false` when a quote is not closed on the line.
    mutating func split(_ line: [UInt8]) -> Bool {
        text.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        var isQuoted = false
        var isStart = true
        var index = 0
        while index < line.count {
            let byte = line[index]
            index += 1
            if isQuoted {
                if byte != UInt8(ascii: "\"") {
                    text.append(byte)
                } else if index < line.count, line[index] == byte {
                    text.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
            } else if byte == UInt8(ascii: ",") {
                ends.append(text.count)
                isStart = true
                continue
            } else if byte == UInt8(ascii: "\""), isStart {
                isQuoted = true
            } else {
                text.append(byte)
            }
            isStart = false
        }
        ends.append(text.count)
        return !isQuoted
    }
}
