import TimeSeries

/// One record of an export while it is read: the numbers that its template has.
struct ExportRecord {
    private var values = InlineArray<64, UInt64>(repeating: 0)
    private var present: UInt64 = 0
    private var source: NetworkAddress?
    private var destination: NetworkAddress?

    /// Counts above 2^53 are no counts.
    private static let most = 0x1p53
    /// Longest flow that is believed: ten years.
    private static let longest: UInt64 = 315_576_000 * 1_000_000

    subscript(field: ExportField) -> UInt64? {
        present & 1 << UInt64(field.rawValue) == 0 ? nil : values[Int(field.rawValue)]
    }

    // MARK: Reading

    /// Reads the record at a place.
    ///
    /// - Parameter end: where its set ends.
    /// - Returns: the place behind it; `nil` when the set ends before the record does.
    mutating func read(_ set: Span<UInt8>, at start: Int, end: Int, by template: ExportTemplate) -> Int? {
        present = 0
        source = nil
        destination = nil
        var place = start
        for step in template.steps {
            let length = Int(step.length)
            if step.field == .variable {
                guard let next = Self.behindText(set, at: place, end: end) else { return nil }
                place = next
                continue
            }
            guard length <= end - place else { return nil }
            take(step.field, set, place, length)
            place += length
        }
        return place
    }

    /// The place behind a text: its length is in the byte before it, or after 255 in the two before it.
    private static func behindText(_ set: Span<UInt8>, at place: Int, end: Int) -> Int? {
        guard place < end else { return nil }
        guard set[place] == 255 else {
            let next = place + 1 + Int(set[place])
            return next <= end ? next : nil
        }
        guard place + 3 <= end else { return nil }
        let next = place + 3 + Int(set.big16(place + 1))
        return next <= end ? next : nil
    }

    private mutating func take(_ field: ExportField, _ set: Span<UInt8>, _ place: Int, _ length: Int) {
        switch field {
        case .skipped, .variable: break
        // Of a record with room for both kinds of addresses the one that is not used is 0.
        case .sourceIPv4: Self.take(&source, NetworkAddress(ipv4: set.big32(place)), isUnused: set.big32(place) == 0)
        case .destinationIPv4:
            Self.take(&destination, NetworkAddress(ipv4: set.big32(place)), isUnused: set.big32(place) == 0)
        case .sourceIPv6: take6(&source, set, place)
        case .destinationIPv6: take6(&destination, set, place)
        default:
            values[Int(field.rawValue)] = set.big(place, width: length)
            present |= 1 << UInt64(field.rawValue)
        }
    }

    private func take6(_ address: inout NetworkAddress?, _ set: Span<UInt8>, _ place: Int) {
        let (high, low) = (set.big64(place), set.big64(place + 8))
        Self.take(&address, NetworkAddress(high: high, low: low), isUnused: high == 0 && low == 0)
    }

    private static func take(_ address: inout NetworkAddress?, _ new: NetworkAddress, isUnused: Bool) {
        if !isUnused || address == nil { address = new }
    }

    // MARK: What it says of sampling and of the exporter

    /// The sampler that it is about.
    var sampler: UInt64? { self[.sampler] }

    /// The instant at which the exporter began.
    var begun: Timestamp? { self[.begun].flatMap { Self.time($0, unit: 1_000_000) } }

    /// How many packets stand behind one that was looked at; `nil` when it does not say.
    var rate: Double? {
        let rate: Double
        if let interval = self[.samplerInterval] ?? self[.samplingInterval], interval > 0 {
            rate = Double(interval)
        } else if let run = self[.samplingRun], let space = self[.samplingSpace], run > 0 {
            rate = (Double(run) + Double(space)) / Double(run)
        } else if let size = self[.samplingSize], let population = self[.samplingPopulation], size > 0 {
            rate = Double(population) / Double(size)
        } else if let bits = self[.samplingProbability] {
            rate = 1 / Double(bitPattern: bits)
        } else {
            return nil
        }
        return (1...Double(UInt32.max)).contains(rate) ? rate : nil
    }

    // MARK: The flow

