/// What the marks in the numbers of a column show.
struct MarkEvidence {
    /// A number that shows `.` as the decimal mark; one that shows `,`; one with three digits behind the mark, which shows
    /// nothing; one whose digits are grouped beyond doubt.
    var point: String?
    var comma: String?
    var threeAfterPoint: String?
    var threeAfterComma: String?
    var groupedPoint: String?
    var groupedComma: String?

    /// Takes in a number.
    mutating func add(_ shape: NumberParser.Shape, text: String) {
        let isPoint: (UInt8) -> Bool = { $0 == UInt8(ascii: ".") }
        switch shape {
        case .unmarked: break
        case .decimals(let mark): if isPoint(mark) { point = point ?? text } else { comma = comma ?? text }
        case .groupOrDecimals(let mark):
            if isPoint(mark) {
                threeAfterPoint = threeAfterPoint ?? text
            } else {
                threeAfterComma = threeAfterComma ?? text
            }
        case .grouped(let mark):
            if isPoint(mark) { groupedPoint = groupedPoint ?? text } else { groupedComma = groupedComma ?? text }
        }
    }

    /// Takes in another column.
    mutating func add(_ other: MarkEvidence) {
        point = point ?? other.point
        comma = comma ?? other.comma
        threeAfterPoint = threeAfterPoint ?? other.threeAfterPoint
        threeAfterComma = threeAfterComma ?? other.threeAfterComma
        groupedPoint = groupedPoint ?? other.groupedPoint
        groupedComma = groupedComma ?? other.groupedComma
    }

    /// Whether a number of this shape can have been written with this mark.
    static func isPossible(_ shape: NumberParser.Shape, mark: UInt8) -> Bool {
        switch shape {
        case .unmarked, .groupOrDecimals: true
        case .decimals(let own), .grouped(let own): own == mark
        }
    }
}

extension DelimitedSniffer {
    /// The decimal mark of the lines.
    struct FoundMark {
        var mark: UInt8
        /// Whether the other mark alone groups digits.
        var readsGroups = false
        /// Whether a number showed it, or the configuration says so.
        var isKnown = true
        var reason = ""
    }

    enum MarkSearch {
        case success(FoundMark)
        case failure(IngestError)
    }

    /// Finds the decimal mark of the columns that hold values.
    func findMark(_ layout: Layout, _ values: [Int], _ columns: [Column]) -> MarkSearch {
        var seen = MarkEvidence()
        for index in values { seen.add(columns[index].marks) }
        if let declared = configuration.decimal {
            let groups = declared == .comma ? seen.threeAfterPoint : seen.threeAfterComma
            return .success(FoundMark(mark: declared.byte, readsGroups: groups != nil, reason: "configured"))
        }
        let point = seen.point ?? seen.groupedPoint
        let comma = seen.comma ?? seen.groupedComma
        switch (point, comma) {
        case (let point?, let comma?): return .failure(markIsUnclear(point, comma))
        case (let point?, nil):
            // What could be decimals after a comma is digits in groups only where others show such groups.
            if let other = seen.threeAfterComma, seen.groupedPoint == nil {
                return .failure(markIsUnclear(point, other))
            }
            return .success(
                FoundMark(mark: UInt8(ascii: "."), readsGroups: seen.groupedPoint != nil, reason: "as in `\(point)`"))
        case (nil, let comma?):
            if let other = seen.threeAfterPoint, seen.groupedComma == nil {
                return .failure(markIsUnclear(other, comma))
            }
            return .success(
                FoundMark(mark: UInt8(ascii: ","), readsGroups: seen.groupedComma != nil, reason: "as in `\(comma)`"))
        case (nil, nil): break
        }
        switch (seen.threeAfterPoint, seen.threeAfterComma) {
        case (let point?, let comma?): return .failure(markIsUnclear(point, comma))
        case (nil, let comma?):
            if layout.delimiter == UInt8(ascii: ",") { return .failure(groupsOrDecimals(comma)) }
            return .success(FoundMark(mark: UInt8(ascii: ","), reason: "as in `\(comma)`"))
        case (let point?, nil): return .success(FoundMark(mark: UInt8(ascii: "."), reason: "as in `\(point)`"))
        case (nil, nil):
            return .success(FoundMark(mark: UInt8(ascii: "."), isKnown: false, reason: "no number has decimals"))
        }
    }

    private func markIsUnclear(_ point: String, _ comma: String) -> IngestError {
        let line = lines.first { $0.contains(UInt8(ascii: ",")) && $0.contains(UInt8(ascii: ".")) } ?? lines[0]
        return .ambiguous(
            line: MalformedLine.excerpt(line.span), first: "`\(point)` with `.` as the decimal mark",
            second: "`\(comma)` with `,` as the decimal mark",
            advice: "set decimal = \".\" or decimal = \",\", or use one mark in all columns")
    }

    private func groupsOrDecimals(_ text: String) -> IngestError {
        let parts = text.split(separator: ",")
        return .ambiguous(
            line: text, first: "\(parts.joined()), its digits in groups",
            second: "\(parts.joined(separator: ".")), with a decimal comma",
            advice: "set decimal = \".\" or decimal = \",\"")
    }

