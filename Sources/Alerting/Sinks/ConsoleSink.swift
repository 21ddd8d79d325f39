import Glibc

/// Writes alerts to standard output: sentences for a person at a terminal, JSON lines for a program.
public struct ConsoleSink: AlertSink {
    /// How an alert is written.
    public enum Style: Equatable, Sendable {
        /// `2026-11-21T02:14:10Z WARNING pump3.temp is …`, with colour or without.
        case text(isColoured: Bool)
        /// One JSON object a line.
        case jsonLines
    }

    /// `console`: the name the outbox knows.
    public let name = "console"
    private let descriptor: Int32
    private let style: Style
    private let stamp: (@Sendable () -> EmissionStamp)?
    private let thread: BlockingThread
    private let onClosed: (@Sendable () -> Void)?

    /// Creates a sink.
    ///
    /// - Parameters:
    ///   - descriptor: an open descriptor; it is neither owned nor closed.
    ///   - style: how alerts are written, see ``style(for:noColor:)``.
    ///   - stamp: host, version and wall clock for JSON lines; `nil` leaves them out.
    ///   - onClosed: told when the reader of a pipe is gone (`| head -1`): nobody will read what is written from now on.
    /// - Throws: ``AlertingError`` when no thread can be had.
    public init(
        descriptor: Int32, style: Style, stamp: (@Sendable () -> EmissionStamp)? = nil,
        onClosed: (@Sendable () -> Void)? = nil
    ) throws(AlertingError) {
        self.onClosed = onClosed
        self.descriptor = descriptor
        self.style = style
        self.stamp = stamp
        thread = try BlockingThread(name: "console")
    }

    /// The style that suits a descriptor: text at a terminal, JSON lines otherwise.
    ///
    /// - Parameter noColor: the environment's `NO_COLOR`; any value but an empty one means no colour.
    public static func style(for descriptor: Int32, noColor: String?) -> Style {
        isatty(descriptor) == 1 ? .text(isColoured: (noColor ?? "").isEmpty) : .jsonLines
    }

    /// Writes a record; returns when it is written, throws ``AlertingError`` or `CancellationError` when it is not.
    public func deliver(_ record: AlertRecord) async throws {
        let line = Self.line(for: record, style: style, stamp: stamp?())
        let descriptor = descriptor
        do {
            try await thread.run { try SystemCall.writeAll(Array(line.utf8), to: descriptor, named: "the console") }
        } catch AlertingError.system(_, _, EPIPE, _) where onClosed != nil {
            onClosed?()
        }
    }

    /// What is written for a record, with its line end.
    public static func line(for record: AlertRecord, style: Style, stamp: EmissionStamp?) -> String {
        switch style {
        case .jsonLines: return record.jsonLine(stamp: stamp) + "\n"
        case .text(let isColoured):
            let word = record.event == .close ? "CLOSED" : record.severity.rawValue.uppercased()
            let shown = isColoured ? "\u{1b}[\(colour(of: record))m\(word)\u{1b}[0m" : word
            return "\(record.time) \(shown) \(printable(record.message))\n"
        }
    }

    private static func colour(of record: AlertRecord) -> String {
        if record.event == .close { return "32" }
        return record.severity == .critical ? "1;31" : "33"
    }

    /// Series names come out of the input: a control character among them must not reach the terminal.
    private static func printable(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            shown.append(isControl ? "\u{fffd}" : scalar)
        }
        return String(shown)
    }
}
