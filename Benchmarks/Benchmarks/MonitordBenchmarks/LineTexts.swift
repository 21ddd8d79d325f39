import TimeSeries

/// Seeded lines of each format that is measured, as machines write them: the header apart, because it is read once.
struct LineText {
    var header: [UInt8] = []
    var lines: [UInt8] = []
    /// Lines, without the header.
    var count: Int

    /// Makes `count` lines, each written by `line`.
    init(_ count: Int, header: String = "", line: (Int, inout [UInt8]) -> Void) {
        self.header = Array(header.utf8)
        self.count = count
        for number in 0..<count {
            line(number, &lines)
            lines.append(UInt8(ascii: "\n"))
        }
    }
}

extension [UInt8] {
    /// Writes what is given, one behind the other.
    fileprivate mutating func write(_ texts: String...) { for text in texts { append(contentsOf: text.utf8) } }

    /// Writes a number with so many decimals.
    fileprivate mutating func write(_ value: Double, decimals: Int) {
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let shifted = Int((value * Double(scale)).rounded())
        let (whole, rest) = shifted.magnitude.quotientAndRemainder(dividingBy: UInt(scale))
        let digits = String(rest)
        let zeros = String(repeating: "0", count: decimals - digits.count)
        write(shifted < 0 ? "-" : "", String(whole), ".", zeros, digits)
    }
}

// MARK: Sensors

private let channelNames = ["temp_in", "temp_out", "pressure", "flow", "vibration", "current", "voltage", "humidity"]
private let decimals = [3, 3, 2, 3, 4, 3, 2, 2]

extension LineText {
    /// A row a minute, eight channels, ISO times.
    static func csv(_ count: Int) -> LineText {
        var signal = Signal(channels: channelNames.count)
        return LineText(count, header: "timestamp,\(channelNames.joined(separator: ","))\n") { number, bytes in
            signal.advance()
            bytes.write(time(60 * number).description)
            for (value, places) in zip(signal.values, decimals) {
                bytes.write(",")
                bytes.write(value, decimals: places)
            }
        }
    }

    /// The same rows as an object each.
    static func json(_ count: Int) -> LineText {
        var signal = Signal(channels: channelNames.count)
        return LineText(count) { number, bytes in
            signal.advance()
            bytes.write("{\"timestamp\":\"", time(60 * number).description, "\"")
            for (name, (value, places)) in zip(channelNames, zip(signal.values, decimals)) {
                bytes.write(",\"", name, "\":")
                bytes.write(value, decimals: places)
            }
            bytes.write("}")
        }
    }

    /// `time,series,value`: 1,000 series in turn.
    static func long(_ count: Int) -> LineText {
        var signal = Signal(channels: seriesCount)
        return LineText(count, header: "timestamp,series,value\n") { number, bytes in
            if number % seriesCount == 0 { signal.advance() }
            bytes.write(time(60 * (number / seriesCount)).description, ",", seriesName(number % seriesCount), ",")
            bytes.write(signal.values[number % seriesCount], decimals: 3)
        }
    }

    /// `time,device,sensor,value`: 125 devices of eight sensors, put together to samples.
    static func declaredLong(_ count: Int) -> LineText {
        var signal = Signal(channels: seriesCount)
        return LineText(count, header: "timestamp,device,sensor,value\n") { number, bytes in
            if number % seriesCount == 0 { signal.advance() }
            let place = number % seriesCount
            let (device, sensor) = (seriesName(place / 8), channelNames[place % 8])
            bytes.write(time(60 * (number / seriesCount)).description, ",", device, ",", sensor, ",")
            bytes.write(signal.values[place], decimals: 3)
        }
    }

    /// InfluxDB lines of 1,000 meters with two fields.
    static func influx(_ count: Int) -> LineText {
        var signal = Signal(channels: seriesCount)
        return LineText(count) { number, bytes in
            if number % seriesCount == 0 { signal.advance() }
            let value = signal.values[number % seriesCount]
            bytes.write("env,site=", seriesName(number % seriesCount), ",kind=meter t=")
            bytes.write(value, decimals: 3)
            bytes.write(",h=")
            bytes.write(value * 0.1 + 40, decimals: 2)
            bytes.write(" ", String(time(60 * (number / seriesCount)).nanoseconds))
        }
    }