    /// The beginning of a line, to be shown.
    func excerpt(_ index: Int) -> String {
        let line = lines[index]
        return MalformedLine.excerpt(line.span)
    }

    // MARK: Two readings

    /// Why the lines can be read in two ways, or fit their header in none.
    ///
    /// `12,5` is two columns or one number with a decimal comma; only lines of nothing but such pairs leave it open. Lines
    /// with more fields than their header has names may hold decimal commas that nobody put in quotes.
    func ambiguity(
        _ delimiter: UInt8, _ split: [[DelimitedField]], _ start: Int, _ width: Int, _ headerWidth: Int?,
        _ columns: [Column]
    ) -> IngestError? {
        let isComma = delimiter == UInt8(ascii: ",") && configuration.delimiter == nil
        if isComma, let headerWidth, headerWidth > 1,
            let error = unquotedDecimals(split, start, names: headerWidth)
        {
            return error
        }
        if let headerWidth, headerWidth == width { return nil }
        let isPairs =
            isComma && width == 2 && headerWidth ?? 1 == 1 && !columns[0].isEpoch
            && split.indices.dropFirst(start).allSatisfy { split[$0].count != 2 || Self.isPair(lines[$0], split[$0]) }
        if isPairs, let line = lines.dropFirst(start).first {
            let text = MalformedLine.excerpt(line.span)
            return .ambiguous(
                line: text, first: "two columns, \(text.split(separator: ",").joined(separator: " and "))",
                second: "one number with a decimal comma, \(text.split(separator: ",").joined(separator: "."))",
                advice: "set delimiter = \",\" for two, or delimiter = \";\" and decimal = \",\" for one")
        }
        guard let headerWidth, headerWidth != width else { return nil }
        return .headerMismatch(names: headerWidth, fields: width)
    }

    /// Lines that have more fields than names, all of them whole numbers after the first: each two may be one number.
    private func unquotedDecimals(_ split: [[DelimitedField]], _ start: Int, names: Int) -> IngestError? {
        let body = split.indices.dropFirst(start)
        let wide = body.filter { index in
            let filled = (split[index].lastIndex { !$0.range.isEmpty } ?? -1) + 1
            return filled > names && filled <= 2 * names
                && split[index].filter { Self.isWhole(lines[index], $0) }.count >= 2 * (filled - names)
        }
        guard wide.count * 5 > body.count, let index = wide.first else { return nil }
        let line = lines[index]
        let fields = split[index].map { DelimitedLine.text(line.span, $0) }
        // From the right, as many pairs as there are fields too many.
        var joined = fields
        var place = joined.count
        while joined.count > names, place >= 2 {
            joined.replaceSubrange((place - 2)..<place, with: ["\(joined[place - 2]).\(joined[place - 1])"])
            place -= 2
        }
        return .ambiguous(
            line: MalformedLine.excerpt(line.span), first: "\(fields.count) columns, \(Self.list(fields))",
            second: "\(names) columns with decimal commas, such as \(Self.list(joined))",
            advice: "the header names \(names): write numbers with a decimal point, or `;` between columns")
    }

    private static func list(_ texts: [String]) -> String {
        texts.count > 8 ? texts.prefix(8).joined(separator: " | ") + " | …" : texts.joined(separator: " | ")
    }

    private static func isWhole(_ line: [UInt8], _ field: DelimitedField) -> Bool {
        let bytes = line[field.range]
        let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes
        return !field.isQuoted && !digits.isEmpty && digits.allSatisfy { (48...57).contains($0) }
    }

    /// Whether a line is digits, a comma and digits.
    private static func isPair(_ line: [UInt8], _ fields: [DelimitedField]) -> Bool {
        fields.enumerated().allSatisfy { index, field in
            isWhole(line, field) && (index == 0 || line[field.range].first != UInt8(ascii: "-"))
        }
    }

    /// A line with a JSON list in it that its commas would take apart; `nil` when fewer than half have one.
    func listLine() -> String? {
        let holding = lines.filter { line in
            guard let fields = DelimitedLine.fields(line.span, delimiter: UInt8(ascii: ",")) else { return false }
            guard let open = fields.firstIndex(where: { !$0.isQuoted && Self.opens(line, $0) }) else { return false }
            return fields[open...].contains { !$0.isQuoted && Self.closes(line, $0) }
        }
        guard holding.count * 2 >= lines.count, let first = holding.first else { return nil }
        return MalformedLine.excerpt(first.span)
    }

    /// Whether a list begins in a field and does not end there.
    private static func opens(_ line: [UInt8], _ field: DelimitedField) -> Bool {
        let range = trimmed(line, field)
        return line[range].first == UInt8(ascii: "[") && !line[range].contains(UInt8(ascii: "]"))
    }

    private static func trimmed(_ line: [UInt8], _ field: DelimitedField) -> Range<Int> {
        let span = line.span
        return Ingest.trimmed(span, field.range)
    }

    private static func closes(_ line: [UInt8], _ field: DelimitedField) -> Bool {
        let range = trimmed(line, field)
        return line[range].last == UInt8(ascii: "]") && !line[range].contains(UInt8(ascii: "["))
    }
}
