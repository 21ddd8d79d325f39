import TimeSeries

/// Which numbers of Suricata's `stats` events are watched.
extension KeyedSniffer {
    /// Decides by the rule of ``SuricataStats``.
    func assignCounters(_ free: [Key], _ events: Int, _ use: inout Use) -> Assignment {
        typealias Counter = (key: Key, name: String)
        let all = free.compactMap { key -> Counter? in
            key.isNumeric ? SuricataStats.name(of: key.bytes).map { (key, $0) } : nil
        }
        var taken: [Counter] = []
        if configuration.channels.isEmpty {
            let eligible = all.filter { SuricataStats.isEligible($0.name) }
            taken = eligible.filter { SuricataStats.first.contains($0.name) }
            let named = taken.count
            let movers = eligible.filter { !SuricataStats.first.contains($0.name) && $0.key.distinct.count > 1 }
            taken += movers.prefix(Dialect.mostChannels - named)
            let left = eligible.count - taken.count
            use.findings.append(
                Finding("channels", "\(named)", because: "of those that matter first, moving or not"))
            use.findings.append(
                Finding("channels", "\(taken.count - named)", because: "others that moved in \(events) events"))
            if left > 0 {
                let most = movers.count > Dialect.mostChannels - named
                use.findings.append(
                    Finding(
                        "ignored", "\(left) counters", because: most ? "there is room for no more" : "they stood still")
                )
            }
        } else {
            for name in configuration.channels {
                guard let found = all.first(where: { $0.name == name || $0.key.name == name }) else {
                    // By the names that they have as channels.
                    return .refused(.unknownColumn(name: name, key: "channels", known: all.map(\.name)))
                }
                taken.append(found)
            }
        }
        use.keys = taken.map(\.key.bytes)
        use.channels = taken.map { SuricataStats.channel($0.name) }
        use.counters = SuricataStats.counters(of: use.channels)
        if !use.counters.isEmpty {
            use.findings.append(
                Finding("rates", "\(use.counters.count) channels", because: "their names are of totals"))
        }
        return .settled
    }
}
