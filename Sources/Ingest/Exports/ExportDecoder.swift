import TimeSeries

/// Reads the datagrams of flow exporters: NetFlow v5, v9 and IPFIX.
///
///     datagram ─→ ExportHeader       which of the three, when, by whom
///              ─→ ExportDomain       the sender's templates, sampling, numbers
///              ─→ sets               templates are kept; records without theirs are held (HeldSets)
///              ─→ ExportRecord       one record by its template
///              ─→ FlowRecord         times made absolute, counts times the sampling rate
///
/// Sources: Cisco's NetFlow v5 format (NetFlow Export Datagram Format, table B-3 and B-4), RFC 3954 (v9), RFC 7011 and 7012 (IPFIX),
/// RFC 5103 (both directions in a record).
///
/// A sender is an address and what it calls itself (``ExportDomainKey``): at most ``mostDomains``; past that the one that was
/// silent for longest is forgotten. All that a datagram can make grow has such a bound: templates and their fields
/// (``ExportDomain``), sets that wait for a template (``HeldSets``).
///
/// Lengths are believed only within what holds them: a set within its datagram, a record within its set, a text within its record.
/// What does not fit is where reading the datagram ends; the records before it are used.
struct ExportDecoder: Sendable {
    /// Most senders that are known at once.
    static let mostDomains = 256

    /// What was counted so far.
    var counters = ExportCounters()
    /// Whether there is something new to be stored since this was last set back.
    var isChanged = false
    var domains: [ExportDomain] = []
    private var places: [ExportDomainKey: Int] = [:]
    var held = HeldSets()
    var record = ExportRecord()
    private var notices: [ExportLossNotice] = []
    private var lossesTold = 0

    init() {}

    /// Reads a datagram and appends its flows.
    ///
    /// - Returns: why it, or a part of it, could not be used.
    mutating func decode(
        _ datagram: Span<UInt8>, from sender: NetworkAddress, into flows: inout [FlowRecord]
    ) -> MalformedReason? {
        guard let header = ExportHeader(datagram) else { return .notAnExport }
        counters.datagrams += 1
        let key = ExportDomainKey(address: sender, version: header.version, domain: header.domain)
        let place = place(of: key)
        domains[place].lastUse = counters.datagrams
        let before = flows.count
        var reading = Reading()
        if header.version == .five {
            readRecords(datagram, header, sender, &reading, into: &flows)
        } else {
            readSets(datagram, header, place, &reading, into: &flows)
        }
        counters.flows += UInt64(flows.count - before)
        let own = reading.hasUnknown ? nil : reading.records
        note(domains[place].sequence.look(at: header.sequence, own: own), header, place, reading)
        return reading.flaw
    }

    /// Losses that are to be told since the last call.
    mutating func takeNotices() -> [ExportLossNotice] {
        guard !notices.isEmpty else { return [] }
        defer { notices.removeAll() }
        return notices
    }

    /// What did not come of each exporter, of those with the largest losses first.
    func losses(most: Int) -> [ExportLossNotice] {
        domains.filter { $0.lost > 0 }.sorted { ($1.lost, $0.key.words) < ($0.lost, $1.key.words) }.prefix(most).map {
            ExportLossNotice(exporter: $0.key.words, lost: $0.lost, areDatagrams: $0.sequence.unit != .records)
        }
    }

    /// Bytes that are held for later, besides the templates.
    var bytesHeld: Int { held.bytes }

    /// What reading a datagram has found so far.
    struct Reading {
        /// Records of any kind, those held not among them.
        var records: UInt32 = 0
        /// Whether there are records that nobody can count.
        var hasUnknown = false
        var flaw: MalformedReason?

        mutating func note(_ found: MalformedReason) { flaw = flaw ?? found }
    }

    // MARK: Senders

    private mutating func place(of key: ExportDomainKey) -> Int {
        if let known = places[key] { return known }
        if domains.count < Self.mostDomains {
            places[key] = domains.count
            domains.append(ExportDomain(key))
            counters.exporters = UInt64(domains.count)
            return domains.count - 1
        }
        var oldest = 0
        for index in domains.indices where domains[index].lastUse < domains[oldest].lastUse { oldest = index }
        counters.exportersEvicted += 1
        places[domains[oldest].key] = nil
        places[key] = oldest
        if !domains[oldest].templates.isEmpty { isChanged = true }
        domains[oldest] = ExportDomain(key)
        return oldest
    }

