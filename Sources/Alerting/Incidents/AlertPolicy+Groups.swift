import TimeSeries

extension AlertPolicy {
    /// Opens what one stream reported of one kind in one tick: as part of an incident that has just opened, as a new
    /// incident, or as one that is held back.
    mutating func open(_ members: [SeriesChange], at time: Timestamp) -> [AlertRecord] {
        // Input that is read again after a crash opens once more what the policy, stored a moment after its series, holds.
        let sorted = members.filter { groupOfMember[Self.member($0)] == nil }.sorted { $0.series < $1.series }
        guard !sorted.isEmpty else { return [] }
        let muted = sorted.compactMap(mutedUntil).max()
        if let place = joinable(sorted[0], isMuted: muted != nil) { return join(sorted, place).map { [$0] } ?? [] }
        let ruling = muted == nil ? judge(sorted, at: time) : .told
        guard ruling == .told || sorted[0].isWholeSource else {
            return holdBack(sorted, at: time, isBelowBar: ruling == .belowBar).map { [$0] } ?? []
        }
        release(sorted)
        let first = sorted[0]
        let group = Group(
            id: IncidentIdentifier.make(
                stream: first.stream, series: first.series, kind: first.change.kind, since: first.change.since,
                onsetSample: first.change.onsetSample),
            seq: 0, stream: first.stream, kind: first.change.kind,
            severity: sorted.contains { $0.change.severity == .critical } ? .critical : .warning,
            since: first.change.since, openedAt: first.change.time, joinSeconds: max(0, first.interval ?? 0),
            isWholeSource: first.isWholeSource, series: sorted.map(\.series), openSeries: sorted.map(\.series),
            score: sorted.compactMap(\.change.score).max(), rarity: first.explanation?.raritySeconds, until: nil,
            pattern: first.pattern, runbook: first.runbook ?? configuration.runbook, mutedUntil: muted,
            opened: first.change.kind == .anomaly
                ? AlertMessage.headline(first.explanation?.parts(named: first.channels) ?? []) : nil)
        groups.append(group)
        for member in sorted { groupOfMember[Self.member(member)] = group.id }
        let opening = record(.open, of: group, for: first)
        guard muted != nil else { return [opening] }
        untold[group.id] = opening
        for member in sorted { noteMuted(member) }
        return []
    }

    /// Tells of a rise, when it is one for the whole incident.
    mutating func update(_ change: SeriesChange) -> AlertRecord? {
        guard let place = place(of: change) else { return nil }
        if change.change.isStrengthening, change.change.severity <= groups[place].severity { return nil }
        return raise(place, by: change)
    }

    /// Takes a series out of its incident, which closes with its last one.
    mutating func close(_ change: SeriesChange) -> AlertRecord? {
        heldMembers.remove(Self.member(change))
        guard let place = place(of: change) else { return nil }
        groupOfMember[Self.member(change)] = nil
        groups[place].openSeries.removeAll { $0 == change.series }
        groups[place].note(score: change.change.score, until: change.change.until ?? change.change.time)
        guard groups[place].openSeries.isEmpty else { return nil }
        groups[place].seq += 1
        let group = groups.remove(at: place)
        // What began and ended in a silence is nobody's business.
        if untold.removeValue(forKey: group.id) != nil { return nil }
        return record(.close, of: group, for: change)
    }

    private func joinable(_ opening: SeriesChange, isMuted: Bool) -> Int? {
        groups.lastIndex {
            (untold[$0.id] != nil) == isMuted && $0.stream == opening.stream && $0.kind == opening.change.kind
                && $0.isWholeSource == opening.isWholeSource
                && (0...$0.joinSeconds).contains(opening.change.time.seconds(since: $0.openedAt))
        }
    }

