import Foundation
import Testing

@testable import monitord

@Suite struct MessageStreamTests {
    private let ends: (Int32, Int32)

    init() throws {
        var pair: [Int32] = [0, 0]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        ends = (pair[0], pair[1])
    }

    /// What waits in a descriptor.
    private func rest(of descriptor: Int32) -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += buffer.prefix(count)
        }
    }

    @Test func `a reader that hangs holds up nobody, and hears how much it missed`() {
        defer {
            close(ends.0)
            close(ends.1)
        }
        let stream = MessageStream(ends.0, neverWaits: true)
        let line = String(repeating: "x", count: 1_000) + "\n"
        // Far more than any buffer of such a pair; it would never return.
        for _ in 0..<10_000 { stream.write(line) }
        let taken = rest(of: ends.1).split(separator: "\n").count
        #expect(taken < 10_000)
        stream.write("again\n")
        stream.write("and again\n")
        #expect(
            rest(of: ends.1)
                == "<4>warning: \(10_000 - taken) messages were dropped: journald did not take them\nagain\nand again\n"
        )
    }

    @Test func `what is no socket is written to as ever`() {
        var pipe: [Int32] = [0, 0]
        #expect(unsafe Glibc.pipe(&pipe) == 0)
        MessageStream(pipe[1], neverWaits: true).write("one\n")
        MessageStream(pipe[1], neverWaits: false).write("two\n")
        close(pipe[1])
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = unsafe read(pipe[0], &buffer, buffer.count)
        #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "one\ntwo\n")
        for end in [pipe[0], ends.0, ends.1] { close(end) }
    }

    @Test func `a reader that is gone is no signal`() {
        close(ends.1)
        MessageStream(ends.0, neverWaits: true).write("one\n")
        close(ends.0)
    }
}
