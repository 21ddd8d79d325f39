/// Which detectors watch a series, in the order of ``DetectorKind``.
public struct DetectorSet: Equatable, Sendable {
    /// The detectors, each once, in the order of ``DetectorKind``.
    public let kinds: [DetectorKind]

    /// Creates a set of these detectors.
    public init(_ kinds: some Sequence<DetectorKind>) {
        let wanted = Set(kinds)
        self.kinds = DetectorKind.allCases.filter(wanted.contains)
    }

    /// What takes part when nothing is said.
    public static let full = DetectorSet([
        .level, .difference, .volatility, .range, .shift, .slowShift, .correlation, .forecast, .reconstruction,
        .reconstructionWindow, .stuck, .seasonal,
    ])

    /// What a small box takes: no networks, and nothing whose memory grows with the square of the channels.
    public static let lean = DetectorSet([.level, .difference, .volatility, .range, .slowShift, .stuck])

    /// Whether a detector takes part.
    public func contains(_ kind: DetectorKind) -> Bool { kinds.contains(kind) }

    /// Whether any of them needs the networks.
    public var usesNetworks: Bool { kinds.contains { $0.usesNetworks } }

    /// The set without those that need the networks.
    public var withoutNetworks: DetectorSet { DetectorSet(kinds.filter { !$0.usesNetworks }) }

    /// Changes the set as configuration says: `name` alone lists the whole set, `+name` adds, `-name` removes.
    ///
    /// - Parameter entries: all with a sign, or all without one.
    /// - Returns: the changed set.
    /// - Throws: ``DetectorSetError`` with the entry that is wrong.
    public func changed(by entries: [String]) throws(DetectorSetError) -> DetectorSet {
        guard !entries.isEmpty else { return self }
        var wanted = Set(kinds)
        let plain = entries.first { !$0.hasPrefix("+") && !$0.hasPrefix("-") }
        if plain != nil { wanted = [] }
        for entry in entries {
            let sign = entry.first.flatMap { "+-".contains($0) ? $0 : nil }
            if let plain, sign != nil { throw .mixed(entry, plain) }
            let name = String(sign == nil ? entry[...] : entry.dropFirst())
            guard let kind = DetectorKind(name: name) else { throw .unknown(name) }
            if sign == "-" { wanted.remove(kind) } else { wanted.insert(kind) }
        }
        guard !wanted.isEmpty else { throw .empty }
        return DetectorSet(wanted)
    }

    /// Those of some entries with a sign that change nothing: what they add is there, or what they remove is not.
    ///
    /// Entries are taken one after the other, as ``changed(by:)`` does; what is no name is passed over.
    public func idle(among entries: [String]) -> [String] {
        var present = Set(kinds)
        return entries.filter { entry in
            guard let kind = DetectorKind(name: String(entry.dropFirst())) else { return false }
            switch entry.first {
            case "+": return !present.insert(kind).inserted
            case "-": return present.remove(kind) == nil
            default: return false
            }
        }
    }
}

/// What is wrong with a list of detectors.
public enum DetectorSetError: Error, Equatable, CustomStringConvertible {
    /// No detector has this name.
    case unknown(String)
    /// A name with a sign, and one without.
    case mixed(String, String)
    /// Nothing is left.
    case empty

    /// What is wrong, in words.
    public var description: String {
        switch self {
        case .unknown(let name):
            "no detector is called \"\(name)\"; there are \(DetectorKind.allCases.map(\.name).joined(separator: ", "))"
        case .mixed(let entry, let plain):
            "\"\(entry)\" changes the profile's detectors, and \"\(plain)\" is one of a list of all that take part: put a sign "
                + "before every name or before none"
        case .empty: "no detector is left"
        }
    }
}
