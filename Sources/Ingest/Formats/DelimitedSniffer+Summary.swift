import TimeSeries

extension DelimitedSniffer {
    /// How lines are read, in words.
    func summary(
        _ layout: Layout, _ mark: FoundMark, _ time: FoundTime?, _ use: Use, _ channels: Int,
        _ ignored: [(name: String, reason: String)]
    ) -> String {
        var text = "csv, \(SourceConfiguration.Delimiter.name(layout.delimiter)), "
        if mark.mark == UInt8(ascii: ",") { text += "decimal comma, " }
        text += layout.hasHeader ? "header, " : "no header, "
        text += (time?.summary ?? "no time") + ", "
        for words in use.words { text += words + ", " }
        text += channels == 1 ? "1 channel" : "\(channels) channels"
        return text + KeyedSniffer.listed(ignored.map { "\($0.name) (\($0.reason))" })
    }

    /// What was found, with what showed it.
    func findings(
        _ layout: Layout, _ mark: FoundMark, _ time: FoundTime?, _ use: Use, _ ignored: [(name: String, reason: String)]
    ) -> [Finding] {
        let width = layout.names.isEmpty ? nil : layout.names.count
        var findings = [
            Finding(
                "format", "csv",
                because: configuration.format == .csv
                    ? "configured" : "no JSON object and no InfluxDB line among the lines"),
            Finding(
                "delimiter", SourceConfiguration.Delimiter.name(layout.delimiter),
                because: configuration.delimiter != nil
                    ? "configured" : "\(layout.agreeing) of \(lines.count) lines have the same number of fields with it"
            ),
            Finding("decimal mark", mark.mark == UInt8(ascii: ",") ? "comma" : "point", because: mark.reason),
        ]
        if mark.readsGroups { findings.append(Finding("digits", "in groups of three", because: mark.reason)) }
        if layout.hasHeader {
            let reason = configuration.hasHeader != nil ? "configured" : "text above numbers or times"
            findings.append(Finding("header", "line 1, \(width ?? 0) names", because: reason))
        } else {
            let reason = configuration.hasHeader != nil ? "configured" : "no text stands above numbers in line 1"
            findings.append(Finding("header", "none", because: reason))
        }
        if layout.hasUnits {
            findings.append(Finding("units", "line 2", because: "text between the header and numbers"))
        }
        if let time {
            findings.append(Finding("time", String(time.summary.dropFirst("time ".count)), because: time.reason))
            if let order = time.dates {
                let reason = configuration.dates != nil ? "configured" : "a part above 12 can only be a day"
                findings.append(
                    Finding(
                        "dates", order.words,
                        because: order == .dayFirst && configuration.dates == nil
                            ? "a part above 12 can only be a day, and dots stand behind days" : reason))
            }
        } else {
            findings.append(Finding("time", "none", because: "no column of dates, and none with the name of a time"))
        }
        findings += use.findings
        findings += ignored.map { Finding("ignored", $0.name, because: $0.reason) }
        return findings
    }
}
