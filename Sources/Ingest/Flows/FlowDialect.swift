import TimeSeries

/// How the lines of a stream of flow records are read.
struct FlowDialect: Equatable, Sendable {
    /// Which tool wrote them.
    enum Kind: UInt8, CaseIterable, Equatable, Sendable {
        /// Zeek's conn.log, tab-separated with `#fields`.
        case zeek = 0
    }

    /// What a column, or a key, says about a flow.
    enum Field: UInt8, CaseIterable, Equatable, Sendable {
        case ignored
        /// The first packet.
        case start
        /// The last packet.
        case end
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
        /// How it went, in the words of the tool.
        case state
        /// TCP flags of all packets.
        case flags
        /// What records of one flow share.
        case identity
    }

    /// The tool.
    var kind: Kind
    /// What separates columns.
    var delimiter: UInt8 = 9
    /// The columns as the header names them.
    var columns: [[UInt8]] = []

    /// What each column says.
    var fields: [Field] { columns.map { kind.field(of: $0) } }

    /// Whether the columns are those of a flow: both ends, and when.
    var isFlow: Bool {
        let fields = Set(fields)
        return fields.isSuperset(of: [.source, .destination]) && (fields.contains(.start) || fields.contains(.end))
    }
}

extension FlowDialect.Kind {
    /// Its name, as `format` has it.
    var name: String {
        switch self {
        case .zeek: "zeek"
        }
    }

    /// In words.
    var words: String {
        switch self {
        case .zeek: "Zeek conn.log"
        }
    }

    /// What a column of this name says.
    func field(of name: [UInt8]) -> FlowDialect.Field {
        Self.tables[Int(rawValue)][String(decoding: name, as: UTF8.self)] ?? .ignored
    }

    private static let tables: [[String: FlowDialect.Field]] = allCases.map { kind in
        switch kind {
        // https://docs.zeek.org/en/master/logs/conn.html; the bytes on the wire are preferred to those of the payload.
        case .zeek:
            [
                "ts": .start, "duration": .duration, "id.orig_h": .source, "id.resp_h": .destination,
                "id.orig_p": .sourcePort, "id.resp_p": .destinationPort, "proto": .transport, "orig_pkts": .packetsOut,
                "resp_pkts": .packetsIn, "orig_ip_bytes": .bytesOut, "resp_ip_bytes": .bytesIn, "conn_state": .state,
            ]
        }
    }
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
