/// What the tools call their columns and keys.
extension FlowDialect.Kind {
    /// What a column of this name says.
    func field(of name: [UInt8]) -> FlowDialect.Field {
        Self.tables[Int(rawValue)][String(decoding: name, as: UTF8.self)] ?? .ignored
    }

    private static let tables: [[String: FlowDialect.Field]] = allCases.map { kind in
        switch kind {
        case .zeek: zeekColumns
        case .nfdump: nfdumpColumns
        case .argus: argusColumns
        case .zeekJSON, .suricata, .nfdumpPipe, .netflow: [:]
        }
    }

    /// https://docs.zeek.org/en/master/logs/conn.html; the bytes on the wire are preferred to those of the payload.
    private static let zeekColumns: [String: FlowDialect.Field] = [
        "ts": .start, "duration": .duration, "id.orig_h": .source, "id.resp_h": .destination,
        "id.orig_p": .sourcePort, "id.resp_p": .destinationPort, "proto": .transport, "orig_pkts": .packetsOut,
        "resp_pkts": .packetsIn, "orig_ip_bytes": .bytesOut, "resp_ip_bytes": .bytesIn, "orig_bytes": .payloadOut,
        "resp_bytes": .payloadIn, "conn_state": .state,
    ]

    /// The first names are those of 1.6 to 1.7.4, the second those since 1.7.5 (nfdump(1), `-o csv` and `-o csv-fast`). In both
    /// *in* is what the exporter counted of this direction, *out* what came back.
    private static let nfdumpColumns: [String: FlowDialect.Field] = [
        "ts": .start, "te": .end, "td": .duration, "sa": .source, "da": .destination, "sp": .sourcePort,
        "dp": .destinationPort, "pr": .transport, "flg": .flags, "ipkt": .packetsOut, "ibyt": .bytesOut,
        "opkt": .packetsIn, "obyt": .bytesIn,
        "firstSeen": .start, "lastSeen": .end, "duration": .duration, "proto": .transport, "srcAddr": .source,
        "srcPort": .sourcePort, "dstAddr": .destination, "dstPort": .destinationPort, "packets": .packetsOut,
        "inPackets": .packetsOut, "outPackets": .packetsIn, "bytes": .bytesOut, "inBytes": .bytesOut,
        "outBytes": .bytesIn, "flags": .flags, "icmpTYpe": .icmpType, "icmpType": .icmpType, "icmpCode": .icmpCode,
    ]

    /// ra(1) of argus 3; totals of both directions stand for the source's.
    private static let argusColumns: [String: FlowDialect.Field] = [
        "StartTime": .start, "LastTime": .end, "Dur": .duration, "Proto": .transport, "SrcAddr": .source,
        "Sport": .sourcePort, "Dir": .direction, "DstAddr": .destination, "Dport": .destinationPort,
        "TotPkts": .packetsOut, "TotBytes": .bytesOut, "SrcPkts": .packetsOut, "DstPkts": .packetsIn,
        "SrcBytes": .bytesOut, "DstBytes": .bytesIn, "State": .state,
    ]

    /// The keys of JSON records, by their paths.
    var keys: [FlowKeyField] {
        switch self {
        case .zeekJSON: Self.zeekKeys
        case .suricata: Self.suricataKeys
        default: []
        }
    }

    private static let zeekKeys: [FlowKeyField] =
        zeekColumns.map { FlowKeyField($0.key, $0.value) }.sorted { $0.path.lexicographicallyPrecedes($1.path) } + [
            FlowKeyField("_path", .event)
        ]

    /// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html, event types flow and netflow.
    private static let suricataKeys: [FlowKeyField] = [
        FlowKeyField("timestamp", .written), FlowKeyField("flow_id", .identity), FlowKeyField("event_type", .event),
        FlowKeyField("src_ip", .source), FlowKeyField("src_port", .sourcePort), FlowKeyField("dest_ip", .destination),
        FlowKeyField("dest_port", .destinationPort), FlowKeyField("proto", .transport),
        FlowKeyField("icmp_type", .icmpType), FlowKeyField("icmp_code", .icmpCode),
        FlowKeyField("flow.pkts_toserver", .packetsOut), FlowKeyField("flow.pkts_toclient", .packetsIn),
        FlowKeyField("flow.bytes_toserver", .bytesOut), FlowKeyField("flow.bytes_toclient", .bytesIn),
        FlowKeyField("flow.start", .start), FlowKeyField("flow.end", .end),
        FlowKeyField("netflow.pkts", .packetsOut), FlowKeyField("netflow.bytes", .bytesOut),
        FlowKeyField("netflow.start", .start), FlowKeyField("netflow.end", .end),
        FlowKeyField("tcp.tcp_flags", .flags), FlowKeyField("tcp.tcp_flags_ts", .flags),
        FlowKeyField("tcp.tcp_flags_tc", .flagsIn),
    ]
}

/// A key of a JSON record and what it says.
struct FlowKeyField: Equatable, Sendable {
    /// The path of the value: `flow.start`.
    var path: [UInt8]
    /// What it says.
    var field: FlowDialect.Field

    init(_ path: String, _ field: FlowDialect.Field) {
        self.path = Array(path.utf8)
        self.field = field
    }
}
