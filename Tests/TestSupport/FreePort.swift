import Foundation
import Testing

/// What a port is for: datagrams and connections each have their own.
public enum PortUse {
    case datagrams
    case connections
}

/// A port of 127.0.0.1 that nobody has at the moment.
public func freePort(for use: PortUse = .datagrams) throws -> UInt16 {
    let type = use == .datagrams ? SOCK_DGRAM : SOCK_STREAM
    let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
    defer { close(descriptor) }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // Both types begin alike, and the length is that of the one given.
    let result = unsafe withUnsafeMutablePointer(to: &place) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    try #require(result)
    return UInt16(bigEndian: place.sin_port)
}
