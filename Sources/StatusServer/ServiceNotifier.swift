import CSystemd
import Glibc
import Synchronization

/// Tells the service manager how things stand (sd_notify(3)); does nothing outside of a service.
public final class ServiceNotifier: Sendable {
    /// Sends one datagram's text to the service manager.
    public typealias Send = @Sendable (String) -> Void
    /// Sends one datagram's text with a descriptor.
    public typealias SendDescriptor = @Sendable (String, Int32) -> Void

    private let send: Send
    private let sendDescriptor: SendDescriptor
    /// Half the watchdog's interval in nanoseconds of the monotonic clock; `nil` when there is no watchdog.
    private let watchdogNanoseconds: Int64?
    private let lastSign: Mutex<Int64?> = Mutex(nil)
    private let lastStatus: Mutex<String?> = Mutex(nil)
    /// Whether somebody listens at all.
    public let isListenedTo: Bool

    /// Creates a notifier for the manager that started this process, if one did.
    public convenience init() {
        var microseconds: UInt64 = 0
        // Reads two environment variables and fills the number.
        let enabled = unsafe sd_watchdog_enabled(0, &microseconds)
        // The text that the environment has, or nothing; it is only looked at.
        let isListenedTo = unsafe getenv("NOTIFY_SOCKET") != nil
        self.init(
            watchdog: enabled > 0 ? .microseconds(Int64(microseconds)) : nil, isListenedTo: isListenedTo,
            send: { text in
                // The text is copied into a datagram. Without NOTIFY_SOCKET it returns 0; a manager that does not listen
                // is no reason to stop working.
                _ = unsafe sd_notify(0, text)
            },
            sendDescriptor: { text, descriptor in
                var descriptor = descriptor
                // As above; the kernel makes a copy of the descriptor for the manager.
                _ = unsafe sd_pid_notify_with_fds(0, 0, text, &descriptor, 1)
            })
    }

    /// Creates a notifier with a way of its own to send; for tests.
    public init(
        watchdog: Duration?, isListenedTo: Bool = true, send: @escaping Send,
        sendDescriptor: @escaping SendDescriptor = { _, _ in }
    ) {
        self.send = send
        self.sendDescriptor = sendDescriptor
        self.isListenedTo = isListenedTo
        watchdogNanoseconds = watchdog.map { interval in
            let parts = interval.components
            return (parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000) / 2
        }
    }

    /// Inputs are open, state is loaded, the first alert could be written.
    public func ready(_ status: String) { send("READY=1\nSTATUS=\(Self.oneLine(status))") }

    /// One line for `systemctl status`; sent when it is another than the last.
    public func status(_ text: String) {
        let line = Self.oneLine(text)
        let isNew = lastStatus.withLock { last in
            defer { last = line }
            return last != line
        }
        if isNew { send("STATUS=\(line)") }
    }

    /// The configuration is being read again; ``ready(_:)`` follows, whatever comes of it.
    ///
    /// - Parameter now: microseconds of the monotonic clock, by which systemd tells one reload from another.
    public func reloading(at now: UInt64) { send("RELOADING=1\nMONOTONIC_USEC=\(now)") }

    /// Starting takes longer than the unit allows for: asks for so much more time from now on.
    public func extendStart(by time: Duration) {
        send("EXTEND_TIMEOUT_USEC=\(time.components.seconds * 1_000_000)")
    }

    /// Gives the manager a copy of a descriptor, which it keeps and hands over at the next start: after a restart or a
    /// crash what waits in a socket is still there. It forgets all of them when the service is stopped.
    ///
    /// - Parameter name: printable, without colons; what ``PassedDescriptor/name`` then is.
    public func store(_ descriptor: Int32, as name: String) { sendDescriptor("FDSTORE=1\nFDNAME=\(name)", descriptor) }

    /// The manager need not keep the descriptors of this name; nothing when it has none.
    public func removeStored(_ name: String) { send("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    /// The service is about to stop.
    public func stopping() { send("STOPPING=1") }

    /// The work has moved: called by the loop that does it, never by a timer, so that a hang shows.
    ///
    /// Sends at most one sign of life each half interval of the watchdog.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    public func workMoved(at now: Int64) {
        guard let watchdogNanoseconds else { return }
        let isDue = lastSign.withLock { last in
            if let previous = last, now - previous < watchdogNanoseconds { return false }
            last = now
            return true
        }
        if isDue { send("WATCHDOG=1") }
    }

    /// Seconds between two signs of life that keep the watchdog quiet; `nil` when there is no watchdog.
    public var signInterval: Duration? { watchdogNanoseconds.map { .nanoseconds($0) } }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