    /// Most senders whose losses are told one by one: who invents addresses could fill the log.
    private static let mostLossesTold = 256

    private mutating func note(_ step: ExportSequence.Step, _ header: ExportHeader, _ place: Int, _ reading: Reading) {
        let isDatagrams = domains[place].sequence.unit != .records
        let records = reading.hasUnknown ? nil : reading.records
        func add(_ count: UInt64, _ counters: inout ExportCounters) {
            if isDatagrams { counters.lostDatagrams &+= count } else { counters.lostFlows &+= count }
        }
        switch step {
        case .next: break
        case .gap(let count):
            domains[place].lost += UInt64(count)
            add(UInt64(count), &counters)
        case .late:
            counters.late += 1
            let come = min(domains[place].lost, isDatagrams ? 1 : UInt64(records ?? 0))
            domains[place].lost -= come
            add(0 &- come, &counters)
        case .restart: counters.restarts += 1
        }
        domains[place].sequence.take(header.sequence, records: records, step)
        guard domains[place].lost > 0, let lost = domains[place].lostNotice.note(total: domains[place].lost),
            lossesTold < Self.mostLossesTold
        else { return }
        lossesTold += 1
        notices.append(
            ExportLossNotice(exporter: domains[place].key.words, lost: lost, areDatagrams: isDatagrams))
    }

    // MARK: Version 5

    private mutating func readRecords(
        _ datagram: Span<UInt8>, _ header: ExportHeader, _ sender: NetworkAddress, _ reading: inout Reading,
        into flows: inout [FlowRecord]
    ) {
        guard (1...ExportHeader.mostRecords).contains(header.count) else { return reading.note(.notAnExport) }
        let whole = (datagram.count - header.version.headerLength) / ExportHeader.recordLength
        if whole < header.count { reading.note(.cutShort) }
        // What its number counts are the records that were sent.
        reading.records = UInt32(header.count)
        let rate = Double(header.samplingInterval)
        for index in 0..<min(whole, header.count) {
            let place = header.version.headerLength + index * ExportHeader.recordLength
            guard let start = header.clock.time(uptime: datagram.big32(place + 24), begun: nil),
                let end = header.clock.time(uptime: datagram.big32(place + 28), begun: nil)
            else { continue }
            let transport = datagram[place + 38]
            var flow = FlowRecord(
                start: start, end: end, source: NetworkAddress(ipv4: datagram.big32(place)),
                destination: NetworkAddress(ipv4: datagram.big32(place + 4)),
                sourcePort: transport == 1 ? 0 : datagram.big16(place + 32),
                destinationPort: datagram.big16(place + 34), transport: transport,
                packetsOut: ExportRecord.count(UInt64(datagram.big32(place + 16)), rate),
                bytesOut: ExportRecord.count(UInt64(datagram.big32(place + 20)), rate), isOneWay: true,
                exporter: sender)
            flow.outcome = flow.outcome(by: TCPFlags(rawValue: datagram[place + 37]))
            flows.append(flow.withEchoReplyTurned)
        }
    }
}

extension ExportDecoder {
    private static let version: UInt8 = 1

    /// Writes what is known of the senders whose records need it.
    func encode(to writer: inout StateWriter) {
        writer.write(Self.version)
        let known = domains.filter { !$0.templates.isEmpty }
        writer.write(UInt32(known.count))
        for domain in known { domain.encode(to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == Self.version else { throw .unknownVersion(of: "templates") }
        let count = try reader.read(UInt32.self)
        guard count <= UInt32(Self.mostDomains) else { throw .invalid("templates of \(count) exporters") }
        for _ in 0..<count {
            let domain = try ExportDomain(from: &reader)
            guard places.updateValue(domains.count, forKey: domain.key) == nil else {
                throw .invalid("templates of an exporter twice")
            }
            domains.append(domain)
        }
        counters.exporters = UInt64(count)
    }
}
