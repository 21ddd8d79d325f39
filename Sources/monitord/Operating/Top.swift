import ArgumentParser
import Glibc

/// `monitord top`.
struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the series of the running daemon live, those that are not as usual first.",
        discussion: """
            Every second until Ctrl-C. When standard output is no terminal, or with --once, the table is printed once.
            """)

    @OptionGroup var access: ControlAccess

    @Flag(name: .long, help: "Print the table once.")
    var once = false

    func run() async throws {
        let isLive = !once && isatty(STDOUT_FILENO) == 1
        repeat {
            let size = Self.terminalSize()
            let rows = isLive ? max(1, size.rows - 4) : 100
            let status = try await access.ask(StatusAnswer.self, "/api/v1/status?series=\(rows)")
            let lines = [StatusText.head(status), ""] + StatusText.rows(status.series)
            if isLive {
                // Home, each line cut to the width and cleared behind, then the rest of the screen.
                let cut = lines.prefix(size.rows - 1).map { String($0.prefix(size.columns)) + "\u{1b}[K" }
                try Start.show("\u{1b}[H" + cut.joined(separator: "\n") + "\u{1b}[J")
                try? await Task.sleep(for: .seconds(1))
            } else {
                try Start.show(lines.joined(separator: "\n"))
            }
        } while isLive
    }

    private static func terminalSize() -> (rows: Int, columns: Int) {
        var size = winsize()
        // fills a struct of ours.
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}
