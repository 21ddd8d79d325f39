import TimeSeries

/// Reads the lines of `nfdump -o pipe`: numbers between bars, without a header.
///
///     1.7: af|first|last|protocol|4 words|port|4 words|port|2 AS|2 interfaces|flags|tos|packets|bytes      times in ms
///     1.6: af|first|ms|last|ms|protocol|…                                                                  times in s and ms
///
/// An address is four words of 32 bits; of IPv4 (`af` 2) the last one holds it, IPv6 is 10.
enum NetFlowPipe {
    /// Columns since 1.7.
    static let columns = 22
    /// Columns up to 1.6, whose milliseconds stand apart.
    static let olderColumns = 24

    /// Whether a line has the shape.
    static func matches(_ line: Span<UInt8>) -> Bool {
        guard let numbers = Numbers(line) else { return false }
        return numbers.values[0] == 2 || numbers.values[0] == 10
    }

    /// Reads a line and appends its record, if it has one.
    static func decode(_ line: Span<UInt8>, into flows: inout [FlowRecord]) -> FlowLine {
        guard let numbers = Numbers(line) else { return .malformed(Numbers.flaw(of: line)) }
        let isOlder = numbers.count == olderColumns
        let base = isOlder ? 6 : 4
        let first = time(numbers, 1, isOlder)
        let last = time(numbers, isOlder ? 3 : 2, isOlder)
        guard let first, let last else { return .malformed(.badTime) }
        func value(_ index: Int) -> UInt64 { numbers.values[index] }
        func address(_ index: Int) -> NetworkAddress? {
            for word in index..<(index + 4) where value(word) > UInt64(UInt32.max) { return nil }
            if value(0) == 2 { return NetworkAddress(ipv4: UInt32(truncatingIfNeeded: value(index + 3))) }
            return NetworkAddress(
                high: value(index) << 32 | value(index + 1), low: value(index + 2) << 32 | value(index + 3))
        }
        guard value(0) == 2 || value(0) == 10, let source = address(base), let destination = address(base + 5) else {
            return .malformed(.notANumber)
        }
        guard value(base - 1) < 256, value(base + 4) < 65_536, value(base + 9) < 65_536 else {
            return .malformed(.outOfRange)
        }
        let most: UInt64 = 1 << 53
        var record = FlowRecord(
            start: first, end: last, source: source, destination: destination,
            sourcePort: UInt16(truncatingIfNeeded: value(base + 4)),
            destinationPort: UInt16(truncatingIfNeeded: value(base + 9)),
            transport: UInt8(truncatingIfNeeded: value(base - 1)), packetsOut: min(most, value(base + 16)),
            bytesOut: min(most, value(base + 17)), isOneWay: true)
        record.outcome = record.outcome(by: TCPFlags(rawValue: UInt8(truncatingIfNeeded: value(base + 14))))
        flows.append(record.withEchoReplyTurned)
        return .flow(time: numbers.second)
    }

    private static func time(_ numbers: Numbers, _ index: Int, _ isOlder: Bool) -> Timestamp? {
        let unit: UInt64 = isOlder ? 1_000_000_000 : 1_000_000
        let (whole, overflow) = numbers.values[index].multipliedReportingOverflow(by: unit)
        guard !overflow, whole <= UInt64(Int64.max / 2) else { return nil }
        let part = isOlder ? min(999, numbers.values[index + 1]) * 1_000_000 : 0
        return Timestamp(nanoseconds: Int64(whole + part))
    }

    /// The whole numbers of a line, 22 or 24 of them.
    private struct Numbers {
        var values = InlineArray<24, UInt64>(repeating: 0)
        var count = 0
        /// Where the second one stands: the time.
        var second = 0..<0

        init?(_ line: Span<UInt8>) {
            var start = 0
            for index in 0...line.count {
                guard index == line.count || line[index] == UInt8(ascii: "|") else { continue }
                guard count < NetFlowPipe.olderColumns, let value = Self.number(line, start..<index) else { return nil }
                values[count] = value
                if count == 1 { second = start..<index }
                count += 1
                start = index + 1
            }
            guard count == NetFlowPipe.columns || count == NetFlowPipe.olderColumns else { return nil }
        }

        private static func number(_ line: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
            guard !range.isEmpty, range.count <= 19 else { return nil }
            var value: UInt64 = 0
            for index in range {
                let digit = line[index] &- 48
                guard digit <= 9 else { return nil }
                value = value &* 10 &+ UInt64(digit)
            }
            return value
        }

        /// Why a line has not such numbers.
        static func flaw(of line: Span<UInt8>) -> MalformedReason {
            var count = 1
            for index in 0..<line.count where line[index] == UInt8(ascii: "|") { count += 1 }
            return count == NetFlowPipe.columns || count == NetFlowPipe.olderColumns ? .notANumber : .fieldCount
        }
    }
}
