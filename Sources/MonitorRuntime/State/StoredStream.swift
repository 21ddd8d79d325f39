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
    /// Files before that one to which a late writer may add yet.
    var retired: [FilePosition] = []

    /// Whether it is a place in a file: what was learned from recordings goes on in whatever file comes first.
    var isInFile: Bool { (file?.fingerprintLength ?? 0) > 0 }

    /// Moves on to the end of a batch.
    mutating func take(_ batch: RecordBatch) {
        file = batch.file
        offset = batch.rows.last?.endOffset ?? offset
        decoding = batch.decoding
        retired = batch.retired
    }

    /// Where a follower goes on; `nil` for a stream that cannot be read again.
    var resumePoint: ResumePoint? {
        guard let file, !decoding.dialect.isEmpty else { return nil }
        return ResumePoint(
            position: FilePosition(file: file, offset: offset), decoding: decoding, retired: retired)
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
        /// The tick in progress: its time, and the samples of it that have come. Nothing in it waits to be told.
        var tick: (time: Timestamp, samples: Int)?
        /// What the desk was told last of the openings that chance makes.
        var told: (rate: Double, time: Timestamp)?
        /// What was stored in another form and begins anew, in words.
        var anew: [String] = []
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
    /// What people have answered about incidents, by group.
    var feedback: [Int: [UInt8]] = [:]
    /// The training's pieces of each group by name.
    var training: [Int: [String: [UInt8]]]

    /// The scope under which a stream's pieces are stored.
    static func scope(of stream: String) -> String { "stream/\(stream)" }

    /// The scope of a partition's pieces: its state is not the machine's, and is looked at when the partition comes.
    static func scope(ofPartition stream: String) -> String { "partition/\(stream)" }

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
            } else if name.hasPrefix("feedback/"), let group = Int(name.dropFirst(9)) {
                feedback[group] = bytes
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
        writer.write(UInt8(5))
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
        let none = FileIdentity(device: 0, inode: 0, fingerprint: 0, fingerprintLength: 0)
        FilePosition(file: place.file ?? none, offset: place.offset).encode(to: &writer)
        writer.write(UInt8(clamping: place.retired.count))
        for position in place.retired { position.encode(to: &writer) }
        place.decoding.encode(to: &writer)
        writer.write(levels)
        writer.write(lastTime.nanoseconds)
        sequencer.encode(to: &writer)
        writer.write(UInt8(6))
        writer.writePart(version: 1) { gatherer.encode(to: &$0) }
        writer.writePart(version: 1) { skippedTraining.encode(to: &$0) }
        writer.writePart(version: 1) { watch.encode(to: &$0) }
        writer.writePart(version: 1) { inputCondition.encode(to: &$0) }
        writer.writePart(version: 1) { silence.encode(to: &$0) }
        writer.writePart(version: 1) { writer in
            writer.write(tick != nil)
            writer.write(tick?.time.nanoseconds ?? 0)
            writer.write(UInt32(clamping: tick?.samples ?? 0))
            writer.write(told != nil)
            writer.write(told?.rate ?? 0)
            writer.write(told?.time.nanoseconds ?? 0)
        }
        return writer.bytes
    }

    init(from reader: inout StateReader) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        guard (3...5).contains(version) else { throw .unknownVersion(of: "a stream") }
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
        let position = try FilePosition(from: &reader, hasLine: version > 3)
        place.file = hasFile ? position.file : nil
        place.offset = position.offset
        if version > 4 {
            for _ in 0..<(try reader.read(UInt8.self)) {
                place.retired.append(try FilePosition(from: &reader, hasLine: true))
            }
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
        var parts = version > 4 ? try StateParts(from: &reader) : StateParts(unframed: reader)
        gatherer =
            try parts.read("the ticks in progress") { (part) throws(StateCodingError) in
                try TickGatherer(from: &part)
            } ?? TickGatherer(interval: nil, writesTimes: false)
        skippedTraining =
            try parts.read("the count of skipped training") { (part) throws(StateCodingError) in
                try SkippedTraining(from: &part)
            } ?? SkippedTraining()
        watch =
            try parts.read("the watch over unusable input") { (part) throws(StateCodingError) in
                try InputWatch(from: &part)
            } ?? InputWatch()
        inputCondition =
            try parts.read("the incident of unusable input") { (part) throws(StateCodingError) in
                try ConditionTracker(kind: .input, from: &part)
            } ?? ConditionTracker(kind: .input)
        // What it expects is configuration; the pipeline's own stands.
        silence =
            try parts.read("the watch over silence") { (part) throws(StateCodingError) in
                try SilenceWatch(.everyTick, from: &part)
            } ?? SilenceWatch(.everyTick)
        if version > 4 {
            let moment = try parts.read("the tick in progress") { (part) throws(StateCodingError) in
                try Moment(from: &part)
            }
            (tick, told) = (moment?.tick, moment?.told)
        }
        anew = parts.anew
    }
}

/// Where a stream stands between two ticks.
private struct Moment {
    var tick: (time: Timestamp, samples: Int)?
    var told: (rate: Double, time: Timestamp)?

    init(from reader: inout StateReader) throws(StateCodingError) {
        let isOpen = try reader.readBool()
        let time = Timestamp(nanoseconds: try reader.read())
        let samples = Int(try reader.read(UInt32.self))
        let wasTold = try reader.readBool()
        let rate = try reader.readDouble()
        let toldAt = Timestamp(nanoseconds: try reader.read())
        tick = isOpen ? (time, samples) : nil
        told = wasTold ? (rate, toldAt) : nil
    }
}

extension FilePosition {
    fileprivate func encode(to writer: inout StateWriter) {
        writer.write(file.device)
        writer.write(file.inode)
        writer.write(file.fingerprint)
        writer.write(Int64(file.fingerprintLength))
        writer.write(file.lineEnd)
        writer.write(file.line)
        writer.write(Int64(file.lineLength))
        writer.write(offset)
    }

    /// - Parameter hasLine: whether a line of the file was remembered, which older versions did not do.
    fileprivate init(from reader: inout StateReader, hasLine: Bool) throws(StateCodingError) {
        var file = FileIdentity(
            device: try reader.read(), inode: try reader.read(), fingerprint: try reader.read(),
            fingerprintLength: Int(try reader.read(Int64.self)))
        if hasLine {
            file.lineEnd = try reader.read()
            file.line = try reader.read()
            file.lineLength = Int(try reader.read(Int64.self))
        }
        self.init(file: file, offset: try reader.read())
        guard (0...FileIdentity.longestFingerprint).contains(file.fingerprintLength), offset >= 0,
            (0...FileIdentity.longestLine).contains(file.lineLength), file.lineEnd >= Int64(file.lineLength)
        else {
            throw .invalid("a place in a file that cannot be")
        }
    }
}