    /// What became of a record.
    enum Outcome: Equatable {
        case flow(FlowRecord)
        /// Not of a flow that has been: the beginning of one, or an address is missing.
        case other
        /// When it was cannot be told.
        case undated
    }

    /// The flow that it tells of.
    ///
    /// - Parameters:
    ///   - rate: the packets behind one that was looked at.
    ///   - begun: when the exporter began, if that is known.
    func flow(
        _ template: ExportTemplate, _ clock: ExportClock, rate: Double, begun: Timestamp?, exporter: NetworkAddress
    ) -> Outcome {
        // A firewall tells of a flow when it begins, too.
        guard let source, let destination, self[.firewallEvent] != 1 else { return .other }
        guard let (start, end) = times(clock, begun: self.begun ?? begun) else { return .undated }
        let isBothWays = template.isBothWays
        let packets = self[.packets] ?? self[.packetsInAll] ?? self[.initiatorPackets] ?? self[.packetsAfter]
        let bytes =
            self[.bytes] ?? self[.bytesInAll] ?? self[.initiatorBytes] ?? self[.bytesAfter] ?? self[.bytesOfFrames]
        let packetsBack = self[.reversePackets] ?? self[.reversePacketsInAll] ?? self[.responderPackets]
        let bytesBack = self[.reverseBytes] ?? self[.reverseBytesInAll] ?? self[.responderBytes]
        var flow = FlowRecord(
            start: start, end: end, source: source, destination: destination,
            transport: UInt8(truncatingIfNeeded: self[.transport] ?? 255),
            packetsOut: Self.count(packets ?? 0, rate), packetsIn: Self.count(packetsBack ?? 0, rate),
            bytesOut: Self.count(bytes ?? 0, rate), bytesIn: Self.count(bytesBack ?? 0, rate),
            identity: isBothWays ? identity(exporter) : 0, isOneWay: !isBothWays, exporter: exporter)
        setPorts(of: &flow)
        let isTurned = isBothWays && begins(atDestination: flow)
        if isTurned { flow = flow.reversed }
        flow.outcome = outcome(of: flow, isTurned: isTurned)
        return .flow(flow.withEchoReplyTurned)
    }

    /// What the records of one flow share, among those of all exporters; 0 when they do not say.
    private func identity(_ exporter: NetworkAddress) -> UInt64 {
        guard let number = self[.flowIdentity], number != 0 else { return 0 }
        return splitMix(number ^ splitMix(exporter.low ^ splitMix(exporter.high))) | 1
    }

    /// Whether the one who began is the destination, of a record of both directions: as the exporter says, or by what was sent and
    /// the ports where it does not. There are exporters that put the lower address first.
    private func begins(atDestination flow: FlowRecord) -> Bool {
        switch self[.biflowDirection] {
        case 1: return false
        case 2: return true
        default: break
        }
        let hasSent = flow.packetsOut > 0 || flow.bytesOut > 0
        let hasAnswer = flow.packetsIn > 0 || flow.bytesIn > 0
        if hasSent != hasAnswer { return hasAnswer }
        return flow.transport != 1 && flow.transport != 58 && flow.sourcePort < 1_024 && flow.destinationPort >= 1_024
    }

    /// A count times the rate, at most 2^53.
    static func count(_ value: UInt64, _ rate: Double) -> UInt64 {
        UInt64(min(Self.most, (min(Self.most, Double(value)) * rate).rounded()))
    }

    private func setPorts(of flow: inout FlowRecord) {
        let port = UInt16(truncatingIfNeeded: self[.destinationPort] ?? 0)
        guard flow.transport == 1 || flow.transport == 58 else {
            flow.sourcePort = UInt16(truncatingIfNeeded: self[.sourcePort] ?? 0)
            flow.destinationPort = port
            return
        }
        if let type = self[.icmpType] {
            flow.destinationPort = UInt16(type & 255) << 8 | UInt16((self[.icmpCode] ?? 0) & 255)
        } else {
            // Exporters of v9 put type and code into the port, with or without an element of their own.
            flow.destinationPort = UInt16(truncatingIfNeeded: self[.icmp] ?? UInt64(port))
        }
    }

