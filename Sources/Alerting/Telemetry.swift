import Logging

/// The messages of this module, so that their wording is seen as one list.
enum Telemetry {
    static let sinkFailed: Logger.Message = "an alert sink fails and will be tried again"
    static let unreadable: Logger.Message = "a stored alert cannot be read and is passed over"
    static let notCompressed: Logger.Message = "an old log could not be compressed; it is kept and tried again"
}
