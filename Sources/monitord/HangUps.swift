import Glibc
import MonitorRuntime

/// What a SIGHUP means: a reload, or the end when the terminal is gone.
///
/// The signal is the same for both. Who was started at a terminal and has none any more was left alone; everybody else,
/// a service most of all, is asked to read the configuration again.
struct HangUps: Sendable {
    private let request: AsyncStream<Void>.Continuation
    private let stop: StopRequest
    private let wasAtTerminal = Self.isAtTerminal

    /// Looks whether there is a terminal; to be called before the signal can come.
    ///
    /// - Parameters:
    ///   - request: gets an element for each reload that is asked for.
    ///   - stop: made when the terminal is gone.
    init(request: AsyncStream<Void>.Continuation, stop: StopRequest) {
        self.request = request
        self.stop = stop
    }

    /// Does what a SIGHUP asks for.
    func take() {
        if wasAtTerminal, !Self.isAtTerminal { stop.make() } else { request.yield() }
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
