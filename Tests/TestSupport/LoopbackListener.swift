import Foundation

/// A listening TCP socket on 127.0.0.1 with a thread that hands on what connects; it can go away and come back.
public final class LoopbackListener: @unchecked Sendable {
    /// The port, which stays the same.
    public let port: UInt16
    private let serve: @Sendable (Int32) -> Void
    // Everything below is read and written with the lock held, which makes the class safe to share.
    private let lock = NSLock()
    private var listening: Int32 = -1
    private var connections: Set<Int32> = []

    /// Takes a free port, and listens there when `starts` is true.
    ///
    /// - Parameter serve: called on a thread of its own for each connection, whose descriptor it reads and writes and does not
    ///   close.
    public init(port: UInt16? = nil, starts: Bool = true, serve: @escaping @Sendable (Int32) -> Void) throws {
        self.port = try port ?? freePort(for: .connections)
        self.serve = serve
        if starts { try start() }
    }

    deinit { stop() }

    /// Listens.
    public func start() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        let result = unsafe Self.withAddress(of: port) { unsafe bind(descriptor, $0, $1) }
        guard result == 0, listen(descriptor, 16) == 0 else {
            close(descriptor)
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        lock.withLock { listening = descriptor }
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let self else { return }
                lock.withLock { _ = connections.insert(connection) }
                Thread.detachNewThread { [weak self] in
                    self?.serve(connection)
                    self?.end(connection)
                }
            }
        }
    }

    /// Sends a text to a port of 127.0.0.1 and reads what comes until the connection ends.
    public static func ask(_ port: UInt16, _ text: String) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let result = unsafe withAddress(of: port) { unsafe connect(descriptor, $0, $1) }
        guard result == 0, unsafe send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count else {
            throw POSIXError(.ECONNREFUSED)
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        // The kernel writes at most the buffer's own count of bytes.
        while case let count = unsafe recv(descriptor, &chunk, chunk.count, 0), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func withAddress(
        of port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        // Both types begin alike, and the length is that of the one given.
        return unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func end(_ connection: Int32) {
        lock.withLock { if connections.remove(connection) != nil { close(connection) } }
    }

    /// Closes the port and every connection, as a process that is killed does.
    public func stop() {
        lock.withLock {
            // Wakes the thread that waits in accept, which then ends.
            if listening >= 0 {
                shutdown(listening, Int32(SHUT_RDWR))
                close(listening)
            }
            listening = -1
            for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }
}

/// Looks again and again until what is there is enough; returns it, enough or not, after so many seconds.
public func poll<Value>(
    seconds: Double = 60, _ look: () throws -> Value, until isEnough: (Value) throws -> Bool
) async throws -> Value {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
        let found = try look()
        if try isEnough(found) || ContinuousClock.now >= end { return found }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// Something that grows and that a test waits for.
public final class Collected<Element: Sendable>: @unchecked Sendable {
    // Read and written with the condition's lock held.
    private var elements: [Element] = []
    private let condition = NSCondition()

    /// Nothing yet.
    public init() {}

    /// What is there.
    public var all: [Element] { condition.withLock { elements } }

    /// Adds one.
    public func append(_ element: Element) {
        condition.withLock {
            elements.append(element)
            condition.broadcast()
        }
    }

    /// Waits until what is there is enough; returns it, enough or not, after so many seconds. It holds no thread meanwhile: on
    /// two cores there are two for all tests.
    @discardableResult
    public func wait(seconds: Double = 60, until isEnough: ([Element]) -> Bool) async throws -> [Element] {
        try await poll(seconds: seconds, { all }, until: isEnough)
    }

    /// Waits as ``wait(seconds:until:)`` and holds its thread, which is one of the test's own.
    public func block(seconds: Double = 60, until isEnough: ([Element]) -> Bool) {
        let end = Date(timeIntervalSinceNow: seconds)
        condition.withLock { while !isEnough(elements), condition.wait(until: end) {} }
    }
}