    /// StatsD gauges of 1,000 names.
    static func statsd(_ count: Int) -> LineText {
        var signal = Signal(channels: seriesCount)
        return LineText(count) { number, bytes in
            if number % seriesCount == 0 { signal.advance() }
            bytes.write(seriesName(number % seriesCount), ":")
            bytes.write(signal.values[number % seriesCount], decimals: 3)
            bytes.write("|g")
        }
    }

    /// Series of the formats that name theirs.
    static let seriesCount = 1_000

    private static func seriesName(_ number: Int) -> String { "s\(String(10_000 + number).dropFirst())" }
}

// MARK: Flows

/// One connection of a network of 250 hosts.
private struct Connection {
    private static let ports = ["443", "80", "53", "22", "123", "8080", "25", "3306", "5432", "389"]
    private static let services = ["ssl", "http", "dns", "ssh", "ntp", "http", "smtp", "mysql", "postgresql", "ldap"]

    var source: String
    var target: String
    var sourcePort: String
    var service: (port: String, name: String)
    var isDatagrams: Bool
    var duration: Double
    var sent: Int
    var received: Int

    init(_ generator: inout SeededGenerator) {
        // The square of a uniform number: a few hosts do most of the talking.
        let (host, peer) = (Int(250 * Self.skewed(&generator)), Int(2_000 * Self.skewed(&generator)))
        let kind = Int(10 * Self.skewed(&generator))
        source = "10.0.\(host >> 6).\(1 + host)"
        target = "172.16.\(peer >> 8).\(peer & 255)"
        sourcePort = String(1_024 + Int(64_000 * generator.uniform()))
        service = (Self.ports[kind], Self.services[kind])
        isDatagrams = kind == 2 || kind == 4
        duration = 4 * Self.skewed(&generator)
        sent = 40 + Int(9_000 * Self.skewed(&generator))
        received = 40 + Int(90_000 * Self.skewed(&generator))
    }

    private static func skewed(_ generator: inout SeededGenerator) -> Double {
        let drawn = generator.uniform()
        return drawn * drawn
    }
}

extension LineText {
    /// Zeek's conn.log, 50 connections a second.
    static func zeek(_ count: Int) -> LineText {
        var generator = SeededGenerator(seed: 1)
        let header =
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
            + "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\t"
            + "resp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\t"
            + "resp_pkts\tresp_ip_bytes\ttunnel_parents\n"
        return LineText(count, header: header) { number, bytes in
            let flow = Connection(&generator)
            bytes.write(Double(firstSecond) + 0.02 * Double(number), decimals: 6)
            bytes.write("\tC", String(number, radix: 36), "\t", flow.source, "\t", flow.sourcePort, "\t", flow.target)
            bytes.write("\t", flow.service.port, "\t", flow.isDatagrams ? "udp" : "tcp", "\t", flow.service.name, "\t")
            bytes.write(flow.duration, decimals: 6)
            bytes.write("\t", String(flow.sent), "\t", String(flow.received), "\tSF\tT\tT\t0\tShADadFf\t")
            bytes.write(String(1 + flow.sent / 900), "\t", String(flow.sent + 28), "\t")
            bytes.write(String(1 + flow.received / 1_200), "\t", String(flow.received + 28), "\t-")
        }
    }

    /// What `nfdump -o csv` prints, 50 flows a second.
    static func nfdump(_ count: Int) -> LineText {
        var generator = SeededGenerator(seed: 1)
        let header =
            "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir\n"
        return LineText(count, header: header) { number, bytes in
            let flow = Connection(&generator)
            let seconds = number / 50
            bytes.write(clock(seconds), ",", clock(seconds + Int(flow.duration)), ",")
            bytes.write(flow.duration, decimals: 3)
            bytes.write(",", flow.source, ",", flow.target, ",", flow.sourcePort, ",", flow.service.port, ",")
            bytes.write(flow.isDatagrams ? "UDP,........" : "TCP,...AP.SF", ",0,0,", String(1 + flow.sent / 900), ",")
            bytes.write(String(flow.sent), ",", String(1 + flow.received / 1_200), ",", String(flow.received))
            bytes.write(",1,2,0,0,0,0,0,0")
        }
    }

    /// `2024-01-01 00:00:00`.
    private static func clock(_ seconds: Int) -> String {
        let text = time(seconds).description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }
}
