import TimeSeries

/// Datagrams, of which some hold no lines.
extension LineDecoder {
    /// Decodes a datagram: an export of flows when it is one by all it says of its own length, or lines, the last of which
    /// ends with it.
    ///
    /// The first of which that is clear settles it: where lines come an export is an unusable line, and the other way round.
    /// Anybody may send a datagram, so none that is neither ends the reading.
    ///
    /// - Parameter sender: the address that it came from.
    mutating func decodeDatagram(_ datagram: Span<UInt8>, from sender: NetworkAddress, into batch: inout RecordBatch) {
        guard refusal == nil else { return }
        isOfDatagrams = true
        if !isSettled, carriedBytes == 0 { recognise(datagram) }
        // Asked for the exporters first, by the tag alone: the dialect would be copied, for each datagram.
        guard refusal == nil, case .some = exports, dialect?.isExports == true else {
            return decodeLines(datagram, into: &batch)
        }
        take(datagram, from: sender, into: &batch)
    }

    /// Bytes of what is known of exporters that are written for one datagram, on average.
    private static let storedBytesPerDatagram = 1_024

    /// Sets what a batch says of its stream, after its last datagram.
    ///
    /// Templates change rarely, but somebody could make them change with each datagram: then what is known of all exporters is
    /// not written each time, and a crash forgets the newest of it.
    mutating func endDatagrams(into batch: inout RecordBatch) {
        if let exports, exports.isChanged {
            let since = exports.counters.datagrams &- datagramsStored
            if since >= UInt64(dialectState.count / Self.storedBytesPerDatagram) {
                self.exports?.isChanged = false
                datagramsStored = exports.counters.datagrams
                isStateStale = true
            }
        }
        publish(into: &batch)
    }

    /// What came of export datagrams; `nil` before there was one.
    var exportCounters: ExportCounters? { dialect?.isExports == true ? exports?.counters : nil }

    /// Losses of exporters that are to be told since the last call.
    mutating func takeLossNotices() -> [ExportLossNotice] { exports?.takeNotices() ?? [] }

    /// The largest losses of exporters, to be told at the end.
    var lossesOfExporters: [ExportLossNotice] { exports?.losses(most: Self.mostLossesAtEnd) ?? [] }

    private static let mostLossesAtEnd = 10

    private mutating func recognise(_ datagram: Span<UInt8>) {
        let isAsked = configuration.format == .netflow
        guard isAsked || configuration.format == .auto, ExportHeader.isPlausible(datagram) || isAsked else { return }
        if let error = sniffer.inapplicable(to: .netflow) {
            refusal = error
            refusedLine = 1
            return
        }
        forgetHeld("they are no export of flows, and such have come now")
        let version = ExportHeader(datagram)?.version.words
        let reason = version.map { "the first datagram is one of \($0), by its version and its lengths" }
        settle(
            Dialect(
                flows: FlowDialect(kind: .netflow), because: reason ?? "its datagrams are read as nothing else",
                configuration: configuration))
    }

    /// Gives up the lines that were looked at and could not be read: what comes next may be somebody else's.
    mutating func forgetHeld(_ reason: String) {
        guard let first = sniffer.lines.first else { return }
        let held = UInt64(sniffer.lines.count)
        // Of a log that can be read again whoever wonders can look the message up.
        let place = first.envelope.next.map { ", the first one in the message at offset \($0 - 1)" } ?? ""
        sniffer = DialectSniffer(configuration)
        let before = counters[.noValues]
        counters[.noValues] += held
        guard before == 0 || before / Self.linesBetweenNotices != (before + held) / Self.linesBetweenNotices else {
            return
        }
        notices.append(
            MalformedNotice(
                line: first.number, reason: .noValues,
                excerpt: "this line and \(held - 1) behind it\(place): \(reason)",
                count: before + held))
    }

    private mutating func take(
        _ datagram: Span<UInt8>, from sender: NetworkAddress, into batch: inout RecordBatch
    ) {
        let first = batch.flows.count
        lineStart = offset
        offset += Int64(datagram.count)
        let flaw = exports?.decode(datagram, from: sender, into: &batch.flows)
        let text = Int32(batch.text.count)
        for index in first..<batch.flows.count {
            batch.rows.append(
                RecordBatch.Row(
                    malformed: nil, series: 0, time: batch.flows[index].end, timeText: text..<text,
                    firstValue: Int32(index), endOffset: offset))
        }
        counters.lines += UInt64(batch.flows.count - first)
        counters.records += UInt64(batch.flows.count - first)
        guard let flaw else { return }
        counters.lines += 1
        counters[flaw] += 1
        batch.rows.append(
            RecordBatch.Row(
                malformed: flaw, series: 0, time: nil, timeText: text..<text, firstValue: 0, endOffset: offset))
        let count = counters[flaw]
        guard count % Self.linesBetweenNotices == 1 else { return }
        notices.append(
            MalformedNotice(
                line: exports?.counters.datagrams ?? 0, reason: flaw,
                excerpt: Self.excerpt(datagram, from: sender), count: count))
    }

    /// Who sent how much, and the first bytes.
    private static func excerpt(_ datagram: Span<UInt8>, from sender: NetworkAddress) -> String {
        let digits = Array("0123456789abcdef".unicodeScalars)
        var shown = "\(datagram.count) bytes from \(sender):"
        for index in 0..<min(datagram.count, 16) {
            shown += " "
            shown.unicodeScalars.append(digits[Int(datagram[index] >> 4)])
            shown.unicodeScalars.append(digits[Int(datagram[index] & 15)])
        }
        return shown
    }

    /// The exporters in a stored dialect; `nil` when it is one of lines, or none that can be read: nobody needs it then.
    static func exports(in bytes: [UInt8]) throws(StateCodingError) -> ExportDecoder? {
        guard !bytes.isEmpty else { return nil }
        var reader = StateReader(bytes)
        guard let dialect = try? Dialect(from: &reader, zone: { _ in .utc }), dialect.isExports else { return nil }
        return try ExportDecoder(from: &reader)
    }
}

extension Dialect {
    /// Whether datagrams of flow exporters are read and not lines.
    var isExports: Bool {
        if case .flows(let flows) = format { flows.kind == .netflow } else { false }
    }
}
