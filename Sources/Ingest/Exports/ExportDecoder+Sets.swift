import TimeSeries

/// Sets of records and of the templates by which they are read: NetFlow v9 and IPFIX.
extension ExportDecoder {
    mutating func readSets(
        _ datagram: Span<UInt8>, _ header: ExportHeader, _ domain: Int, _ reading: inout Reading,
        into flows: inout [FlowRecord]
    ) {
        let version = header.version
        var end = datagram.count
        if version == .ipfix {
            if header.count > end { reading.note(.cutShort) }
            end = min(end, max(version.headerLength, header.count))
        }
        var place = version.headerLength
        while end - place >= ExportHeader.setHeaderLength {
            let number = datagram.big16(place)
            let length = Int(datagram.big16(place + 2))
            guard length >= ExportHeader.setHeaderLength, length <= end - place else {
                reading.hasUnknown = true
                return reading.note(.cutShort)
            }
            let set = datagram.extracting((place + ExportHeader.setHeaderLength)..<(place + length))
            if number == version.templateSet || number == version.optionsTemplateSet {
                readTemplates(set, number, header, domain, &reading, into: &flows)
            } else if number > 255 {
                readRecords(set, of: number, header, domain, &reading, into: &flows)
            }
            place += length
        }
    }

    private mutating func readRecords(
        _ set: Span<UInt8>, of number: UInt16, _ header: ExportHeader, _ domain: Int, _ reading: inout Reading,
        into flows: inout [FlowRecord]
    ) {
        guard let template = domains[domain].template(number, at: counters.datagrams) else {
            reading.hasUnknown = true
            counters.setsHeld += 1
            counters.setsDropped += UInt64(held.hold(set, of: number, domains[domain].key, header.clock))
            return
        }
        readRecords(set, by: template, header.clock, domain, &reading, into: &flows)
    }

    private mutating func readRecords(
        _ set: Span<UInt8>, by template: ExportTemplate, _ clock: ExportClock, _ domain: Int,
        _ reading: inout Reading, into flows: inout [FlowRecord]
    ) {
        let isFlow = template.isFlow
        if template.isFixed, !isFlow, !template.isOptions {
            let count = set.count / template.shortest
            reading.records &+= UInt32(count)
            counters.otherRecords += UInt64(count)
            return
        }
        var place = 0
        // What is left behind the last record is padding.
        while set.count - place >= template.shortest {
            guard let next = record.read(set, at: place, end: set.count, by: template) else {
                reading.hasUnknown = true
                return reading.note(.cutShort)
            }
            place = next
            reading.records &+= 1
            guard isFlow else {
                counters.otherRecords += 1
                if template.isOptions, domains[domain].take(record) { isChanged = true }
                continue
            }
            let rate = domains[domain].rate(of: record)
            switch record.flow(
                template, clock, rate: rate, begun: domains[domain].begun, exporter: domains[domain].key.address)
            {
            case .flow(let flow): flows.append(flow)
            case .other: counters.otherRecords += 1
            case .undated: reading.note(.badTime)
            }
        }
    }

    // MARK: Templates

    private mutating func readTemplates(
        _ set: Span<UInt8>, _ kind: UInt16, _ header: ExportHeader, _ domain: Int, _ reading: inout Reading,
        into flows: inout [FlowRecord]
    ) {
        let isOptions = kind == header.version.optionsTemplateSet
        var place = 0
        while set.count - place >= 4 {
            let number = set.big16(place)
            let count = Int(set.big16(place + 2))
            if header.version == .ipfix, count == 0, number == kind || number > 255 {
                withdraw(number, kind, domain)
                place += 4
                continue
            }
            // Zeros behind the last template are padding.
            guard number > 255 else {
                if number != 0 || count != 0 { reading.note(.badTemplate) }
                return
            }
            var reader = ExportTemplateReader(version: header.version, isOptions: isOptions)
            guard let template = reader.read(set, &place) else { return reading.note(.badTemplate) }
            guard let template else {
                _ = domains[domain].withdraw(number)
                reading.note(.badTemplate)
                continue
            }
            take(template, header, domain, &reading, into: &flows)
        }
    }

    private mutating func withdraw(_ number: UInt16, _ kind: UInt16, _ domain: Int) {
        let count: Int
        if number == kind {
            count = domains[domain].withdrawAll(areOptions: kind == ExportVersion.ipfix.optionsTemplateSet)
        } else {
            count = domains[domain].withdraw(number) ? 1 : 0
        }
        counters.templatesWithdrawn += UInt64(count)
        if count > 0 { isChanged = true }
    }

    private mutating func take(
        _ template: ExportTemplate, _ header: ExportHeader, _ domain: Int, _ reading: inout Reading,
        into flows: inout [FlowRecord]
    ) {
        let change = domains[domain].take(template, at: counters.datagrams)
        guard change.isNew else { return }
        isChanged = true
        if change.isOther { counters.templatesChanged += 1 } else { counters.templates += 1 }
        counters.templatesEvicted += UInt64(change.evicted)
        let (sets, expired) = held.take(template.number, of: domains[domain].key, header.clock)
        counters.setsDropped += UInt64(expired)
        for set in sets {
            // Their records are of datagrams before: they say nothing about this one.
            var earlier = Reading()
            readRecords(set.bytes.span, by: template, set.clock, domain, &earlier, into: &flows)
            if let flaw = earlier.flaw { reading.note(flaw) }
        }
        counters.setsRead += UInt64(sets.count)
    }
}
