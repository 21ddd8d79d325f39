import Alerting
import Glibc
import Synchronization

/// A socket to a receiver of syslog, opened when it is needed and again when it was lost.
///
/// Calls block, for the timeout at most and what the lookup of a name takes: they belong on a ``BlockingThread``.
final class SyslogConnection: Sendable {
    private let address: SyslogAddress
    private let timeout: Double
    /// The descriptor; -1 while there is none.
    private let socket = Mutex<Int32>(-1)

    init(to address: SyslogAddress, timeout: Double) {
        self.address = address
        self.timeout = timeout
    }

    deinit { socket.withLock { if $0 >= 0 { close($0) } } }

    /// Sends one message.
    ///
    /// - Throws: ``OnwardError``; the socket is then closed, and opened anew by the next message.
    func send(_ message: [UInt8]) throws(OnwardError) {
        try socket.withLock { descriptor throws(OnwardError) in
            let deadline = Deadline(after: timeout)
            do throws(OnwardError) {
                if descriptor >= 0, address.transport == .tcp, Self.isClosed(descriptor) {
                    close(descriptor)
                    descriptor = -1
                }
                if descriptor < 0 { descriptor = try open(deadline) }
                try send(message, by: descriptor, deadline)
            } catch {
                // A datagram that is too long says nothing about the socket.
                if descriptor >= 0, !error.isFinal {
                    close(descriptor)
                    descriptor = -1
                }
                throw error
            }
        }
    }

    // MARK: Opening

    private func open(_ deadline: Deadline) throws(OnwardError) -> Int32 {
        if address.transport == .unix { return try openUnix() }
        // Zeros, and two numbers.
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32((address.transport == .tcp ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        // Takes C strings for the call, and fills a list that is freed below.
        let code = unsafe getaddrinfo(address.host, "\(address.port)", &hints, &list)
        guard code == 0 else {
            // gai_strerror has a constant text for every code.
            throw unreachable(unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)")
        }
        defer { unsafe freeaddrinfo(list) }
        var reason = "it has no address"
        var next = unsafe list
        // Each entry lives until the list is freed.
        while let entry = unsafe next {
            do throws(OnwardError) {
                return try unsafe connect(entry.pointee, deadline)
            } catch {
                reason = error.reason
            }
            unsafe next = entry.pointee.ai_next
        }
        throw unreachable(reason)
    }

    private func connect(_ entry: addrinfo, _ deadline: Deadline) throws(OnwardError) -> Int32 {
        let type = unsafe entry.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe Glibc.socket(entry.ai_family, type, entry.ai_protocol)
        guard descriptor >= 0 else { throw unreachable(SystemCall.reason(errno)) }
        var code: Int32 = 0
        // The address belongs to the list of getaddrinfo, which the caller holds.
        if unsafe Glibc.connect(descriptor, entry.ai_addr, entry.ai_addrlen) != 0 { code = errno }
        if code == EINPROGRESS {
            code = Self.wait(descriptor, POLLOUT, deadline) ? Self.pendingError(descriptor) : ETIMEDOUT
        }
        guard code == 0 else {
            close(descriptor)
            throw unreachable(SystemCall.reason(code))
        }
        return descriptor
    }

    private func openUnix() throws(OnwardError) -> Int32 {
        let descriptor = Glibc.socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw unreachable(SystemCall.reason(errno)) }
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        // The path is shorter than its field: the address was read so.
        unsafe withUnsafeMutableBytes(of: &place.sun_path) { unsafe $0.copyBytes(from: address.host.utf8) }
        // Both types begin alike, and the length is that of the one given.
        let result = unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw unreachable(SystemCall.reason(code))
        }
        return descriptor
    }

    // MARK: Sending

    private func send(_ message: [UInt8], by descriptor: Int32, _ deadline: Deadline) throws(OnwardError) {
        let isStream = address.transport == .tcp
        let bytes = isStream ? Array("\(message.count) ".utf8) + message : message
        var done = 0
        while done < bytes.count {
            // The buffer is read during the call only.
            let sent = unsafe bytes[done...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 {
                done += sent
            } else if errno == EMSGSIZE {
                throw .tooLong(place: "\(address)", bytes: bytes.count)
            } else if errno == EAGAIN {
                guard Self.wait(descriptor, POLLOUT, deadline) else { throw lost("it takes nothing") }
            } else if errno != EINTR {
                throw lost(SystemCall.reason(errno))
            }
        }
        if isStream {
            try waitUntilAcknowledged(descriptor, deadline)
        } else if case let code = Self.pendingError(descriptor), code != 0 {
            // On this machine, and sometimes on a near one, it is known by now that nobody listens.
            throw lost(SystemCall.reason(code))
        }
    }

    /// Waits until the other end's system has acknowledged every byte: a cable that was pulled is noticed by this alone.
    private func waitUntilAcknowledged(_ descriptor: Int32, _ deadline: Deadline) throws(OnwardError) {
        var wait: UInt32 = 50
        while true {
            var left: Int32 = 0
            // Fills a number of ours: bytes that are not sent, or sent and not acknowledged (SIOCOUTQ).
            guard unsafe ioctl(descriptor, UInt(TIOCOUTQ), &left) == 0 else { return }
            if left == 0 { break }
            guard !deadline.isOver else { throw lost("it acknowledges nothing") }
            // An acknowledgement wakes nobody. It takes a round trip, or the 40 ms for which a system may hold it back.
            usleep(wait)
            wait = min(wait * 2, 5_000)
        }
        // A reset acknowledges nothing and empties the queue all the same.
        let code = Self.pendingError(descriptor)
        guard code == 0 else { throw lost(SystemCall.reason(code)) }
    }

    /// Whether the other end has closed the connection; what it says is read and thrown away.
    private static func isClosed(_ descriptor: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 512)
        while true {
            // The kernel writes at most the buffer's own count of bytes.
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            if count > 0 { continue }
            if count < 0, errno == EINTR { continue }
            return count == 0 || errno != EAGAIN
        }
    }

    private static func pendingError(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // Fills a number of ours.
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }

    /// Waits for a descriptor; false when time is over.
    private static func wait(_ descriptor: Int32, _ events: Int32, _ deadline: Deadline) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            // One entry of ours.
            let ready = unsafe poll(&entry, 1, deadline.milliseconds)
            if ready > 0 { return true }
            if ready == 0 || errno != EINTR { return false }
        }
    }

    private func unreachable(_ reason: String) -> OnwardError { .unreachable(place: "\(address)", reason: reason) }

    private func lost(_ reason: String) -> OnwardError { .connectionLost(place: "\(address)", reason: reason) }
}

extension OnwardError {
    fileprivate var reason: String {
        switch self {
        case .unreachable(_, let reason), .connectionLost(_, let reason): reason
        default: description
        }
    }
}

/// The end of what one delivery may take, by the monotonic clock.
struct Deadline {
    private let end: ContinuousClock.Instant

    init(after seconds: Double) { end = .now.advanced(by: .seconds(seconds)) }

    var isOver: Bool { end <= .now }

    /// What is left, 0 to an hour, in whole milliseconds and not shorter than it is.
    var milliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: end)
        let (seconds, attoseconds) = left.components
        return Int32(clamping: max(0, min(3_600_000, seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1)))
    }
}
