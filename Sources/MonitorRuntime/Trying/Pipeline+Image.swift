import Ingest
import Persistence

extension Pipeline {
    /// The state as it is now, all of it, to go on from in memory as after a restart; the stream goes on as if nothing was.
    ///
    /// - Returns: `nil` when there is no sample yet, or an incident waits for the rest of its tick.
    func image() async throws -> StoredStream? {
        guard let cut = await cut() else { return nil }
        var pieces: [String: [UInt8]] = [:]
        func keep(_ parts: [StatePart]) {
            for part in parts {
                if case .whole(let bytes) = part.content { pieces[part.name] = bytes }
            }
        }
        keep(cut.parts())
        var series: [StatePart] = []
        try await cut.saveSeries { series += $0 }
        keep(series)
        // Nothing is stored, so the next image is whole again.
        await cut.end(isStored: false)
        return try StoredStream(pieces)
    }
}
