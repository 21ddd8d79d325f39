import TimeSeries

/// Who sends export datagrams: an address, and what within the exporter there numbers its datagrams and templates.
struct ExportDomainKey: Hashable, Sendable {
    var address: NetworkAddress
    var version: ExportVersion
    /// The engine (v5), the source (v9) or the observation domain (IPFIX).
    var domain: UInt32

    /// In words.
    var words: String {
        switch version {
        case .five: "\(address) engine \(domain >> 8)/\(domain & 255)"
        case .nine: "\(address) source \(domain)"
        case .ipfix: "\(address) domain \(domain)"
        }
    }
}

/// What is known of one sender: its templates, how it samples, when it began, and the number of its last datagram.
///
/// At most ``mostTemplates`` templates of ``mostSteps`` steps together; past that the one that was not used for longest goes.
struct ExportDomain: Sendable {
    static let mostTemplates = 64
    static let mostSteps = 2_048
    static let mostSamplers = 16

    /// What taking a template in did.
    struct Change: Equatable {
        /// Whether records of this number can be read that could not be read before.
        var isNew = false
        /// Whether it took the place of another one of its number.
        var isOther = false
        /// Templates that had to go.
        var evicted = 0
    }

    let key: ExportDomainKey
    /// When its last datagram came, in datagrams of all senders.
    var lastUse: UInt64 = 0
    var sequence: ExportSequence
    /// Of its unit, what did not come.
    var lost: UInt64 = 0
    var lostNotice = GrowthNotice()

    /// Packets behind one that was looked at, for records that do not say.
    private(set) var rate: Double?
    private var samplers: [(number: UInt64, rate: Double)] = []
    /// When the exporter began.
    private(set) var begun: Timestamp?
    private(set) var templates: [ExportTemplate] = []
    private var uses: [UInt64] = []
    private var steps = 0

    init(_ key: ExportDomainKey) {
        self.key = key
        sequence = ExportSequence(key.version)
    }

    // MARK: Templates

    /// The template of a number, which is thereby used.
    mutating func template(_ number: UInt16, at use: UInt64) -> ExportTemplate? {
        guard let index = templates.firstIndex(where: { $0.number == number }) else { return nil }
        uses[index] = use
        return templates[index]
    }

    /// Takes a template in.
    mutating func take(_ template: ExportTemplate, at use: UInt64) -> Change {
        var change = Change(isNew: true)
        if let index = templates.firstIndex(where: { $0.number == template.number }) {
            guard templates[index] != template else {
                uses[index] = use
                return Change()
            }
            change.isOther = true
            remove(at: index)
        }
        while templates.count >= Self.mostTemplates || steps + template.steps.count > Self.mostSteps {
            guard let oldest = uses.indices.min(by: { uses[$0] < uses[$1] }) else { break }
            remove(at: oldest)
            change.evicted += 1
        }
        templates.append(template)
        uses.append(use)
        steps += template.steps.count
        return change
    }

    /// Forgets a template; `false` when there is none.
    mutating func withdraw(_ number: UInt16) -> Bool {
        guard let index = templates.firstIndex(where: { $0.number == number }) else { return false }
        remove(at: index)
        return true
    }

    /// Forgets all templates of a kind.
    ///
    /// - Returns: how many there were.
    mutating func withdrawAll(areOptions: Bool) -> Int {
        let before = templates.count
        for index in templates.indices.reversed() where templates[index].isOptions == areOptions { remove(at: index) }
        return before - templates.count
    }

    private mutating func remove(at index: Int) {
        steps -= templates[index].steps.count
        templates.remove(at: index)
        uses.remove(at: index)
    }

    // MARK: What the exporter says of itself

    /// Takes what a record of options says.
    ///
    /// - Returns: whether anything is new.
    mutating func take(_ options: ExportRecord) -> Bool {
        var isNew = false
        if let time = options.begun, time != begun {
            begun = time
            isNew = true
        }
        guard let rate = options.rate else { return isNew }
        guard let sampler = options.sampler else {
            defer { self.rate = rate }
            return isNew || rate != self.rate
        }
        if let index = samplers.firstIndex(where: { $0.number == sampler }) {
            isNew = isNew || samplers[index].rate != rate
            samplers[index].rate = rate
            return isNew
        }
        // Of more samplers than a box has the first go.
        if samplers.count == Self.mostSamplers { samplers.removeFirst() }
        samplers.append((sampler, rate))
        return true
    }

    /// Packets behind one that a record's exporter looked at.
    func rate(of record: ExportRecord) -> Double {
        if let own = record.rate { return own }
        if let sampler = record.sampler, let known = samplers.first(where: { $0.number == sampler }) {
            return known.rate
        }
        return rate ?? 1
    }
}

extension ExportDomain {
    /// Writes what outlives a restart: all but the numbers of datagrams, which go on in the meantime.
    func encode(to writer: inout StateWriter) {
        writer.write(key.address.high)
        writer.write(key.address.low)
        writer.write(key.version.rawValue)
        writer.write(key.domain)
        writer.write(rate ?? 0)
        writer.write(UInt32(samplers.count))
        for sampler in samplers {
            writer.write(sampler.number)
            writer.write(sampler.rate)
        }
        writer.write(begun != nil)
        writer.write(begun?.nanoseconds ?? 0)
        writer.write(UInt32(templates.count))
        for template in templates { template.encode(to: &writer) }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        let address = NetworkAddress(high: try reader.read(), low: try reader.read())
        guard let version = ExportVersion(rawValue: try reader.read()) else { throw .invalid("a version of NetFlow") }
        self.init(ExportDomainKey(address: address, version: version, domain: try reader.read()))
        let most = 1...Double(UInt32.max)
        let stored = try reader.readDouble()
        guard stored == 0 || most.contains(stored) else { throw .invalid("\(stored) as a sampling rate") }
        rate = stored == 0 ? nil : stored
        let count = try reader.read(UInt32.self)
        guard count <= UInt32(Self.mostSamplers) else { throw .invalid("\(count) samplers") }
        for _ in 0..<count {
            let number: UInt64 = try reader.read()
            let rate = try reader.readDouble()
            guard most.contains(rate) else { throw .invalid("\(rate) as a sampling rate") }
            samplers.append((number, rate))
        }
        let hasBegun = try reader.readBool()
        let time = Timestamp(nanoseconds: try reader.read())
        begun = hasBegun ? time : nil
        for _ in 0..<(try reader.read(UInt32.self)) {
            let template = try ExportTemplate(from: &reader)
            guard take(template, at: 0) == Change(isNew: true) else { throw .invalid("too many templates") }
        }
    }
}