    private func outcome(of flow: FlowRecord, isTurned: Bool) -> FlowRecord.Outcome {
        if self[.firewallEvent] == 3 { return .refused }
        var flags = self[.flags].map { TCPFlags(rawValue: UInt8(truncatingIfNeeded: $0)) }
        var answer = self[.reverseFlags].map { TCPFlags(rawValue: UInt8(truncatingIfNeeded: $0)) }
        if isTurned { swap(&flags, &answer) }
        guard !flow.isOneWay else { return flow.outcome(by: flags ?? []) }
        let known = flow.outcome(by: flags ?? [], answer: answer)
        if known == .refused { return known }
        return flow.packetsIn == 0 && flow.bytesIn == 0 ? .unanswered : .established
    }

    // MARK: Times

    /// The first and the last packet; `nil` when the exporter's words cannot be a time.
    private func times(_ clock: ExportClock, begun: Timestamp?) -> (Timestamp, Timestamp)? {
        let duration = self[.milliseconds].map { $0.multipliedReportingOverflow(by: 1_000) }
        let known = duration.map { $0.overflow ? .max : $0.partialValue } ?? self[.microseconds] ?? 0
        guard known <= Self.longest else { return nil }
        let length = Int64(known) * 1_000
        var start: Timestamp?
        var end: Timestamp?
        guard
            read(
                &start, clock, begun, .startMilliseconds, .startUptime, .startSeconds, .startFraction, .startDelta),
            read(&end, clock, begun, .endMilliseconds, .endUptime, .endSeconds, .endFraction, .endDelta)
        else { return nil }
        if let start {
            let behind = Timestamp(nanoseconds: start.nanoseconds.addingReportingOverflow(length).partialValue)
            return (start, end ?? max(start, behind))
        }
        var last = end
        if last == nil {
            // An event has one time, and without any it is that of its export.
            if let observed = self[.observedMilliseconds] {
                last = Self.time(observed, unit: 1_000_000)
            } else if let observed = self[.observedSeconds] {
                last = Self.time(observed, unit: 1_000_000_000)
            } else {
                last = clock.exported
            }
        }
        guard let last else { return nil }
        return (Timestamp(nanoseconds: last.nanoseconds.subtractingReportingOverflow(length).partialValue), last)
    }

    /// Reads whichever form of a time there is.
    ///
    /// - Returns: `false` when there is one that cannot be.
    private func read(
        _ time: inout Timestamp?, _ clock: ExportClock, _ begun: Timestamp?, _ milliseconds: ExportField,
        _ uptime: ExportField, _ seconds: ExportField, _ fraction: ExportField, _ delta: ExportField
    ) -> Bool {
        if let value = self[milliseconds] {
            time = Self.time(value, unit: 1_000_000)
        } else if let value = self[uptime] {
            // Of an exporter that has not said when it began nothing is known but when it wrote.
            time = clock.time(uptime: UInt32(truncatingIfNeeded: value), begun: begun)
            return true
        } else if let value = self[seconds] {
            time = Self.time(value, unit: 1_000_000_000)
        } else if let value = self[fraction] {
            time = Self.time(fraction: value)
        } else if let value = self[delta] {
            guard value <= Self.longest else { return false }
            time = Timestamp(
                nanoseconds: clock.exported.nanoseconds.subtractingReportingOverflow(Int64(value) * 1_000).partialValue)
        } else {
            return true
        }
        return time != nil
    }

    private static func time(_ value: UInt64, unit: UInt64) -> Timestamp? {
        let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: unit)
        return overflow || nanoseconds > UInt64(Int64.max / 2) ? nil : Timestamp(nanoseconds: Int64(nanoseconds))
    }

    /// Seconds since 1900 in the upper half, their fraction in the lower one; in 2036 the seconds begin anew.
    private static func time(fraction value: UInt64) -> Timestamp? {
        let between: UInt64 = 2_208_988_800
        let seconds = value >> 32
        let since1970 = seconds >= between ? seconds - between : seconds + (1 << 32) - between
        let fraction = ((value & 0xffff_ffff) * 1_000_000_000) >> 32
        return Timestamp(nanoseconds: Int64(since1970) * 1_000_000_000 + Int64(fraction))
    }
}
