import Glibc
import ServiceLifecycle
import UnixSignals

/// Waits for SIGHUP: asks for a reload, or ends when it means that the terminal is gone.
///
/// The signal is the same for both. Who was started at a terminal and has none any more was left alone; everybody else,
/// a service most of all, is asked to read the configuration again.
struct HangUps: Service {
    private let signals: UnixSignalsSequence
    private let request: AsyncStream<Void>.Continuation
    private let wasAtTerminal = Self.isAtTerminal

    /// Takes the signal over.
    ///
    /// - Parameter request: gets an element for each reload that is asked for.
    init(request: AsyncStream<Void>.Continuation) async {
        self.request = request
        signals = await UnixSignalsSequence(trapping: .sighup)
    }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            if wasAtTerminal, !Self.isAtTerminal { return }
            request.yield()
        }
    }

    /// Whether the one who started us had hang-ups ignored (`nohup`): then they stay ignored.
    static var areIgnored: Bool {
        var action = sigaction()
        // Only asked for; SIG_IGN is the handler 1.
        guard unsafe sigaction(SIGHUP, nil, &action) == 0 else { return false }
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }

    /// A terminal that was hung up is none any more: asking for its settings fails.
    private static var isAtTerminal: Bool { [0, 1, 2].contains { isatty($0) == 1 } }
}
