import TimeSeries

/// Reads times as they stand in labels and score files.
enum TimeText {
    /// Seconds since 1970 of a number of such seconds, or of an ISO 8601 date with an optional time and offset; without an
    /// offset it is UTC.
    ///
    /// Decimals of a second count to the microsecond, as in Python's `datetime`. `nil` for anything else, and for what is
    /// not finite.
    static func seconds(_ text: some StringProtocol) -> Double? {
        let bytes = NumberText.trimmed(Array(text.utf8)[...])
        if let number = NumberText.number(bytes) { return number.isFinite ? number : nil }
        var cursor = Cursor(rest: bytes)
        guard bytes.count <= 64, let days = cursor.date() else { return nil }
        guard !cursor.isAtEnd else { return Double(days) * 86_400 }
        cursor.skip()
        guard let time = cursor.time() else { return nil }
        var offset = 0
        if !cursor.isAtEnd {
            guard let found = cursor.offset() else { return nil }
            offset = found
        }
        guard cursor.isAtEnd else { return nil }
        return Double(days * 86_400_000_000 + time - offset) / 1e6
    }

    private struct Cursor {
        var rest: ArraySlice<UInt8>

        var isAtEnd: Bool { rest.isEmpty }

        mutating func skip() { rest = rest.dropFirst() }

        /// Takes a number of exactly so many digits.
        mutating func digits(_ count: Int) -> Int? {
            guard rest.count >= count, rest.prefix(count).allSatisfy({ (48...57).contains($0) }) else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reduce(0) { $0 * 10 + Int($1 - 48) }
        }

        mutating func take(_ byte: Character) -> Bool {
            guard rest.first == byte.asciiValue else { return false }
            skip()
            return true
        }

        /// Days since 1970 of `2026-03-15` or `20260315`.
        mutating func date() -> Int? {
            guard let year = digits(4) else { return nil }
            let hasDashes = take("-")
            guard let month = digits(2), !hasDashes || take("-"), let day = digits(2) else { return nil }
            let civil = CivilTime(year: year, month: month, day: day)
            return civil.isValid ? civil.daysSinceEpoch : nil
        }

        /// Microseconds of the day of `06`, `06:30`, `06:30:05`, `06:30:05.25`, or without the colons.
        mutating func time() -> Int? {
            guard let hour = digits(2), hour < 24 else { return nil }
            var parts = [hour, 0, 0]
            let hasColons = rest.first == UInt8(ascii: ":")
            for index in 1...2 {
                let isNext = hasColons ? take(":") : rest.first.map { (48...57).contains($0) } ?? false
                guard isNext else { break }
                guard let part = digits(2), part < 60 else { return nil }
                parts[index] = part
                if index == 2, take(".") || take(",") {
                    guard let fraction = fraction() else { return nil }
                    return seconds(parts) * 1_000_000 + fraction
                }
            }
            return seconds(parts) * 1_000_000
        }

        /// Microseconds of `Z`, `+02:00`, `-0530` or `+02`, east being positive.
        mutating func offset() -> Int? {
            if take("Z") { return 0 }
            let isWest = rest.first == UInt8(ascii: "-")
            guard isWest || rest.first == UInt8(ascii: "+") else { return nil }
            skip()
            guard let size = time() else { return nil }
            return isWest ? -size : size
        }

        private func seconds(_ parts: [Int]) -> Int { parts[0] * 3_600 + parts[1] * 60 + parts[2] }

        /// Microseconds; further digits are cut off.
        private mutating func fraction() -> Int? {
            let all = rest.prefix { (48...57).contains($0) }
            guard !all.isEmpty else { return nil }
            rest = rest.dropFirst(all.count)
            let six = Array(all.prefix(6)) + [UInt8](repeating: 48, count: max(6 - all.count, 0))
            return six.reduce(0) { $0 * 10 + Int($1 - 48) }
        }
    }
}
