import TimeSeries

/// How the lines of a stream of flow records are read.
struct FlowDialect: Equatable, Sendable {
    /// Which tool wrote them, in which of its forms.
    enum Kind: UInt8, CaseIterable, Equatable, Sendable {
        /// Zeek's conn.log, tab-separated with `#fields`.
        case zeek = 0
        /// Zeek's conn.log as JSON, among other logs perhaps.
        case zeekJSON = 1
        /// Suricata's EVE, of which `flow` and `netflow` events are read.
        case suricata = 2
        /// `nfdump -o csv` of any version, by its header.
        case nfdump = 3
        /// `nfdump -o pipe`: numbers alone, addresses in 32-bit words.
        case nfdumpPipe = 4
        /// `ra -c ,` of argus, by its header or in the recommended order.
        case argus = 5
        /// Datagrams of exporters: NetFlow v5, v9 and IPFIX (``ExportDecoder``).
        case netflow = 6
    }

    /// What a column, or a key, says about a flow.
    enum Field: UInt8, CaseIterable, Equatable, Sendable {
        case ignored
        /// The first packet.
        case start
        /// The last packet.
        case end
        /// When the line was written, for lines that say no better.
        case written
        /// Seconds between them.
        case duration
        case source
        case destination
        case sourcePort
        case destinationPort
        case transport
        case packetsOut
        case packetsIn
        case bytesOut
        case bytesIn
        /// Bytes of the payload, where those on the wire are not given.
        case payloadOut
        case payloadIn
        /// How it went, in the words of the tool.
        case state
        /// TCP flags of all packets, or of those of the source.
        case flags
        /// TCP flags of the destination's packets.
        case flagsIn
        case icmpType
        case icmpCode
        /// Which way the packets went: `->`.
        case direction
        /// What records of one flow share.
        case identity
        /// What the record is about: `flow`, `dns`.
        case event
    }

    /// The tool.
    var kind: Kind
    /// What separates columns.
    var delimiter: UInt8 = 9
    /// The columns as the header names them; of Suricata the one event that is read.
    var columns: [[UInt8]] = []

    /// What each column says.
    var fields: [Field] { columns.map { kind.field(of: $0) } }

    /// Whether the columns are those of a flow: both ends, and when.
    var isFlow: Bool {
        if kind.isKeyed || kind == .nfdumpPipe { return true }
        let fields = Set(fields)
        return fields.isSuperset(of: [.source, .destination]) && (fields.contains(.start) || fields.contains(.end))
    }

    /// Whether they also say what was sent: each of Zeek's logs has the two hosts.
    var isConnection: Bool { isFlow && !Self.sentFields.isDisjoint(with: fields) }

    /// Fields that only a record of a connection has, not one of what was said in it.
    static let sentFields: Set<Field> = [.state, .packetsOut, .bytesOut, .payloadOut]
}

extension FlowDialect.Kind {
    /// The value of `format` that names it.
    var format: SourceConfiguration.Format {
        switch self {
        case .zeek, .zeekJSON: .zeek
        case .suricata: .suricata
        case .nfdump, .nfdumpPipe: .nfdump
        case .argus: .argus
        case .netflow: .netflow
        }
    }

    /// In words.
    var words: String {
        switch self {
        case .zeek: "zeek, conn.log"
        case .zeekJSON: "zeek, conn.log as JSON"
        case .suricata: "suricata, EVE"
        case .nfdump: "nfdump, csv"
        case .nfdumpPipe: "nfdump, pipe"
        case .argus: "argus, ra"
        case .netflow: "netflow, v5, v9 and ipfix"
        }
    }

    /// Whether lines are JSON objects.
    var isKeyed: Bool { self == .zeekJSON || self == .suricata }
    /// Whether lines have times that name no zone.
    var hasLocalTimes: Bool { self == .nfdump }
    /// The columns where no header names them.
    var ownColumns: [[UInt8]] {
        switch self {
        case .argus: Self.argusOrder.map { Array($0.utf8) }
        case .zeek: Self.zeekOrder.map { Array($0.utf8) }
        default: []
        }
    }

    private static let zeekOrder = [
        "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes",
        "resp_bytes", "conn_state", "local_orig", "local_resp", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes",
        "resp_pkts", "resp_ip_bytes", "tunnel_parents",
    ]

    private static let argusOrder = [
        "StartTime", "Dur", "Proto", "SrcAddr", "Sport", "Dir", "DstAddr", "Dport", "TotPkts", "TotBytes", "State",
    ]
}

extension FlowDialect {
    /// Writes the dialect.
    func encode(to writer: inout StateWriter) {
        writer.write(kind.rawValue)
        writer.write(delimiter)
        writer.write(UInt32(columns.count))
        for column in columns { writer.write(column) }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        guard let kind = Kind(rawValue: try reader.read()) else { throw .invalid("an unknown form of flow records") }
        self.kind = kind
        delimiter = try reader.read()
        let count = try reader.read(UInt32.self)
        guard count <= Dialect.mostChannels else { throw .invalid("\(count) columns of a flow") }
        for _ in 0..<count { columns.append(try reader.readIntegers()) }
    }
}
