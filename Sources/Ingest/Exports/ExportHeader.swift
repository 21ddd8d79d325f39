import TimeSeries

/// How export datagrams are written.
///
/// The raw value is stored with templates: it never changes.
enum ExportVersion: UInt8, Equatable, Hashable, Sendable {
    /// NetFlow v5: records of 48 bytes.
    case five = 5
    /// NetFlow v9 (RFC 3954): records by templates.
    case nine = 9
    /// IPFIX (RFC 7011): the same, with texts and elements of vendors.
    case ipfix = 10

    /// In words.
    var words: String {
        switch self {
        case .five: "NetFlow v5"
        case .nine: "NetFlow v9"
        case .ipfix: "IPFIX"
        }
    }

    /// Bytes of the header.
    var headerLength: Int {
        switch self {
        case .five: 24
        case .nine: 20
        case .ipfix: 16
        }
    }
}

/// When a datagram was exported, by its exporter's clocks.
struct ExportClock: Equatable, Sendable {
    /// By the clock on the wall.
    var exported: Timestamp
    /// Milliseconds since the exporter began, of which 32 bits are kept: they begin anew after 49.7 days. `nil` of IPFIX.
    var uptime: UInt32?

    /// The instant at which the exporter's uptime was `milliseconds`.
    ///
    /// Whichever of the instants 49.7 days apart is nearest: a flow that began before the count began anew is not thought
    /// to lie ahead.
    ///
    /// - Parameter begun: when the exporter began, for datagrams that do not tell their uptime.
    func time(uptime milliseconds: UInt32, begun: Timestamp?) -> Timestamp? {
        guard let now = uptime ?? begun.flatMap(uptime(begun:)) else { return nil }
        let ago = Int64(Int32(bitPattern: now &- milliseconds)) * 1_000_000
        let (time, overflow) = exported.nanoseconds.subtractingReportingOverflow(ago)
        return overflow ? nil : Timestamp(nanoseconds: time)
    }

    private func uptime(begun: Timestamp) -> UInt32? {
        let (distance, overflow) = exported.nanoseconds.subtractingReportingOverflow(begun.nanoseconds)
        return overflow ? nil : UInt32(truncatingIfNeeded: distance / 1_000_000)
    }
}

/// The first bytes of an export datagram.
struct ExportHeader: Equatable, Sendable {
    /// Bytes before the contents of a set: its number and its length.
    static let setHeaderLength = 4
    /// Bytes of a v5 record.
    static let recordLength = 48
    /// Most records of a v5 datagram.
    static let mostRecords = 30

    var version: ExportVersion
    /// Of v5 and v9 the records, of IPFIX the bytes that there are by its own account.
    var count: Int
    var clock: ExportClock
    /// The number of the datagram, or of its first record.
    var sequence: UInt32
    /// Who within the exporter sent it: of v5 the engine's type × 256 + number.
    var domain: UInt32
    /// Of v5, one in so many packets was looked at; 1 for all.
    var samplingInterval: UInt32 = 1

    /// Reads a header; `nil` when there is none.
    init?(_ datagram: Span<UInt8>) {
        guard datagram.count >= 2, datagram[0] == 0, let version = ExportVersion(rawValue: datagram[1]),
            datagram.count >= version.headerLength
        else { return nil }
        self.version = version
        count = Int(datagram.big16(2))
        func seconds(_ place: Int) -> Int64 { Int64(datagram.big32(place)) * 1_000_000_000 }
        switch version {
        case .five:
            let part = Int64(min(datagram.big32(12), 999_999_999))
            clock = ExportClock(exported: Timestamp(nanoseconds: seconds(8) + part), uptime: datagram.big32(4))
            sequence = datagram.big32(16)
            domain = UInt32(datagram.big16(20))
            // The two upper bits tell how it is sampled.
            samplingInterval = max(1, UInt32(datagram.big16(22) & 0x3fff))
        case .nine:
            clock = ExportClock(exported: Timestamp(nanoseconds: seconds(8)), uptime: datagram.big32(4))
            sequence = datagram.big32(12)
            domain = datagram.big32(16)
        case .ipfix:
            clock = ExportClock(exported: Timestamp(nanoseconds: seconds(4)))
            sequence = datagram.big32(8)
            domain = datagram.big32(12)
        }
    }

    /// Whether a datagram is an export by all that it says of its own length.
    static func isPlausible(_ datagram: Span<UInt8>) -> Bool {
        guard let header = ExportHeader(datagram) else { return false }
        var place = header.version.headerLength
        switch header.version {
        case .five:
            return (1...mostRecords).contains(header.count) && datagram.count == place + recordLength * header.count
        case .nine: guard header.count > 0 else { return false }
        case .ipfix: guard header.count == datagram.count else { return false }
        }
        while datagram.count - place >= setHeaderLength {
            let number = datagram.big16(place)
            let length = Int(datagram.big16(place + 2))
            guard number > 255 || header.version.templateSets.contains(number), length >= setHeaderLength,
                length <= datagram.count - place
            else { return false }
            place += length
        }
        return place > header.version.headerLength
    }
}

extension ExportVersion {
    /// The number of the sets that hold templates.
    var templateSet: UInt16 { self == .ipfix ? 2 : 0 }
    /// The number of the sets that hold templates of what is not about flows.
    var optionsTemplateSet: UInt16 { self == .ipfix ? 3 : 1 }

    fileprivate var templateSets: ClosedRange<UInt16> { templateSet...optionsTemplateSet }
}
