/// The last messages that came with an acknowledgement, by which one that the broker sends again is known.
///
/// A broker that loses a client keeps what was not acknowledged and sends it again, under the same number, before anything
/// new; the flag that says so (DUP) stands on messages that never came before, too. So a message is a duplicate when its
/// number, topic and payload are those of one from before the loss, and only among the first messages after it.
struct RecentMessages: Sendable {
    /// How many are remembered, and looked at after a loss: no broker leaves so many open.
    static let remembered = 4_096

    private var keys: [UInt64] = []
    private var next = 0
    private var before: [UInt64: Int] = [:]
    private var looksLeft = 0

    /// Creates an empty memory.
    init() {}

    /// The broker goes on with the session from before a loss.
    mutating func sessionGoesOn() {
        before = [:]
        for key in keys { before[key, default: 0] += 1 }
        looksLeft = Self.remembered
    }

    /// The broker knows nothing of us any more, and numbers from the start.
    mutating func sessionBegins() {
        keys.removeAll(keepingCapacity: true)
        next = 0
        before = [:]
        looksLeft = 0
    }

    /// Takes note of a message.
    ///
    /// - Parameters:
    ///   - number: that it is acknowledged by; 0 of one that is not.
    ///   - hash: of its topic and payload.
    /// - Returns: whether it came before the loss.
    mutating func take(number: Int32, hash: UInt64) -> Bool {
        guard number > 0 else { return false }
        let key = hash ^ UInt64(truncatingIfNeeded: number) &* 0x9e37_79b9_7f4a_7c15
        if looksLeft > 0 {
            looksLeft -= 1
            if let count = before[key] {
                before[key] = count > 1 ? count - 1 : nil
                return true
            }
            if looksLeft == 0 { before = [:] }
        }
        if keys.count < Self.remembered {
            keys.append(key)
        } else {
            keys[next] = key
            next = (next + 1) % Self.remembered
        }
        return false
    }
}

/// FNV-1a, 64 bits wide.
struct MessageHash: Sendable {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Takes bytes in.
    mutating func add(_ bytes: Span<UInt8>) {
        for index in 0..<bytes.count { value = (value ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3 }
    }
}
