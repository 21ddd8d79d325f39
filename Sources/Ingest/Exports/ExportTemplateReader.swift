/// Reads one template of a set of templates.
///
///     v9       number, fields                       then for each: element, length
///     IPFIX    number, fields                       then for each: element, length, of vendors the enterprise
///     options of v9       number, bytes of the scope's fields, bytes of the others
///     options of IPFIX    number, fields, of them the scope's
struct ExportTemplateReader {
    let version: ExportVersion
    let isOptions: Bool

    /// Reads the template at a place.
    ///
    /// - Parameter place: moved behind it.
    /// - Returns: the template; `.some(nil)` for one that is well formed and cannot be used, because it has too many fields or
    ///   records of no length. `nil` when it does not fit its set.
    mutating func read(_ set: Span<UInt8>, _ place: inout Int) -> ExportTemplate?? {
        guard set.count - place >= 4 else { return nil }
        var template = ExportTemplate(number: set.big16(place), isOptions: isOptions)
        let second = Int(set.big16(place + 2))
        var scope = 0
        var fields = second
        place += 4
        if isOptions {
            guard set.count - place >= 2 else { return nil }
            let third = Int(set.big16(place))
            place += 2
            if version == .ipfix {
                guard third > 0, third <= fields else { return nil }
            } else {
                guard second % 4 == 0, third % 4 == 0 else { return nil }
                (scope, fields) = (second / 4, (second + third) / 4)
            }
        }
        // Each field has four bytes at least: no count is believed that the set has no room for.
        guard fields * 4 <= set.count - place else { return nil }
        var fits = true
        for index in 0..<fields {
            guard set.count - place >= 4 else { return nil }
            var element = set.big16(place)
            let length = set.big16(place + 2)
            place += 4
            var enterprise: UInt32 = 0
            if version == .ipfix, element & 0x8000 != 0 {
                guard set.count - place >= 4 else { return nil }
                element &= 0x7fff
                enterprise = set.big32(place)
                place += 4
            }
            // The scope of v9 has numbers of its own.
            if index < scope { element = 0 }
            if fits {
                fits = template.append(
                    element: element, length: length, enterprise: enterprise, canVary: version == .ipfix)
            }
        }
        return .some(fits && template.shortest > 0 ? template : nil)
    }
}