    private mutating func join(_ members: [SeriesChange], _ place: Int) -> AlertRecord? {
        release(members)
        for member in members {
            groupOfMember[Self.member(member)] = groups[place].id
            groups[place].add(member.series)
            groups[place].note(score: member.change.score, until: nil)
        }
        guard let worst = members.first(where: { $0.change.severity == .critical }) else { return nil }
        return raise(place, by: worst)
    }

    private mutating func raise(_ place: Int, by change: SeriesChange) -> AlertRecord? {
        groups[place].note(score: change.change.score, until: nil)
        if let rarity = change.explanation?.raritySeconds {
            groups[place].rarity = max(rarity, groups[place].rarity ?? 0)
        }
        guard change.change.severity > groups[place].severity else { return nil }
        groups[place].severity = change.change.severity
        if untold[groups[place].id] != nil {
            untold[groups[place].id] = record(.open, of: groups[place], for: change)
            return nil
        }
        groups[place].seq += 1
        return record(.update, of: groups[place], for: change)
    }

    private func place(of change: SeriesChange) -> Int? {
        guard let id = groupOfMember[Self.member(change)] else { return nil }
        return groups.firstIndex { $0.id == id }
    }

    static func member(_ change: SeriesChange) -> Member {
        Member(
            stream: change.stream, series: change.series, kind: change.change.kind, isWholeSource: change.isWholeSource)
    }

    private func record(_ event: AlertEvent, of group: Group, for change: SeriesChange) -> AlertRecord {
        let explanation = change.explanation
        var record = AlertRecord(
            id: group.id, seq: group.seq, event: event, time: change.change.time, since: group.since,
            until: event == .close ? group.until : nil, severity: group.severity, kind: group.kind,
            pattern: group.pattern, series: group.series[0], allSeries: group.series.count > 1 ? group.series : [],
            score: group.score, threshold: change.change.threshold, rarity: group.rarity,
            channels: explanation?.parts(named: change.channels) ?? [],
            detectors: explanation?.detectors.map { .init(name: $0.name, score: $0.score, weight: $0.weight) } ?? [],
            evidence: event == .close ? nil : change.evidence,
            similar: event == .open ? explanation?.similar.map(AlertRecord.SimilarPart.init) : nil,
            learning: change.change.learning.progress, hint: AlertMessage.hint(for: group.kind),
            runbook: group.runbook)
        if event != .close, group.kind == .anomaly, change.change.learning.adaptation == .ask {
            record.awaits = "acceptance"
        }
        record.message = AlertMessage.text(
            for: record,
            context: .init(
                speaker: change.series, learning: change.change.learning, detail: change.change.detail,
                silence: change.change.silence, isWholeSource: change.isWholeSource, opened: group.opened))
        return record
    }
}

extension AlertPolicy.Group {
    /// Lists a series that joined; the name of the incident, its first series, stays in front.
    mutating func add(_ name: String) {
        if !series.contains(name) {
            let rest = (series.dropFirst() + [name]).sorted()
            series = [series[0]] + rest
        }
        if !openSeries.contains(name) { openSeries.append(name) }
    }

    mutating func note(score newScore: Double?, until end: Timestamp?) {
        if let newScore { score = max(newScore, score ?? newScore) }
        if let end { until = max(end, until ?? end) }
    }
}

extension Explanation {
    /// The channels' parts under their names; a position that names no channel is left out.
    func parts(named names: [Channel]) -> [AlertRecord.ChannelPart] {
        channels.compactMap { part in
            guard names.indices.contains(part.channel) else { return nil }
            let channel = names[part.channel]
            return AlertRecord.ChannelPart(
                name: channel.name, unit: channel.unit, value: part.value, expected: part.expected, low: part.low,
                high: part.high, share: part.share, direction: part.direction.rawValue)
        }
    }
}

extension AlertRecord.SimilarPart {
    init(_ moment: SimilarMoment) {
        self.init(
            time: moment.time, distance: moment.distance, lasted: moment.lasted, becameUsual: moment.becameUsual)
    }
}
