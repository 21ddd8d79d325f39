import Glibc

/// Why rows cannot be written.
enum SimulationOutputError: Error, CustomStringConvertible {
    case cannotCreate(path: String, reason: String)
    case cannotWrite(what: String, reason: String)
    /// The reader has gone; nothing is wrong.
    case readerGone

    /// Whether it is only that nobody reads on.
    var isReaderGone: Bool {
        if case .readerGone = self { true } else { false }
    }

    var description: String {
        switch self {
        case .cannotCreate(let path, let reason): "cannot create \(path): \(reason)"
        case .cannotWrite(let what, let reason): "cannot write \(what): \(reason)"
        case .readerGone: "the reader has gone"
        }
    }
}

/// A descriptor that bytes are written to, whole.
final class SimulationOutput {
    private let descriptor: Int32
    private let name: String
    /// A datagram that nobody takes at the moment is lost, as datagrams are.
    private let isDatagram: Bool

    private init(descriptor: Int32, name: String, isDatagram: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.isDatagram = isDatagram
    }

    deinit { if descriptor > STDERR_FILENO { close(descriptor) } }

    static func standardOutput() -> SimulationOutput {
        SimulationOutput(descriptor: STDOUT_FILENO, name: "standard output", isDatagram: false)
    }

    /// Creates or empties a file.
    static func file(_ path: String) throws(SimulationOutputError) -> SimulationOutput {
        // The path is copied into a C string for the length of the call; the variadic argument is the mode.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: lastError()) }
        return SimulationOutput(descriptor: descriptor, name: path, isDatagram: false)
    }

    /// Opens a socket that sends each write as a datagram to an IPv4 or [IPv6] address with a port: `127.0.0.1:5140`.
    ///
    /// - Returns: `nil` when the text is no such address; no name is looked up.
    static func datagrams(to address: String) throws(SimulationOutputError) -> SimulationOutput? {
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]),
            port > 0
        else { return nil }
        var host = String(address[..<colon])
        let descriptor: Int32
        let connected: Int32
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            target.sin6_port = port.bigEndian
            // Fills a struct of ours from text that is copied for the call.
            guard unsafe inet_pton(AF_INET6, host, &target.sin6_addr) == 1 else { return nil }
            descriptor = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            connected = unsafe withUnsafeBytes(of: &target) {
                // A socket address of its kind's length, read during the call only.
                unsafe connect(
                    descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
        } else {
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = port.bigEndian
            // As above.
            guard unsafe inet_pton(AF_INET, host, &target.sin_addr) == 1 else { return nil }
            descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            connected = unsafe withUnsafeBytes(of: &target) {
                // As above.
                unsafe connect(
                    descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
        }
        guard descriptor >= 0, connected == 0 else {
            throw .cannotWrite(what: "to udp \(address)", reason: lastError())
        }
        return SimulationOutput(descriptor: descriptor, name: "to udp \(address)", isDatagram: true)
    }

    /// Writes the first `count` bytes.
    ///
    /// - Throws: ``SimulationOutputError``; a closed pipe is ``SimulationOutputError/readerGone``.
    func write(_ bytes: [UInt8], count: Int) throws(SimulationOutputError) {
        var written = 0
        while written < count {
            let result = unsafe bytes.withUnsafeBytes { buffer in
                // The pointer stays within the buffer: `written` is below `count`, and that is at most its size.
                unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), count - written)
            }
            if result >= 0 {
                written += result
                continue
            }
            let error = errno
            if error == EINTR { continue }
            if error == EPIPE { throw .readerGone }
            if isDatagram, [ECONNREFUSED, ENOBUFS, EAGAIN].contains(error) { return }
            throw .cannotWrite(what: name, reason: Self.lastError())
        }
    }

    /// Writes a text.
    func write(_ text: String) throws(SimulationOutputError) {
        let bytes = Array(text.utf8)
        try write(bytes, count: bytes.count)
    }

    private static func lastError() -> String {
        // strerror's text is copied before anything else can call it.
        unsafe String(cString: strerror(errno))
    }
}
