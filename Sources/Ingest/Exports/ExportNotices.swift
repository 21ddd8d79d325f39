import Logging

/// Tells what is lost of flow exports, when it begins and each time it is ten times more.
struct ExportNotices: Sendable {
    private var withoutTemplate = GrowthNotice()
    private var evicted = GrowthNotice()

    mutating func tell(_ counters: ExportCounters, stream: String, logger: Logger?) {
        if let sets = withoutTemplate.note(total: counters.setsDropped) {
            logger?.withoutTemplate(sets, stream: stream)
        }
        if evicted.note(total: counters.templatesEvicted &+ counters.exportersEvicted) != nil {
            logger?.evicted(counters, stream: stream)
        }
    }
}
