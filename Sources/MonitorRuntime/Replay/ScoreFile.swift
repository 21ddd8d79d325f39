import TimeSeries

/// Writes `timestamp,series,score,threshold,severity,state,alert`, one row for each data line, in input order.
///
/// `timestamp` is the line's time as written; `score` and `severity` are empty until a member votes, and for a line
/// that cannot be used (PRODUCT.md section 3).
struct ScoreFile {
    private let file: OutputFile

    /// Creates the file and writes its header.
    init(path: String) throws(OutputError) {
        file = try OutputFile(path: path)
        try file.write("timestamp,series,score,threshold,severity,state,alert\n")
    }

    /// Writes one row.
    ///
    /// - Parameter verdict: `nil` for an unusable line and for a repeated one before the first verdict.
    func write(
        timeText: ArraySlice<UInt8>, series: String, verdict: Verdict?, alertLevel: Int
    ) throws(OutputError) {
        try field(timeText)
        try file.write(",")
        try field(series.utf8)
        var text = ","
        if let score = verdict?.score { text += shortest(score) }
        text += ","
        if let threshold = verdict?.threshold { text += shortest(threshold) }
        text += ","
        if let severity = verdict?.severity { text += shortest(severity) }
        text += verdict?.isAbnormal == true ? ",1" : ",0"
        text += alertLevel == 1 ? ",1\n" : ",0\n"
        try file.write(text)
    }

    /// Writes out what is buffered.
    func finish() throws(OutputError) { try file.flush() }

    /// Scores carry six or seven significant digits: they are read by people and ranked, not computed with.
    private func shortest(_ number: Double) -> String { Float(number).description }

    private func field(_ bytes: some Collection<UInt8>) throws(OutputError) {
        let comma = UInt8(ascii: ",")
        let quote = UInt8(ascii: "\"")
        guard bytes.contains(where: { $0 == comma || $0 == quote }) else { return try file.write(bytes) }
        var quoted = [quote]
        for byte in bytes {
            if byte == quote { quoted.append(quote) }
            quoted.append(byte)
        }
        quoted.append(quote)
        try file.write(quoted)
    }
}
