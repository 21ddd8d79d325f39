import Logging
import Synchronization

/// Sockets for datagrams that were bound before this process began: by a socket unit, or by the process before this one,
/// for which the service manager kept them.
///
/// A socket belongs to the source whose address it is bound to. One that is bound to another address (a socket unit that
/// says only a port is bound to `[::]`) belongs to the source that its name says: `udp-` and the source's address with
/// hyphens for the colons, such as `udp-0.0.0.0-5140`.
public final class PassedSockets: Sendable {
    /// A socket that no source wanted, or a descriptor that is no socket for datagrams.
    public struct Unclaimed: Equatable, Sendable {
        /// The name that it was passed with.
        public var name: String
        /// The address that it is bound to; `nil` when it is no socket for datagrams.
        public var address: String?
        /// Whether a socket of the same name was claimed.
        public var hasClaimedNamesake: Bool
    }

    private struct Entry: Sendable {
        var descriptor: Descriptor
        var name: String
        var address: SocketAddress?
    }

    private struct State: Sendable {
        var left: [Entry] = []
        var claimedNames: Set<String> = []
    }

    private let state: Mutex<State>

    /// Takes over open descriptors with the names that they were passed with.
    public init(_ descriptors: [(number: Int32, name: String)] = []) {
        let entries = descriptors.map { passed in
            let descriptor = Descriptor(passed.number)
            return Entry(
                descriptor: descriptor, name: passed.name, address: System.datagramAddress(of: descriptor))
        }
        state = Mutex(State(left: entries))
    }

    /// Whether no socket is left that a source could take over.
    public var isEmpty: Bool { sockets.isEmpty }

    /// The sockets that nobody has claimed.
    var sockets: [Descriptor] { state.withLock { $0.left.filter { $0.address != nil }.map(\.descriptor) } }

    /// Hands over the socket that belongs to an address; `nil` when there is none.
    func claim(_ address: SocketAddress) -> Descriptor? {
        state.withLock { state in
            let index =
                state.left.firstIndex { $0.address?.isSamePlace(as: address) == true }
                ?? state.left.firstIndex { $0.address != nil && $0.name == address.descriptorName }
            guard let index else { return nil }
            let entry = state.left.remove(at: index)
            state.claimedNames.insert(entry.name)
            return entry.descriptor
        }
    }

    /// Closes what nobody has claimed, and says what that was.
    public func closeUnclaimed() -> [Unclaimed] {
        state.withLock { state in
            defer { state.left = [] }
            return state.left.map { entry in
                Unclaimed(
                    name: entry.name, address: entry.address?.text,
                    hasClaimedNamesake: state.claimedNames.contains(entry.name))
            }
        }
    }
}

extension Logger {
    func tookOver(_ address: String, port: UInt16, buffer: Int, dropped: UInt64) {
        var facts: Metadata = ["udp.address": "\(address)", "udp.port": "\(port)", "udp.buffer": "\(buffer)"]
        guard dropped > 0 else {
            info("listening on a socket that was passed in", metadata: facts)
            return
        }
        facts["udp.dropped_before"] = "\(dropped)"
        notice(
            "listening on a socket that was passed in; it has dropped datagrams before, here or while nobody listened",
            metadata: facts)
    }
}
