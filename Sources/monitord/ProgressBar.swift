import Glibc
import Synchronization

/// A line of progress on standard error; there is none when that is no terminal.
final class ProgressBar: Sendable {
    private let shown = Mutex(-1)

    init?() {
        guard isatty(STDERR_FILENO) == 1 else { return nil }
    }

    /// Shows a share, 0 to 1; drawn again only when the whole per cent changes.
    func show(_ share: Double) {
        let percent = Int(share * 100)
        let isNew = shown.withLock { last in
            defer { last = percent }
            return last != percent
        }
        guard isNew else { return }
        let filled = percent * 40 / 100
        Start.write(
            "\r[\(String(repeating: "#", count: filled))\(String(repeating: " ", count: 40 - filled))] \(percent) %")
    }

    /// Takes the line away.
    func clear() { Start.write("\r\u{1b}[K") }
}
