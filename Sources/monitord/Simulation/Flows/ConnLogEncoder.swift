/// Writes connections as lines of Zeek's conn.log, https://docs.zeek.org/en/master/logs/conn.html.
struct ConnLogEncoder {
    /// The lines before the first connection.
    static let header =
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
        + "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes"
        + "\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes"
        + "\ttunnel_parents\n"
        + "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount"
        + "\tstring\tcount\tcount\tcount\tcount\tset[string]\n"

    private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let unset = Array("-\t".utf8)
    private let services: [UInt16: [UInt8]] = [
        53: "dns", 80: "http", 123: "ntp", 443: "ssl", 445: "smb", 502: "modbus", 25: "smtp", 993: "ssl", 8883: "ssl",
    ].mapValues { Array(($0 + "\t").utf8) }
    private let tcp = Array("tcp\t".utf8)
    private let udp = Array("udp\t".utf8)
    private let icmp = Array("icmp\t".utf8)
    /// State and, behind the next three columns, history: established, unanswered, refused; of TCP, then of others.
    private let states = ["SF", "S0", "REJ", "SF", "S0", "S0"].map { Array(($0 + "\t").utf8) }
    private let histories = ["ShADadFf", "S", "Sr", "Dd", "D", "D"].map { Array(("0\t" + $0 + "\t").utf8) }

    /// Puts one line.
    func put(_ flow: SimulatedFlow, into block: inout ByteBlock) {
        let tab = UInt8(ascii: "\t")
        block.put(Int(flow.start), decimals: 6)
        block.put(tab)
        putIdentity(flow.identity, into: &block)
        putEnd(flow.source, flow.sourcePort, into: &block)
        putEnd(flow.destination, flow.destinationPort, into: &block)
        let isTCP = flow.transport == .tcp
        block.put(isTCP ? tcp : flow.transport == .udp ? udp : icmp)
        let isEstablished = flow.outcome == .established
        block.put((isEstablished ? services[flow.destinationPort] : nil) ?? Self.unset)
        if flow.duration > 0 {
            block.put(Int(flow.duration), decimals: 6)
            block.put(tab)
            putNumber(flow.bytesOut, into: &block)
            putNumber(flow.bytesIn, into: &block)
        } else {
            for _ in 0..<3 { block.put(Self.unset) }
        }
        let form = Int(flow.outcome.rawValue) + (isTCP ? 0 : 3)
        block.put(states[form])
        putIsLocal(flow.source, into: &block)
        putIsLocal(flow.destination, into: &block)
        block.put(histories[form])
        let packets = Self.packets(flow)
        putNumber(packets.out, into: &block)
        putNumber(flow.bytesOut + packets.out * (isTCP ? 40 : 28), into: &block)
        putNumber(packets.in, into: &block)
        putNumber(flow.bytesIn + packets.in * (isTCP ? 40 : 28), into: &block)
        block.put(UInt8(ascii: "-"))
        block.put(UInt8(ascii: "\n"))
    }

    /// Packets of 1,400 bytes, those that open and close a connection of TCP, and what acknowledges the other's.
    private static func packets(_ flow: SimulatedFlow) -> (out: Int, in: Int) {
        let isTCP = flow.transport == .tcp
        switch flow.outcome {
        case .unanswered: return (isTCP ? 3 : 1, 0)
        case .refused: return (1, 1)
        case .established:
            let out = flow.bytesOut / 1_400
            let back = flow.bytesIn / 1_400
            return isTCP ? (4 + max(out, back / 2), 4 + max(back, out / 2)) : (1 + out, 1 + back)
        }
    }

    private func putNumber(_ number: Int, into block: inout ByteBlock) {
        block.put(number, decimals: 0)
        block.put(UInt8(ascii: "\t"))
    }

    /// As Zeek names a connection: a C and digits of base 62.
    private func putIdentity(_ identity: UInt64, into block: inout ByteBlock) {
        block.put(UInt8(ascii: "C"))
        var rest = identity
        for _ in 0..<11 {
            block.put(Self.letters[Int(rest % 62)])
            rest /= 62
        }
        block.put(UInt8(ascii: "\t"))
    }

    private func putEnd(_ address: UInt32, _ port: UInt16, into block: inout ByteBlock) {
        Self.put(address, into: &block)
        block.put(UInt8(ascii: "\t"))
        putNumber(Int(port), into: &block)
    }

    /// Puts an address in dotted form.
    static func put(_ address: UInt32, into block: inout ByteBlock) {
        for shift: UInt32 in [24, 16, 8] {
            block.put(Int(address >> shift & 255), decimals: 0)
            block.put(UInt8(ascii: "."))
        }
        block.put(Int(address & 255), decimals: 0)
    }

    private func putIsLocal(_ address: UInt32, into block: inout ByteBlock) {
        block.put(UInt8(ascii: address >> 24 == 10 ? "T" : "F"))
        block.put(UInt8(ascii: "\t"))
    }
}
