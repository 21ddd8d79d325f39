// The socket calls of the module. As in SystemCalls.swift, pointers live for one call.

import CLinux
import Glibc

extension System {
    /// The bytes of an address in network order; `nil` when the text is none.
    static func addressBytes(_ text: String, family: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: family == AF_INET6 ? 16 : 4)
        // inet_pton writes as many bytes as the family's addresses have.
        let result = unsafe bytes.withUnsafeMutableBytes { unsafe inet_pton(family, text, $0.baseAddress) }
        return result == 1 ? bytes : nil
    }

    /// The text of an address in network order: `0.0.0.0`, `::1`.
    static func addressText(_ bytes: [UInt8], family: Int32) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        // inet_ntop reads as many bytes as the family's addresses have, and its text fits the longest there is.
        let isRight = bytes.count == (family == AF_INET6 ? 16 : 4)
        guard isRight, unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The address that a descriptor is bound to; `nil` when it is no socket for datagrams of IPv4 or IPv6.
    static func datagramAddress(of socket: Descriptor) -> SocketAddress? {
        var kind: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(socket.number, SOL_SOCKET, SO_TYPE, &kind, &size) == 0,
            kind == Int32(SOCK_DGRAM.rawValue)
        else { return nil }
        var place = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        // The kernel writes at most the length given; sockaddr_in is the shorter one and begins alike.
        let result = unsafe withUnsafeMutablePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket.number, $0, &length)
            }
        }
        guard result == 0 else { return nil }
        let family = Int32(place.sin6_family)
        let port = UInt16(bigEndian: place.sin6_port)
        switch family {
        case AF_INET6:
            let bytes = unsafe withUnsafeBytes(of: &place.sin6_addr) { unsafe Array($0) }
            return SocketAddress(family: family, bytes: bytes, port: port)
        case AF_INET:
            // sin_addr stands where an IPv6 address has its flow information.
            let bytes = unsafe withUnsafeBytes(of: &place.sin6_flowinfo) { unsafe Array($0) }
            return SocketAddress(family: family, bytes: bytes, port: port)
        default: return nil
        }
    }

    /// Makes a socket for datagrams and binds it.
    static func bindDatagramSocket(_ address: SocketAddress) throws(SystemCallError) -> Descriptor {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(address.family, kind, 0)
        guard number >= 0 else { throw SystemCallError(call: "socket", code: errno) }
        let descriptor = Descriptor(number)
        let result: Int32
        if address.family == AF_INET6 {
            var place = sockaddr_in6()
            place.sin6_family = sa_family_t(AF_INET6)
            place.sin6_port = address.port.bigEndian
            unsafe withUnsafeMutableBytes(of: &place.sin6_addr) { unsafe $0.copyBytes(from: address.bytes) }
            result = unsafe withUnsafePointer(to: &place) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        } else {
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_port = address.port.bigEndian
            unsafe withUnsafeMutableBytes(of: &place.sin_addr) { unsafe $0.copyBytes(from: address.bytes) }
            result = unsafe withUnsafePointer(to: &place) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        guard result == 0 else { throw SystemCallError(call: "bind", code: errno) }
        return descriptor
    }

    /// Asks for a receive buffer: past the system's limit when we may (CAP_NET_ADMIN), else up to it.
    ///
    /// - Returns: the bytes granted. The kernel keeps twice what is asked for, for its own needs; this is the half.
    static func askForReceiveBuffer(_ bytes: Int, of socket: Descriptor) -> Int {
        var asked = Int32(clamping: bytes)
        let size = socklen_t(MemoryLayout<Int32>.size)
        if unsafe setsockopt(socket.number, SOL_SOCKET, SO_RCVBUFFORCE, &asked, size) != 0 {
            unsafe _ = setsockopt(socket.number, SOL_SOCKET, SO_RCVBUF, &asked, size)
        }
        return receiveBuffer(of: socket)
    }

    /// The bytes of a socket's receive buffer, as ``askForReceiveBuffer(_:of:)`` counts them.
    static func receiveBuffer(of socket: Descriptor) -> Int {
        var granted: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(socket.number, SOL_SOCKET, SO_RCVBUF, &granted, &length) == 0 else { return 0 }
        return Int(granted) / 2
    }

    /// The port that a socket is bound to.
    static func port(of socket: Descriptor) -> UInt16 {
        var place = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        // Both families have the port at the same place, and sockaddr_in6 is the larger one.
        let result = unsafe withUnsafeMutablePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket.number, $0, &length)
            }
        }
        return result == 0 ? UInt16(bigEndian: place.sin6_port) : 0
    }

    /// Receives the datagrams that are there, each into a slot of the buffer.
    ///
    /// - Parameters:
    ///   - lengths: the bytes of each; below 0 when it was cut.
    ///   - senders: the 16 bytes of the address that each came from.
    /// - Returns: the number of datagrams.
    static func receive(
        from socket: Descriptor, into buffer: inout [UInt8], slot: Int, lengths: inout [Int32], senders: inout [UInt8]
    ) throws(SystemCallError) -> Int {
        let count = min(lengths.count, buffer.count / slot, senders.count / 16, Int(MONITORD_MOST_DATAGRAMS))
        return Int(
            try retrying("recvmmsg") {
                // The buffers are exclusively ours for the call and as long as it is told.
                unsafe monitord_receive_datagrams(
                    socket.number, &buffer, Int32(slot), Int32(count), &lengths, &senders)
            })
    }

    /// Datagrams that a socket has dropped so far; `nil` when the system does not tell.
    static func droppedDatagrams(of socket: Descriptor) -> UInt64? {
        var dropped: UInt32 = 0
        return unsafe monitord_dropped_datagrams(socket.number, &dropped) == 0 ? UInt64(dropped) : nil
    }
}
