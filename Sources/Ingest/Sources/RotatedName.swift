/// What a file's name says about its place among the rotated ones of another: `a.log.2` and `a.2.log` of `a.log` by a number, the
/// youngest of which is the lowest; `a.log-20261121`, `a-2026-11-21.log` and, in a folder `2026-11-21`,
/// `a.14:00:00-15:00:00.log` by a moment. Each may end in `.gz`.
struct RotatedName: Equatable, Sendable {
    /// Where the file stands.
    enum Place: Hashable, Sendable {
        /// The lower, the younger.
        case number(Int)
        /// The digits of a date and time: among those with as many of them the greatest is the youngest.
        case moment(String)

        /// Whether no number is missing between this place and a younger one; `nil` is the file that has the name still. Of moments
        /// nobody can say, but such names do not move on.
        func isFollowed(directlyBy younger: Place?) -> Bool {
            switch (self, younger) {
            case (.number(let own), .number(let next)): own == next + 1
            // Some count from 0, most from 1.
            case (.number(let own), nil): own <= 1
            default: true
            }
        }
    }

    /// Digits of the longest number; what is longer is a date, or seconds since 1970.
    private static let longestNumber = 5
    /// Digits of the shortest date: `261121`.
    private static let shortestMoment = 6

    /// Where the file stands.
    let place: Place
    /// Whether the name ends in `.gz`.
    let isCompressed: Bool
    /// Whether number or date stand behind the whole name, not before its ending.
    let isSuffix: Bool

    /// Reads a name.
    ///
    /// - Parameters:
    ///   - original: the name of the file that is followed.
    ///   - folder: the name of a folder of one day that the file is in; empty for the folder of the original.
    /// - Returns: `nil` when it is no rotated file of that one.
    init?(_ name: String, of original: String, inFolder folder: String = "") {
        var bytes = Array(name.utf8)
        isCompressed = bytes.suffix(3).elementsEqual(".gz".utf8)
        if isCompressed { bytes.removeLast(3) }
        let whole = Array(original.utf8)
        let dot = whole.lastIndex(of: UInt8(ascii: ".")).flatMap { $0 == 0 ? nil : $0 } ?? whole.count
        let middle: ArraySlice<UInt8>
        if bytes.starts(with: whole) {
            middle = bytes.dropFirst(whole.count)
            isSuffix = true
        } else if bytes.starts(with: whole[..<dot]), bytes.count > whole.count,
            bytes.suffix(whole.count - dot).elementsEqual(whole[dot...])
        {
            middle = bytes[dot..<(bytes.count - (whole.count - dot))]
            isSuffix = false
        } else {
            return nil
        }
        guard let mark = middle.first, ".-_".utf8.contains(mark) else { return nil }
        let rest = middle.dropFirst()
        guard rest.first.map(Self.isDigit) == true, rest.allSatisfy({ Self.isDigit($0) || Self.isMark($0) }) else {
            return nil
        }
        let digits = rest.filter(Self.isDigit)
        if digits.count == rest.count, rest.count <= Self.longestNumber, folder.isEmpty {
            guard let number = Int(String(decoding: rest, as: UTF8.self)) else { return nil }
            place = .number(number)
        } else {
            let day = folder.utf8.filter(Self.isDigit)
            guard day.count + digits.count >= Self.shortestMoment else { return nil }
            place = .moment(String(decoding: day + digits, as: UTF8.self))
        }
    }

    /// Whether a folder's name is that of a day: `2026-11-21`.
    static func isDay(_ folder: String) -> Bool {
        let bytes = folder.utf8
        return bytes.count(where: isDigit) == 8 && bytes.first.map(isDigit) == true
            && bytes.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// What stands between the digits of dates and times, the letters of `2026-11-21T14:00:00Z` among them.
    private static func isMark(_ byte: UInt8) -> Bool { "-_.:+TZ".utf8.contains(byte) }
}

extension RotatedName.Place {
    /// Whether a file here was rotated later than one there; `nil` when the two are not named alike.
    func isYounger(than other: RotatedName.Place) -> Bool? {
        switch (self, other) {
        case (.number(let own), .number(let other)): own < other
        case (.moment(let own), .moment(let other)) where own.utf8.count == other.utf8.count: own > other
        default: nil
        }
    }
}
