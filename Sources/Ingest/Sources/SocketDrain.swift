import Synchronization

/// Receives from sockets that nobody reads yet, counts the datagrams and throws them away.
///
/// For a service that was started by its socket and cannot work: were the datagrams left where they are, the service
/// manager would see them again at once and start it again, until it gives up on the socket for good.
public final class SocketDrain: Sendable {
    private static let datagramsAtOnce = 64
    /// Nothing is read of a datagram but that it was there.
    private static let slot = 16
    /// Receptions from one socket before the others have their turn.
    private static let turns = 64

    private let sockets: [Descriptor]
    private let counter = Atomic<UInt64>(0)
    /// Whether the thread waits or works.
    public let activity = ReadingActivity()

    /// Creates a drain of the sockets that nobody has claimed yet; they stay open and unclaimed.
    public init(_ passed: PassedSockets) { sockets = passed.sockets }

    /// Datagrams that were thrown away.
    public var datagrams: UInt64 { counter.load(ordering: .relaxed) }

    /// Throws away what comes until the task is cancelled.
    ///
    /// - Throws: ``IngestError/systemCall(name:reason:)``.
    public func run() async throws {
        try await ReadingThread.run(batches: 4, activity: activity, deliver: { _ in }) { outlet in
            var buffer = [UInt8](repeating: 0, count: Self.slot * Self.datagramsAtOnce)
            var lengths = [Int32](repeating: 0, count: Self.datagramsAtOnce)
            var senders = [UInt8](repeating: 0, count: 16 * Self.datagramsAtOnce)
            while true {
                try outlet.wait(for: self.sockets, milliseconds: 250)
                for socket in self.sockets {
                    for _ in 0..<Self.turns {
                        guard
                            let count = try Self.receive(socket, into: &buffer, &lengths, &senders)
                        else { break }
                        self.counter.add(UInt64(count), ordering: .relaxed)
                    }
                }
            }
        }
    }

    private static func receive(
        _ socket: Descriptor, into buffer: inout [UInt8], _ lengths: inout [Int32], _ senders: inout [UInt8]
    ) throws(SystemCallError) -> Int? {
        do {
            return try System.receive(
                from: socket, into: &buffer, slot: slot, lengths: &lengths, senders: &senders)
        } catch {
            if error.isNothingYet { return nil }
            throw error
        }
    }
}
