import StatusServer
import Synchronization
import Testing

@Suite struct ServiceNotifierTests {
    private final class Sent: Sendable {
        let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }
    }

    @Test func `the life of a service in order`() {
        let sent = Sent()
        let notifier = ServiceNotifier(watchdog: nil) { text in sent.texts.withLock { $0.append(text) } }
        notifier.ready("watching 3 streams\nand more")
        notifier.status("12 lines/s")
        notifier.status("12 lines/s")
        notifier.workMoved(at: 0)
        notifier.reloading(at: 77)
        notifier.ready("reloaded")
        notifier.extendStart(by: .seconds(5))
        notifier.stopping()
        #expect(
            sent.all == [
                "READY=1\nSTATUS=watching 3 streams and more", "STATUS=12 lines/s",
                "RELOADING=1\nMONOTONIC_USEC=77", "READY=1\nSTATUS=reloaded", "EXTEND_TIMEOUT_USEC=5000000",
                "STOPPING=1",
            ])
    }

    @Test func `a descriptor is given with its name, and forgotten by it`() {
        let sent = Sent()
        let notifier = ServiceNotifier(
            watchdog: nil, send: { text in sent.texts.withLock { $0.append(text) } },
            sendDescriptor: { text, descriptor in sent.texts.withLock { $0.append("\(descriptor): \(text)") } })
        notifier.store(9, as: "udp-0.0.0.0-5140")
        notifier.removeStored("udp-0.0.0.0-5140")
        #expect(
            sent.all == ["9: FDSTORE=1\nFDNAME=udp-0.0.0.0-5140", "FDSTOREREMOVE=1\nFDNAME=udp-0.0.0.0-5140"])
    }

    @Test func `work that moves gives a sign each half interval and none more often`() {
        let sent = Sent()
        let notifier = ServiceNotifier(watchdog: .seconds(10)) { text in sent.texts.withLock { $0.append(text) } }
        for second in 0..<13 { notifier.workMoved(at: Int64(second) * 1_000_000_000) }
        #expect(sent.all == ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"], "at 0, 5 and 10 s")
    }

    @Test func `work that stands still gives none`() {
        let sent = Sent()
        let notifier = ServiceNotifier(watchdog: .seconds(10)) { text in sent.texts.withLock { $0.append(text) } }
        notifier.workMoved(at: 0)
        #expect(sent.all == ["WATCHDOG=1"])
    }
}
