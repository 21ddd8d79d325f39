/// Where a receiver of syslog listens: `udp://host:514`, `tcp://host:601`, or `unix:///dev/log`.
public struct SyslogAddress: Equatable, Sendable, CustomStringConvertible {
    /// How messages travel.
    public enum Transport: String, Sendable {
        /// A message is a datagram (RFC 5426); nobody says whether it came.
        case udp
        /// Messages one behind the other, each behind its length (RFC 6587, octet counting).
        case tcp
        /// A message is a datagram to a socket of this machine.
        case unix
    }

    /// How messages travel.
    public let transport: Transport
    /// A name or an address in numbers; the path of a unix socket.
    public let host: String
    /// 514 for UDP and 601 for TCP when nobody says; 0 for a unix socket.
    public let port: UInt16

    /// Reads an address; `nil` for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("unix:///"), text.utf8.count <= 7 + 107, !text.utf8.contains(0) {
            (transport, host, port) = (.unix, String(text.dropFirst(7)), 0)
            return
        }
        guard let transport = [Transport.udp, .tcp].first(where: { text.hasPrefix("\($0.rawValue)://") }),
            let place = NetworkPlace(String(text.dropFirst(6)))
        else { return nil }
        self.transport = transport
        host = place.host
        port = place.port ?? (transport == .udp ? 514 : 601)
    }

    /// Host and port, or the path.
    var authority: String {
        if transport == .unix { return host }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// As it is written in a configuration.
    public var description: String { "\(transport.rawValue)://\(authority)" }
}

/// The facilities of RFC 5424, section 6.2.1, by the names that syslog.conf(5) has for them.
public enum SyslogFacility: String, CaseIterable, Sendable {
    case kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp
    case local0, local1, local2, local3, local4, local5, local6, local7

    /// Its number: 0 to 11, and 16 to 23 for the local ones.
    var number: Int {
        let place = Self.allCases.firstIndex(of: self) ?? 0
        return place < 12 ? place : place + 4
    }
}
