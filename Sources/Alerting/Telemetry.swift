import Logging

/// The messages of this module, so that their wording is seen as one list.
enum Telemetry {
    static let sinkFailed: Logger.Message = "an alert sink fails and will be tried again"
    static let sinkWorks: Logger.Message = "an alert sink works again; what waited for it is sent"
    static let unreadable: Logger.Message = "a stored alert cannot be read and is passed over"
    static let toldAhead: Logger.Message =
        "alerts cannot be stored: they are told all the same, and after a crash may be told again"
    static let dropped: Logger.Message = "more alerts waited for a sink than are kept: it never had the oldest of them"
    static let refused: Logger.Message =
        "a sink will never take an alert: it is passed over and counted as a dead letter"
    static let repeatRefused: Logger.Message = "a sink does not take it when it is told again what is open"
    static let notCompressed: Logger.Message = "an old log could not be compressed; it is kept and tried again"
}
