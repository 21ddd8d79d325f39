import Alerting
import Ingest
import NeuralNet
import Persistence
import TimeSeries

/// How far a stream has been read: everything that its source needs to go on behind the last line that counts.
struct ReadingPlace: Equatable, Sendable {
    /// The file in progress; `nil` for standard input.
    var file: FileIdentity?
    /// Bytes before the next line.
    var offset: Int64 = 0
    /// How lines are read, and the series met so far.
    var decoding = DecodingState()

    /// Whether it is a place in a file: what was learned from recordings goes on in whatever file comes first.
    var isInFile: Bool { (file?.fingerprintLength ?? 0) > 0 }

    /// Moves on to the end of a batch.
    mutating func take(_ batch: RecordBatch) {
        file = batch.file
        offset = batch.rows.last?.endOffset ?? offset
        decoding = batch.decoding
    }

    /// Where a follower goes on; `nil` for a stream that cannot be read again.
    var resumePoint: ResumePoint? {
        guard let file, !decoding.dialect.isEmpty else { return nil }
        return ResumePoint(position: FilePosition(file: file, offset: offset), decoding: decoding)
    }
}

/// The stored state of a stream, taken apart into its pieces but not yet made into monitors.
struct StoredStream: Sendable {
    /// The piece `stream`: all but the series and the training.
    struct Header: Sendable {
        /// The channels of each group.
        var groups: [[Channel]]
        var arithmetic: ArithmeticClass
        var place: ReadingPlace
        var levels: [UInt8]
        var lastTime: Timestamp
        var sequencer: StreamSequencer
        var gatherer: TickGatherer
        var skippedTraining: SkippedTraining
        var watch: InputWatch
        var inputCondition: ConditionTracker
        var silence: SilenceWatch
    }

    /// All but the series and the training.
    var header: Header
    /// Each series' piece by its number.
    var series: [(number: Int, bytes: [UInt8])]
    /// The flows in progress, of a stream of flow records.
    var flows: [UInt8]?
    /// The metrics in progress, of a stream of StatsD lines.
    var metrics: [UInt8]?
    /// How far series exceeded their own peaks, by group.
    var peaks: [Int: [UInt8]]
    /// The training's pieces of each group by name.
    var training: [Int: [String: [UInt8]]]

    /// The scope under which a stream's pieces are stored.
    static func scope(of stream: String) -> String { "stream/\(stream)" }

    /// Takes stored pieces apart.
    ///
    /// - Throws: `StateCodingError` when the header is missing or damaged.
    init(_ parts: [String: [UInt8]]) throws(StateCodingError) {
        guard let bytes = parts["stream"] else { throw .invalid("the stream has no header") }
        var reader = StateReader(bytes)
        header = try Header(from: &reader)
        flows = parts["flows"]
        metrics = parts["metrics"]
        peaks = [:]
        series = []
        training = [:]
        for (name, bytes) in parts {
            if name.hasPrefix("series/"), let number = Int(name.dropFirst(7)) {
                guard header.place.decoding.seriesNames.indices.contains(number) else {
                    throw .invalid("a series without a name")
                }
                series.append((number, bytes))
            } else if name.hasPrefix("peaks/"), let group = Int(name.dropFirst(6)) {
                peaks[group] = bytes
            } else if name.hasPrefix("training/") {
                let rest = name.dropFirst(9)
                guard let slash = rest.firstIndex(of: "/"), let group = Int(rest[..<slash]) else { continue }
                training[group, default: [:]][String(rest[rest.index(after: slash)...])] = bytes
            }
        }
        series.sort { $0.number < $1.number }
    }
}

extension StoredStream.Header {
    /// The piece's bytes.
    func encoded() -> [UInt8] {
        var writer = StateWriter()
        writer.write(UInt8(4))
        writer.write(UInt32(groups.count))
        for channels in groups {
            writer.write(UInt32(channels.count))
            for channel in channels {
                writer.write(channel.name)
                writer.write(channel.unit ?? "")
            }
        }
        writer.write(arithmetic.rawValue)
        writer.write(place.file != nil)
        writer.write(place.file?.device ?? 0)
        writer.write(place.file?.inode ?? 0)
        writer.write(place.file?.fingerprint ?? 0)
        writer.write(Int64(place.file?.fingerprintLength ?? 0))
        writer.write(place.file?.lineEnd ?? 0)
        writer.write(place.file?.line ?? 0)
        writer.write(Int64(place.file?.lineLength ?? 0))
        writer.write(place.offset)
        place.decoding.encode(to: &writer)
        writer.write(levels)
        writer.write(lastTime.nanoseconds)
        sequencer.encode(to: &writer)
        gatherer.encode(to: &writer)
        skippedTraining.encode(to: &writer)
        watch.encode(to: &writer)
        inputCondition.encode(to: &writer)
        silence.encode(to: &writer)
        return writer.bytes
    }

    init(from reader: inout StateReader) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard version == 3 || version == 4 else { throw .invalid("unknown version of a stream") }
        groups = []
        for _ in 0..<(try reader.read(UInt32.self)) {
            var channels: [Channel] = []
            for _ in 0..<(try reader.read(UInt32.self)) {
                let name = try reader.readString()
                let unit = try reader.readString()
                channels.append(Channel(name: name, unit: unit.isEmpty ? nil : unit))
            }
            groups.append(channels)
        }
        guard let arithmetic = ArithmeticClass(rawValue: try reader.readString()) else {
            throw .invalid("unknown arithmetic class")
        }
        self.arithmetic = arithmetic
        place = ReadingPlace()
        let hasFile = try reader.readBool()
        var file = FileIdentity(
            device: try reader.read(), inode: try reader.read(), fingerprint: try reader.read(),
            fingerprintLength: Int(try reader.read(Int64.self)))
        if version > 3 {
            file.lineEnd = try reader.read()
            file.line = try reader.read()
            file.lineLength = Int(try reader.read(Int64.self))
        }
        place.file = hasFile ? file : nil
        place.offset = try reader.read()
        guard (0...FileIdentity.longestFingerprint).contains(file.fingerprintLength), place.offset >= 0,
            (0...FileIdentity.longestLine).contains(file.lineLength), file.lineEnd >= Int64(file.lineLength)
        else {
            throw .invalid("a place in a file that cannot be")
        }
        place.decoding = try DecodingState(from: &reader)
        let groupCount = Int32(groups.count)
        guard place.decoding.seriesGroups.allSatisfy({ (0..<groupCount).contains($0) }) else {
            throw .invalid("a series of a group that is not there")
        }
        levels = try reader.readIntegers()
        lastTime = Timestamp(nanoseconds: try reader.read())
        sequencer = StreamSequencer(declaredInterval: nil, timesByRow: false)
        try sequencer.restore(from: &reader)
        gatherer = try TickGatherer(from: &reader)
        skippedTraining = try SkippedTraining(from: &reader)
        watch = try InputWatch(from: &reader)
        inputCondition = try ConditionTracker(kind: .input, from: &reader)
        // What it expects is configuration; the pipeline's own stands.
        silence = try SilenceWatch(.everyTick, from: &reader)
    }
}
